//! A process that watches itself: CPU, memory and its own store at 10 Hz for two seconds, kept as
//! metrics, and told to Prometheus: `cargo run -p tradekeep --example observability`.

use std::error::Error;
use std::time::{Duration, Instant, SystemTime};

use metrics_exporter_prometheus::PrometheusBuilder;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
use tradekeep::prelude::*;
use tradekeep::stores::describe_store_metrics;

const EVERY: Duration = Duration::from_millis(100);
const SAMPLES: u32 = 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // RUST_LOG decides what is said, of this process and of the store.
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    // No HTTP here: a server of your own answers /metrics with `prometheus.render()`.
    let prometheus = PrometheusBuilder::new().install_recorder()?;
    describe_store_metrics();

    let store = Tradekeep::open(&Config::from_url("duckdb://:memory:")?).await?;
    let started = Message::new("watching this process")?;
    store.save(vec![SystemEvent::info(now()?, started)]).await?;

    watch(&*store).await?;

    let seconds = "1s".parse()?;
    for name in ["process_cpu_percent", "process_memory_mib"] {
        let query = BucketQuery::new(MetricFilter::of(Name::new(name)?), seconds);
        for bucket in store.metric_buckets(query).all().await? {
            let stats = bucket.stats;
            println!("{} {name}: avg {:.1}, max {:.1}", bucket.open_ts, stats.avg, stats.max);
        }
    }
    for stats in store.latency_stats(&LatencyFilter::default()).await? {
        let p99 = stats.numbers.ok_or("nothing succeeded")?.p99_ns;
        println!("{} {}: p99 {:.1?}", stats.service, stats.operation, Duration::from_nanos(p99));
        assert_eq!(stats.successes, u64::from(SAMPLES));
    }
    // Every read is counted and timed.
    let text = prometheus.render();
    let told: Vec<_> =
        text.lines().filter(|line| line.starts_with("tradekeep_store_operations_total")).collect();
    println!("{}", told.join("\n"));
    assert!(!told.is_empty(), "nothing was counted:\n{text}");
    store.shutdown().await?;
    Ok(())
}

/// Takes a sample of this process and of its store, ten times a second.
async fn watch(store: &dyn SeriesStore) -> Result<(), Box<dyn Error>> {
    let own = sysinfo::get_current_pid()?;
    let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
    let mut system = System::new();
    let (cpu, memory) = (Name::new("process_cpu_percent")?, Name::new("process_memory_mib")?);
    let (service, operation) = (Name::new("observability")?, Name::new("save_metrics")?);
    let mut ticker = tokio::time::interval(EVERY);
    // What is late is late: a burst of samples would all say the same.
    ticker.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    for number in 0..SAMPLES {
        ticker.tick().await;
        let span = tracing::info_span!("sample", number);
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), true, kind);
        let process = system.process(own).ok_or("this process is not listed")?;
        let mebibytes = process.memory() as f64 / f64::from(1 << 20);
        let ts = now()?;
        let sample = vec![
            Metric::new(ts, cpu.clone(), process.cpu_usage().into()),
            Metric::new(ts, memory.clone(), mebibytes),
        ];
        let start = Instant::now();
        store.save(sample).await?;
        let took = start.elapsed();
        span.in_scope(|| tracing::info!(?took, mebibytes, "saved"));
        let nanos = u64::try_from(took.as_nanos())?;
        let latency = Latency::new(now()?, service.clone(), operation.clone(), nanos);
        store.save(vec![latency]).await?;
    }
    Ok(())
}

fn now() -> Result<Timestamp, Box<dyn Error>> {
    Ok(Timestamp::try_from(SystemTime::now())?)
}
