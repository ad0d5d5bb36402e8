//! Claim: live batches of our own trades, all 24 columns of them, go into DuckDB through tradekeep,
//! exactly once, at 0.9 or more of the rate of the bare crate, which checks nothing.
//!
//! Workload: new trades in time order, 10,000 a batch, each batch in one transaction with the move of
//! a watermark, checkpoints included. Both sides turn the same trades into Arrow by the same function,
//! and have the same settings and table. The sides take turns.
//!
//! Command: `cargo bench -p tradekeep-benches --bench duckdb_trades`

use std::time::Instant;

use tradekeep_benches::{Outcome, Times, raw, raw_batch, report, rows, trades};
use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_formats::arrow::to_batch;
use tradekeep_models::StreamId;
use tradekeep_store_traits::{Batch, Origin, RecordSink, Records};

const BATCH: usize = 10_000;
const ROUNDS: usize = 2;

fn raw_loop(rows: usize) -> Outcome<Times> {
    let folder = tempfile::tempdir()?;
    let mut connection = raw(&folder.path().join("raw.duckdb"))?;
    connection.execute_batch(include_str!("../../schemas/duckdb/0001_ticks.sql"))?;
    connection.execute_batch(include_str!("../../schemas/duckdb/0002_records.sql"))?;
    connection.execute_batch("INSERT INTO ingest_watermark VALUES ('s', 1, 'trades', 0)")?;
    let mut times = Times::new();
    for first in (0..rows).step_by(BATCH) {
        let trades = trades(first, BATCH)?;
        let start = Instant::now();
        raw_batch(&mut connection, "trades", to_batch(&trades)?, first + BATCH)?;
        times.push(start.elapsed());
    }
    Ok(times)
}

fn tradekeep_loop(rows: usize) -> Outcome<Times> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let folder = tempfile::tempdir()?;
    let store = runtime.block_on(DuckDbStore::connect(DuckDbConfig::new(folder.path())))?;
    let mut times = Times::new();
    for first in (0..rows).step_by(BATCH) {
        let seqs = (first..first + BATCH).map(|n| n as u64 + 1).collect();
        let origin = Origin { stream: StreamId::new("s")?, epoch: 1, seqs };
        let batch = Batch::from_stream(Records::Trades(trades(first, BATCH)?), origin)?;
        let start = Instant::now();
        let ack = runtime.block_on(store.write(&batch))?;
        times.push(start.elapsed());
        assert_eq!(ack.inserted, BATCH as u64);
    }
    runtime.block_on(store.close())?;
    Ok(times)
}

fn main() -> Outcome {
    let rows = rows(2_000_000) / BATCH * BATCH;
    println!("{rows} trades, {BATCH} a batch, {ROUNDS} rounds");
    for _ in 0..ROUNDS {
        let raw = report("raw", BATCH, &raw_loop(rows)?);
        let ours = report("tradekeep", BATCH, &tradekeep_loop(rows)?);
        println!("tradekeep / raw    {:>6.3}\n", ours / raw);
    }
    Ok(())
}
