//! Claim: records reach DuckDB through the spool at 0.9 or more of the rate at which the same batches
//! are written to it directly, and a lone record is stored within 150 ms at p99.
//!
//! Workload: new ticks in time order. `direct` writes batches of 10,000 to the store one after another,
//! each with its watermark; `spool` appends them in calls of 1,000 and waits at the end until all are
//! stored. The sides take turns. `lone`: one tick at a time, 200 times, each awaited.
//!
//! Command: `cargo bench -p tradekeep-benches --bench ingest_duckdb`

use std::sync::Arc;
use std::time::{Duration, Instant};

use tradekeep_benches::{Outcome, percentile, rate, rows, ticks};
use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_ingest::{Ingest, IngestConfig, SinkConfig, SinkId};
use tradekeep_models::{StreamId, Tick};
use tradekeep_store_traits::{Batch, Origin, RecordSink, Records, Table};

const BATCH: usize = 10_000;
const ROUNDS: usize = 5;

async fn direct(made: &[Tick]) -> Outcome<f64> {
    let folder = tempfile::tempdir()?;
    let store = DuckDbStore::connect(DuckDbConfig::new(folder.path())).await?;
    let mut batches = Vec::new();
    for (first, part) in (0u64..).step_by(BATCH).zip(made.chunks(BATCH)) {
        let seqs = (first..first + part.len() as u64).map(|n| n + 1).collect();
        let origin = Origin { stream: StreamId::new("s")?, epoch: 1, seqs };
        batches.push(Batch::from_stream(Records::Ticks(part.to_vec()), origin)?);
    }
    let began = Instant::now();
    for batch in batches {
        store.write(&batch).await?;
    }
    let took = began.elapsed();
    store.close().await?;
    Ok(rate(made.len(), took))
}

async fn open(folder: &std::path::Path) -> Outcome<(Ingest, Arc<DuckDbStore>)> {
    let store = Arc::new(DuckDbStore::connect(DuckDbConfig::new(folder)).await?);
    let sink = SinkConfig {
        id: SinkId::of("duckdb", "", "bench"),
        name: "duckdb".into(),
        sink: Arc::<DuckDbStore>::clone(&store),
        tables: Table::ALL.to_vec(),
        from_now: false,
    };
    Ok((Ingest::open(IngestConfig::new(folder), vec![sink]).await?, store))
}

async fn spool(made: &[Tick]) -> Outcome<f64> {
    let folder = tempfile::tempdir()?;
    let (ingest, store) = open(folder.path()).await?;
    let calls: Vec<_> = made.chunks(1_000).map(|part| Records::Ticks(part.to_vec())).collect();
    let began = Instant::now();
    for records in &calls {
        ingest.try_append(records)?;
    }
    let left = ingest.flush(Duration::from_secs(600)).await.pending();
    let took = began.elapsed();
    assert_eq!(left, 0);
    ingest.shutdown(Duration::from_secs(10)).await?;
    store.close().await?;
    Ok(rate(made.len(), took))
}

async fn lone(count: usize) -> Outcome {
    let folder = tempfile::tempdir()?;
    let (ingest, store) = open(folder.path()).await?;
    let mut times = Vec::new();
    for tick in ticks(0, count)? {
        let began = Instant::now();
        ingest.append(vec![tick]).await?.applied().await?;
        times.push(began.elapsed());
    }
    println!(
        "lone record: p50 {:.1?}  p99 {:.1?}  longest {:.1?}",
        percentile(&times, 50),
        percentile(&times, 99),
        times.iter().max().copied().unwrap_or_default()
    );
    ingest.shutdown(Duration::from_secs(10)).await?;
    store.close().await?;
    Ok(())
}

fn main() -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let rows = rows(3_000_000) / BATCH * BATCH;
    let made = ticks(0, rows)?;
    println!("{rows} ticks, {ROUNDS} rounds");
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let direct = runtime.block_on(direct(&made))?;
        let spool = runtime.block_on(spool(&made))?;
        println!("direct {direct:.3} M/s   spool {spool:.3} M/s   ratio {:.3}", spool / direct);
        ratios.push(spool / direct);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.3}", ratios[ROUNDS / 2]);
    runtime.block_on(lone(200))
}
