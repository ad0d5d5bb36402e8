//! Claim: 10,000 trades of 24 columns become an Arrow batch in less than 5 ms, and trades again in less
//! than 12 ms; files of records are read at 200,000 rows a second or more.
//!
//! Workload: the trades and latencies of the made-up activity. Each figure is the best of 20 runs, and
//! of what is made nothing is dropped within it. Latencies are read without identity, so that every
//! row is counted and named by its content.
//!
//! Command: `cargo bench -p tradekeep-formats --bench records`

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Cursor;
use std::time::{Duration, Instant};

use serde::Serialize;
use tradekeep_formats::arrow::{from_batch, ticks_from_batch, ticks_to_batch, to_batch};
use tradekeep_formats::{
    FileRecord, ReadOptions, RecordReader, Row, SampleActivity, SampleMarket, write_record,
};
use tradekeep_models::record::Record;
use tradekeep_models::{Latency, Tick, Trade};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const ROWS: usize = 10_000;
const RUNS: usize = 20;

fn main() -> Outcome {
    let day = "2024-08-08".parse()?;
    let activity = SampleActivity::new(42, day);
    let trades: Vec<Trade> = activity.trades().into_iter().cycle().take(ROWS).collect();
    let ticks: Vec<Tick> = SampleMarket::new(42, day).take(ROWS).collect();
    let batch = to_batch(&trades)?;
    show("10,000 trades to Arrow", best(|| Ok(to_batch(&trades)?))?);
    show("10,000 trades from Arrow", best(|| Ok(from_batch::<Trade>(&batch)?))?);
    let batch = to_batch(&ticks)?;
    show("10,000 ticks to Arrow", best(|| Ok(to_batch(&ticks)?))?);
    show("  by their own function", best(|| Ok(ticks_to_batch(&ticks)?))?);
    show("10,000 ticks from Arrow", best(|| Ok(from_batch::<Tick>(&batch)?))?);
    show("  by their own function", best(|| Ok(ticks_from_batch(&batch)?))?);

    show("10,000 trades to NDJSON", best(|| lines(&trades))?);
    let file = lines(&trades)?;
    show("10,000 trades from NDJSON", best(|| read::<Trade>(&file))?);
    let mut csv = "ts,service,operation,latency_ns,success,error_type\n".to_owned();
    for latency in activity.latencies().iter().take(ROWS) {
        let Latency { ts, service, operation, latency_ns, success, error_type, .. } = latency;
        let error = error_type.as_ref().map(ToString::to_string).unwrap_or_default();
        writeln!(csv, "{ts},{service},{operation},{latency_ns},{success},{error}")?;
    }
    show("10,000 latencies from CSV", best(|| read::<Latency>(csv.as_bytes()))?);
    Ok(())
}

fn lines<R: Record + Serialize>(records: &[R]) -> Outcome<Vec<u8>> {
    let mut file = Vec::new();
    for record in records {
        write_record(&mut file, record)?;
    }
    Ok(file)
}

fn read<R: FileRecord>(file: &[u8]) -> Outcome<Vec<R>> {
    let input = Box::new(Cursor::new(file.to_vec()));
    let rows = RecordReader::<R>::open(input, ReadOptions::default())?;
    let record = |row| match row {
        Ok(Row::Record(record)) => Ok(record),
        Ok(Row::Rejected(reject)) => Err(reject.reason.into()),
        Err(error) => Err(Box::<dyn Error>::from(error)),
    };
    rows.map(record).collect()
}

fn best<T>(mut run: impl FnMut() -> Outcome<T>) -> Outcome<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        let made = run()?;
        best = best.min(start.elapsed());
        black_box(made);
    }
    Ok(best)
}

fn show(what: &str, time: Duration) {
    println!("{what:28} {:>9.3} ms", time.as_secs_f64() * 1_000.0);
}
