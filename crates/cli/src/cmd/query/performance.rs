//! `tradekeep query performance`.

use anyhow::Result;
use serde::Serialize;
use tradekeep::Tradekeep;
use tradekeep::models::{PairPerformance, PerformanceSummary};

use super::list::nothing;
use crate::args::Performance;
use crate::output::{Column, Out, counted, grouped};

#[derive(Serialize)]
struct Totals {
    trades: u64,
    failed: u64,
    fees_lamports: u64,
}

pub(super) async fn run(args: &Performance, store: &Tradekeep, out: &mut Out) -> Result<()> {
    let summary = store.performance(&args.filter()?).await?;
    if out.json() {
        return objects(&summary, out);
    }
    let PerformanceSummary { trades, failed, fees_lamports, pairs, .. } = &summary;
    if *trades == 0 && *failed == 0 {
        return nothing("confirmed or failed trades", out);
    }
    if !pairs.is_empty() {
        out.table(columns(pairs))?;
    }
    out.line(format_args!(
        "{} confirmed, {} failed, {} lamports of fees",
        counted(*trades, "trade"),
        grouped(*failed),
        grouped(*fees_lamports),
    ))
}

fn columns(pairs: &[PairPerformance]) -> Vec<Column> {
    let column = |cell: fn(&PairPerformance) -> String| pairs.iter().map(cell).collect();
    let name = |pair: &PairPerformance| format!("{}/{}", pair.base_token, pair.quote_token);
    vec![
        Column::text("pair", column(name)).long(),
        Column::amounts("trades", column(|pair| grouped(pair.trades))),
        Column::numbers("P&L", column(|pair| pair.pnl.to_string())),
        Column::numbers("bought", column(|pair| pair.bought.to_string())),
        Column::numbers("sold", column(|pair| pair.sold.to_string())),
        Column::numbers("last price", column(|pair| pair.last_price.to_string())),
        Column::numbers("volume", column(|pair| pair.volume.to_string())).extra(),
        Column::numbers("paid", column(|pair| pair.paid.to_string())).extra(),
        Column::numbers("received", column(|pair| pair.received.to_string())).extra(),
        Column::numbers("token fees", column(|pair| pair.transfer_fees.to_string())).extra(),
    ]
}

fn objects(summary: &PerformanceSummary, out: &mut Out) -> Result<()> {
    summary.pairs.iter().try_for_each(|pair| out.object(pair))?;
    let PerformanceSummary { trades, failed, fees_lamports, .. } = *summary;
    out.object(&Totals { trades, failed, fees_lamports })
}
