//! `tradekeep query latency`.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::{Latency, LatencyFilter, LatencyNumbers, LatencyStats};

use super::list::{self, maybe, nothing};
use crate::args::{self, Listed};
use crate::chart::Look;
use crate::chart::histogram::{self, Histogram};
use crate::output::{Column, Out, grouped, took};

const WHAT: &str = "latencies";

pub(super) async fn run(
    args: &args::Latency,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    if args.list {
        return list::run(args, max_results, store, columns, out).await;
    }
    let filter = args.filter()?;
    let stats = store.latency_stats(&filter).await?;
    if out.json() {
        return stats.iter().try_for_each(|stats| out.object(stats));
    }
    if stats.is_empty() {
        return nothing(WHAT, out);
    }
    out.table(numbers(&stats))?;
    if !args.chart {
        return Ok(());
    }
    out.line("")?;
    // The table and its head stand above.
    let look = Look::of_terminal(out.colour(), stats.len() + 1);
    chart(&filter, &stats, &look, store, out).await
}

fn columns(latencies: &[Latency]) -> Vec<Column> {
    let column = |cell: fn(&Latency) -> String| latencies.iter().map(cell).collect();
    let outcome = |latency: &Latency| match &latency.error_type {
        Some(error) => format!("failed: {error}"),
        None => if latency.success { "ok" } else { "failed" }.into(),
    };
    vec![
        Column::times("time (UTC)", latencies.iter().map(|latency| latency.ts)),
        Column::text("service", column(|latency| latency.service.to_string())).long(),
        Column::text("operation", column(|latency| latency.operation.to_string())).long(),
        Column::amounts("took", column(|latency| took(latency.latency_ns))),
        Column::text("outcome", column(outcome)).long(),
    ]
}

/// The table of percentiles.
pub(crate) fn numbers(all: &[LatencyStats]) -> Vec<Column> {
    let column = |cell: fn(&LatencyStats) -> String| all.iter().map(cell).collect();
    let taken = |of: fn(&LatencyNumbers) -> u64| -> Vec<String> {
        all.iter().map(|stats| maybe(stats.numbers.as_ref().map(|n| took(of(n))))).collect()
    };
    vec![
        Column::text("service", column(|stats| stats.service.to_string())).long(),
        Column::text("operation", column(|stats| stats.operation.to_string())).long(),
        Column::amounts("ok", column(|stats| grouped(stats.successes))),
        Column::amounts("failed", column(|stats| grouped(stats.failures))),
        Column::amounts("p50", taken(|numbers| numbers.p50_ns)),
        Column::amounts("p95", taken(|numbers| numbers.p95_ns)),
        Column::amounts("p99", taken(|numbers| numbers.p99_ns)),
        Column::amounts("p99.9", taken(|numbers| numbers.p999_ns)),
        Column::amounts("max", taken(|numbers| numbers.max_ns)).extra(),
    ]
}

/// Draws how the latencies that these numbers are about spread.
pub(crate) async fn chart(
    filter: &LatencyFilter,
    stats: &[LatencyStats],
    look: &Look,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    let numbers = || stats.iter().filter_map(|stats| stats.numbers);
    let least = numbers().map(|numbers| numbers.min_ns).min();
    let most = numbers().map(|numbers| numbers.max_ns).max();
    let Some((least, most)) = least.zip(most) else {
        return out.dim("no operation succeeded: there is nothing to draw");
    };
    let bounds = histogram::bounds(least, most, look.height);
    let counts = store.latency_histogram(filter, &bounds).await?;
    let title = match stats {
        [one] => format!("{} of {}", one.operation, one.service),
        many => format!("{} operations together", many.len()),
    };
    // Percentiles of several operations together are in no answer.
    let marks = match stats {
        [LatencyStats { numbers: Some(n), .. }] => {
            vec![("p50", n.p50_ns), ("p95", n.p95_ns), ("p99", n.p99_ns), ("p99.9", n.p999_ns)]
        }
        _ => Vec::new(),
    };
    let drawn = Histogram { title, bounds, counts, marks }.draw(look);
    drawn.into_iter().try_for_each(|line| out.line(line))
}
