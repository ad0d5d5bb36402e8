//! Measurements in batches, and the numbers about them:
//! `cargo run --release -p tradekeep --example insert_metrics`.

use std::error::Error;
use std::time::Instant;

use tradekeep::prelude::*;

const BATCH: i64 = 1_000;
const BATCHES: i64 = 10;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Tradekeep::open(&Config::from_url("duckdb://:memory:")?).await?;
    let start: Timestamp = "2024-08-08T10:00:00Z".parse()?;
    let at = |number: i64| Timestamp::from_nanos(start.as_nanos() + number * 60_000_000);

    // 10,000 values of one name, 60 ms apart, of two venues.
    let name = Name::new("quote_lag_ms")?;
    let clock = Instant::now();
    for batch in 0..BATCHES {
        let made: Result<Vec<_>, _> = (batch * BATCH..(batch + 1) * BATCH)
            .map(|number| {
                let value = f64::from(u32::try_from(number * 7_919 % 1_000).unwrap_or(0)) / 10.0;
                let venue = if number % 2 == 0 { "orca" } else { "raydium" };
                Metric::new(at(number)?, name.clone(), value).with_label("venue", venue)
            })
            .collect();
        // Applied when this returns: whoever reads now sees it.
        store.save(made?).await?;
    }
    println!("{} metrics in {:.3} s", BATCH * BATCHES, clock.elapsed().as_secs_f64());

    let labels = Labels::default().with("venue", "orca")?;
    let of_orca = MetricFilter { labels, ..MetricFilter::of(name) };
    let all = store.metric_stats(&of_orca).await?.ok_or("no metrics")?;
    println!("orca: {} values, average {:.2}, p99 {}", all.count, all.avg, all.p99);
    assert_eq!(all.count, 5_000);
    let minutes = BucketQuery::new(of_orca, "1m".parse()?);
    for bucket in store.metric_buckets(minutes).all().await? {
        println!("{}  p50 {:>5}  p99 {:>5}", bucket.open_ts, bucket.stats.p50, bucket.stats.p99);
    }

    // How long operations took; a failure counts beside the percentiles, not in them.
    let (service, operation) = (Name::new("router")?, Name::new("quote")?);
    let mut latencies = Vec::new();
    for number in 0..BATCH {
        let nanos = 1_000_000 + u64::try_from(number)?.pow(2);
        let latency = Latency::new(at(number)?, service.clone(), operation.clone(), nanos);
        let failed = number % 100 == 99;
        latencies.push(if failed { latency.with_error(Name::new("timeout")?) } else { latency });
    }
    store.save(latencies).await?;
    for stats in store.latency_stats(&LatencyFilter::default()).await? {
        let numbers = stats.numbers.ok_or("nothing succeeded")?;
        println!(
            "{} {}: {} ok, {} failed, p50 {} ns, p99 {} ns",
            stats.service,
            stats.operation,
            stats.successes,
            stats.failures,
            numbers.p50_ns,
            numbers.p99_ns
        );
        assert_eq!((stats.successes, stats.failures), (990, 10));
    }
    store.shutdown().await?;
    Ok(())
}
