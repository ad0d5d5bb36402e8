//! `tradekeep query summary`.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::TimeRange;

use super::facts::Facts;
use crate::args::Window;
use crate::output::{Out, grouped, rounded, times, took};

pub(super) async fn run(args: &Window, store: &Tradekeep, out: &mut Out) -> Result<()> {
    let range = args.range()?;
    let summary = store.summary(range).await?;
    if out.json() {
        return out.object(&summary);
    }
    let absent = || String::from("-");
    let mut facts = Facts::default();
    facts.add("window", window(range));
    facts.add("trades", grouped(summary.total_trades));
    facts.add("latency avg", summary.avg_latency_ns.map_or_else(absent, |ns| took(whole(ns))));
    facts.add("latency p99", summary.p99_latency_ns.map_or_else(absent, took));
    let bps = |bps: f64| format!("{} bps", rounded(bps));
    facts.add("slippage avg", summary.avg_slippage_bps.map_or_else(absent, bps));
    facts.add("MEV avoided", grouped(summary.mev_avoided));
    facts.add("MEV suffered", grouped(summary.mev_suffered));
    facts.tell(out)
}

fn window(range: TimeRange) -> String {
    match (range.from().map(|ts| times([ts]).concat()), range.to().map(|ts| times([ts]).concat())) {
        (None, None) => "all time".into(),
        (Some(from), None) => format!("from {from} UTC on"),
        (None, Some(to)) => format!("before {to} UTC"),
        (Some(from), Some(to)) => format!("from {from} to {to} UTC"),
    }
}

/// Nanoseconds as a whole number, to be shown with three digits.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from a float saturates, and a latency is not negative"
)]
fn whole(nanos: f64) -> u64 {
    nanos.round() as u64
}
