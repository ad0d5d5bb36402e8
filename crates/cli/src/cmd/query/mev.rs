//! `tradekeep query mev`.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::{MevAnalysis, MevEvent};

use super::facts::Facts;
use super::list::{self, maybe, nothing};
use crate::args::{self, Listed};
use crate::output::{Column, Out, grouped, percent, rounded};

pub(super) async fn run(
    args: &args::Mev,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    if args.list {
        return list::run(args, max_results, store, columns, out).await;
    }
    let analysis = store.mev_analysis(&args.filter()?).await?;
    if out.json() {
        return out.object(&analysis);
    }
    if analysis.events == 0 {
        return nothing("MEV events", out);
    }
    tell(&analysis, out)
}

fn columns(events: &[MevEvent]) -> Vec<Column> {
    let column = |cell: fn(&MevEvent) -> String| events.iter().map(cell).collect();
    let outcome = |event: &MevEvent| if event.avoided { "avoided" } else { "suffered" }.into();
    let guarded =
        |event: &MevEvent| maybe(event.protection_used.map(|used| if used { "yes" } else { "no" }));
    vec![
        Column::times("time (UTC)", events.iter().map(|event| event.ts)),
        Column::text("pair", column(|event| maybe(event.token_pair.as_ref()))).long(),
        Column::numbers("USD", column(|event| maybe(event.trade_size))),
        Column::amounts("risk", column(|event| percent(event.sandwich_probability))),
        Column::amounts("est. bps", column(|event| event.estimated_loss_bps.to_string())).extra(),
        Column::amounts("lost bps", column(|event| maybe(event.actual_loss_bps))),
        Column::text("outcome", column(outcome)),
        Column::text("protected", column(guarded)).extra(),
        Column::amounts("fee (lamports)", column(|e| maybe(e.priority_fee_lamports.map(grouped))))
            .extra(),
        Column::text("trader", column(|event| maybe(event.trader_id.as_ref()))).extra(),
        Column::text("trade id", column(|event| maybe(event.trade_id))).extra(),
    ]
}

/// The analysis for people.
pub(crate) fn tell(analysis: &MevAnalysis, out: &mut Out) -> Result<()> {
    let mut facts = Facts::default();
    let (avoided, suffered) = (grouped(analysis.avoided), grouped(analysis.suffered));
    let rate = analysis.avoidance_rate.map(|rate| format!(" ({} avoided)", percent(rate)));
    facts.add(
        "MEV events",
        format!(
            "{}: {avoided} avoided, {suffered} suffered{}",
            grouped(analysis.events),
            rate.unwrap_or_default(),
        ),
    );
    facts.add("sandwich risk", format!("{} on average", maybe(analysis.avg_risk.map(percent))));
    facts.add("loss", format!("{} USD", money(&analysis.total_loss_usd.to_string())));
    if let Some(fee) = analysis.avg_priority_fee_lamports {
        facts.add("priority fee", format!("{} lamports on average", rounded(fee)));
    }
    facts.tell(out)
}

/// Cents at least, as they are, with no more places than needed.
fn money(text: &str) -> String {
    match text.split_once('.') {
        Some((whole, part)) if part.len() < 2 => format!("{whole}.{part:0<2}"),
        Some(_) => text.into(),
        None => format!("{text}.00"),
    }
}
