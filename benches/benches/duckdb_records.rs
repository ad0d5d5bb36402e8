//! Claim: over a million rows each, a filtered query answers within 50 ms, an aggregated one within
//! 100 ms, candles within 75 ms, and a single record within 5 ms, on 2 cores.
//!
//! Workload: 1 M trades, 1 M metrics of ten names, 1 M latencies and 1 M ticks, in time order, in one
//! file; each figure is the median of 15 queries through tradekeep.
//!
//! Command: `cargo bench -p tradekeep-benches --bench duckdb_records`

use std::future::Future;
use std::time::Instant;

use tradekeep_benches::{Outcome, latencies, metrics, percentile, rows, ticks, trades};
use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{
    BucketQuery, CandleQuery, LatencyFilter, MetricFilter, Name, Symbol, TimeRange, TradeFilter,
    TraderId, TradingMode, Venue,
};
use tradekeep_store_traits::{RecordSink, RecordSinkExt, Result, SeriesStore};

const RUNS: usize = 15;
const CHUNK: usize = 122_880;

async fn fill(store: &DuckDbStore, rows: usize) -> Outcome {
    for first in (0..rows).step_by(CHUNK) {
        let count = CHUNK.min(rows - first);
        store.save(trades(first, count)?).await?;
        store.save(metrics(first, count)?).await?;
        store.save(latencies(first, count)?).await?;
        store.save(ticks(first, count)?).await?;
    }
    Ok(())
}

async fn time<T, F>(name: &str, bar: u64, ask: impl Fn() -> F) -> Outcome
where
    F: Future<Output = Result<T>>,
{
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        ask().await?;
        times.push(start.elapsed());
    }
    println!(
        "{name:<44} {:>8.2?}  longest {:>8.2?}  bar {bar} ms",
        percentile(&times, 50),
        percentile(&times, 100)
    );
    Ok(())
}

async fn run(rows: usize) -> Outcome {
    let folder = tempfile::tempdir()?;
    let store = DuckDbStore::connect(DuckDbConfig::new(folder.path())).await?;
    fill(&store, rows).await?;
    store.close().await?;
    let store = DuckDbStore::connect(DuckDbConfig::new(folder.path())).await?;
    let store: &dyn SeriesStore = &store;
    let middle = trades(rows / 2, 1)?.remove(0);
    let hour = TimeRange::new(middle.ts, None)?;
    let name = Name::new("metric_3")?;
    let none = TradeFilter::default;

    println!("{rows} rows a table");
    time("single: trade by id", 5, || store.trade(middle.id)).await?;
    time("single: by request_id", 5, || {
        store.trade_by_request_id(middle.request_id.clone().unwrap_or_else(|| name.clone()))
    })
    .await?;
    let token = TradeFilter { token: Some(Symbol::new("TOKEN3")?), ..none() };
    let trades_of = |filter: &TradeFilter, most| store.trades(filter.clone()).limit(most).page();
    time("filtered: 100 newest trades of a token", 50, || trades_of(&token, 100)).await?;
    let trader = TradeFilter {
        trader_id: Some(TraderId::new("trader-3")?),
        mode: Some(TradingMode::Live),
        ..none()
    };
    time("filtered: 1,000 of a trader and mode", 50, || trades_of(&trader, 1000)).await?;
    let range = TradeFilter { range: hour, ..none() };
    time("filtered: 1,000 of a range", 50, || trades_of(&range, 1000)).await?;
    let by_name = MetricFilter::of(name.clone());
    let metrics_of = |filter: &MetricFilter| store.metrics(filter.clone()).limit(1000).page();
    time("filtered: 1,000 metrics of a name", 50, || metrics_of(&by_name)).await?;
    let labelled = MetricFilter {
        labels: tradekeep_models::Labels::default().with("venue", "v2")?,
        ..MetricFilter::of(name.clone())
    };
    time("filtered: 1,000 metrics of name and label", 50, || metrics_of(&labelled)).await?;
    let minutes = BucketQuery::new(MetricFilter::of(name.clone()), "1m".parse()?);
    let buckets = || store.metric_buckets(minutes.clone()).page();
    time("aggregated: metric by minute", 100, buckets).await?;
    let whole = MetricFilter::of(name);
    time("aggregated: metric as a whole", 100, || store.metric_stats(&whole)).await?;
    let all = LatencyFilter::default();
    time("aggregated: latency percentiles by operation", 100, || store.latency_stats(&all)).await?;
    time("aggregated: summary", 100, || store.summary(TimeRange::ALL)).await?;
    let every = none();
    time("aggregated: performance by pair", 100, || store.performance(&every)).await?;
    let candles = CandleQuery::new(Venue::new("binance")?, Symbol::new("BTCUSDT")?, "1m".parse()?);
    time("candles: one minute", 75, || store.candles(candles.clone()).all()).await?;
    Ok(store.close().await?)
}

fn main() -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    runtime.block_on(run(rows(1_000_000)))
}
