//! Claim: a process that writes all the time keeps 0.7 or more of its rate while another process reads
//! every 100 ms, and that reader waits less than 1 s.
//!
//! Workload: new ticks in time order, 10,000 a batch, written without a pause, as in `duckdb_ingest`;
//! once alone, once beside a process of its own that reads a page of 1,000 ticks every 100 ms, or as
//! soon as the last one is answered where that takes longer, from one store that stays connected. Both
//! in one run, in turns. Then a recorder: a batch every 100 ms, 100,000 rows a second, beside the same
//! reader. `wait` is what a read takes, its own work included.
//!
//! Command: `cargo bench -p tradekeep-benches --bench duckdb_lease`

use std::env;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tradekeep_benches::{Outcome, percentile, rate, rows, ticks};
use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{StreamId, TickFilter};
use tradekeep_store_traits::{Batch, Origin, RecordSink, Records, SeriesStore};

const BATCH: usize = 10_000;
const ROUNDS: usize = 3;
const EVERY: Duration = Duration::from_millis(100);
const FOLDER: &str = "TRADEKEEP_BENCH_READ";

fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?)
}

/// New ticks in time order, made before any clock runs.
fn batches(rows: usize) -> Outcome<Vec<Batch>> {
    (0..rows)
        .step_by(BATCH)
        .map(|first| {
            let seqs = (first..first + BATCH).map(|n| n as u64 + 1).collect();
            let origin = Origin { stream: StreamId::new("s")?, epoch: 1, seqs };
            Ok(Batch::from_stream(Records::Ticks(ticks(first, BATCH)?), origin)?)
        })
        .collect()
}

/// Times of the batches, one after the other, each begun so long after the last at least.
fn write(folder: &Path, batches: &[Batch], pace: Duration) -> Outcome<Vec<Duration>> {
    let runtime = runtime()?;
    let store = runtime.block_on(DuckDbStore::connect(DuckDbConfig::new(folder)))?;
    let mut times = Vec::new();
    for batch in batches {
        let start = Instant::now();
        let ack = runtime.block_on(store.write(batch))?;
        times.push(start.elapsed());
        assert_eq!(ack.inserted, BATCH as u64);
        thread::sleep(pace.saturating_sub(start.elapsed()));
    }
    runtime.block_on(store.close())?;
    Ok(times)
}

/// The other process: reads until its input ends, then says what each read took, in microseconds.
fn read(folder: &Path) -> Outcome {
    let ended = thread::spawn(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let runtime = runtime()?;
    let store = runtime.block_on(DuckDbStore::connect(DuckDbConfig::new(folder)))?;
    let store: &dyn SeriesStore = &store;
    while !ended.is_finished() {
        let start = Instant::now();
        runtime.block_on(store.ticks(TickFilter::default()).limit(1_000).page())?;
        println!("{}", start.elapsed().as_micros());
        thread::sleep(EVERY.saturating_sub(start.elapsed()));
    }
    Ok(())
}

/// As [`write`], with what the reads of another process took meanwhile.
fn write_beside_a_reader(
    folder: &Path,
    batches: &[Batch],
    pace: Duration,
) -> Outcome<(Vec<Duration>, Vec<Duration>)> {
    let mut reader = Command::new(env::current_exe()?)
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let times = write(folder, batches, pace);
    drop(reader.stdin.take());
    let said = reader.wait_with_output()?;
    assert!(said.status.success(), "the reader failed");
    let waits: Result<Vec<u64>, _> =
        String::from_utf8(said.stdout)?.lines().map(str::parse).collect();
    Ok((times?, waits?.into_iter().map(Duration::from_micros).collect()))
}

fn report(name: &str, times: &[Duration]) -> f64 {
    let rate = rate(times.len() * BATCH, times.iter().sum());
    report_times(&format!("{name:<18} {rate:>6.3} M rows/s"), times);
    rate
}

/// What each of so many things took.
fn report_times(name: &str, times: &[Duration]) {
    println!(
        "{name:<34} p50 {:>7.1?}  p99 {:>7.1?}  longest {:>7.1?}",
        percentile(times, 50),
        percentile(times, 99),
        percentile(times, 100),
    );
}

fn main() -> Outcome {
    if let Some(folder) = env::var_os(FOLDER) {
        return read(Path::new(&folder));
    }
    let rows = rows(4_000_000) / BATCH * BATCH;
    println!("{rows} rows, {BATCH} a batch, {ROUNDS} rounds");
    let batches = batches(rows)?;
    for _ in 0..ROUNDS {
        let (alone, beside) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let alone = report("alone", &write(alone.path(), &batches, Duration::ZERO)?);
        let (times, waits) = write_beside_a_reader(beside.path(), &batches, Duration::ZERO)?;
        let beside = report("beside a reader", &times);
        println!("beside / alone     {:>6.3}", beside / alone);
        report_times(&format!("wait of {} reads", waits.len()), &waits);
        let (paced, recorded) = (tempfile::tempdir()?, &batches[..batches.len().min(100)]);
        let (times, waits) = write_beside_a_reader(paced.path(), recorded, EVERY)?;
        report_times(&format!("recorder, {} batches", times.len()), &times);
        report_times(&format!("wait of {} reads", waits.len()), &waits);
        println!();
    }
    Ok(())
}
