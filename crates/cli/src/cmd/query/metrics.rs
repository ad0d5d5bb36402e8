//! `tradekeep query metrics`.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::{BucketQuery, Interval, Labels, Metric, MetricBucket, ValueStats};

use super::list::{self, nothing};
use super::{pages, tell_next};
use crate::args::{Listed, Metrics};
use crate::output::{Column, Out, grouped, rounded};

const WHAT: &str = "metrics";

pub(super) async fn run(
    args: &Metrics,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    if args.stats {
        return stats(args, store, out).await;
    }
    if let Some(interval) = args.interval {
        return buckets(args, interval, max_results, store, out).await;
    }
    list::run(args, max_results, store, columns, out).await
}

fn columns(metrics: &[Metric]) -> Vec<Column> {
    let column = |cell: fn(&Metric) -> String| metrics.iter().map(cell).collect();
    vec![
        Column::times("time (UTC)", metrics.iter().map(|metric| metric.ts)),
        Column::text("name", column(|metric| metric.name.to_string())).long(),
        Column::numbers("value", column(|metric| metric.value.to_string())),
        Column::text("labels", column(|metric| labels(&metric.labels))).long(),
    ]
}

/// `symbol=SOL venue=binance`; a value with spaces or quotes stands in quotes.
fn labels(labels: &Labels) -> String {
    let plain = |value: &str| !value.is_empty() && value.chars().all(|c| c.is_ascii_graphic());
    let pair = |(name, value): (String, String)| {
        if plain(&value) { format!("{name}={value}") } else { format!("{name}={value:?}") }
    };
    labels.to_map().into_iter().map(pair).collect::<Vec<_>>().join(" ")
}

async fn stats(args: &Metrics, store: &Tradekeep, out: &mut Out) -> Result<()> {
    match store.metric_stats(&args.filter()?).await? {
        None => nothing(WHAT, out),
        Some(stats) if out.json() => out.object(&stats),
        Some(stats) => out.table(numbers(&[stats])),
    }
}

/// The columns of numbers about values.
pub(super) fn numbers(all: &[ValueStats]) -> Vec<Column> {
    let column = |of: fn(&ValueStats) -> f64| all.iter().map(|stats| rounded(of(stats))).collect();
    vec![
        Column::numbers("count", all.iter().map(|stats| grouped(stats.count)).collect()),
        Column::numbers("avg", column(|stats| stats.avg)),
        Column::numbers("min", column(|stats| stats.min)),
        Column::numbers("max", column(|stats| stats.max)),
        Column::numbers("p50", column(|stats| stats.p50)),
        Column::numbers("p95", column(|stats| stats.p95)),
        Column::numbers("p99", column(|stats| stats.p99)),
        Column::numbers("sum", column(|stats| stats.sum)).extra(),
    ]
}

async fn buckets(
    args: &Metrics,
    interval: Interval,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    let base = args.buckets(interval)?;
    let fetch =
        async |limit, after| store.bucket_page(&BucketQuery { limit, after, ..base.clone() }).await;
    let mut found = 0;
    let take = |page: Vec<MetricBucket>| {
        found += page.len();
        tell(&page, out)?;
        Ok(!out.is_closed())
    };
    let limit = args.paging().limit.unwrap_or(max_results);
    let next = pages(limit, base.after, fetch, take).await?;
    if found == 0 {
        nothing(WHAT, out)?;
    }
    tell_next(next, out)
}

fn tell(buckets: &[MetricBucket], out: &mut Out) -> Result<()> {
    if out.json() {
        return buckets.iter().try_for_each(|bucket| out.object(bucket));
    }
    if buckets.is_empty() {
        return Ok(());
    }
    let open = Column::times("open time (UTC)", buckets.iter().map(|bucket| bucket.open_ts));
    let stats: Vec<_> = buckets.iter().map(|bucket| bucket.stats).collect();
    out.table(std::iter::once(open).chain(numbers(&stats)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        let some = Labels::default().with("b", "x y").unwrap().with("a", "SOL/USDC").unwrap();
        assert_eq!(labels(&some), "a=SOL/USDC b=\"x y\"");
    }
}
