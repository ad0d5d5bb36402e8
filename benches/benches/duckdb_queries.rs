//! Claim: a range of ticks and one-minute candles come out of DuckDB through tradekeep in at most
//! 1.1 times what the same SQL takes by the bare crate.
//!
//! Workload: 1 M and 10 M stored ticks of one symbol. `range`: the 10,000 ticks from the middle on,
//! as records (the bare crate reads the same columns into tuples). `candles`: all one-minute candles.
//! Each figure is the median of 15 runs, the sides taking turns on the same file.
//!
//! Command: `cargo bench -p tradekeep-benches --bench duckdb_queries`

use std::path::Path;
use std::time::{Duration, Instant};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type, TimestampNanosecondType};
use tradekeep_benches::{Outcome, percentile, raw, rows, ticks};
use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{CandleQuery, Symbol, TickFilter, TimeRange, Timestamp, Venue};
use tradekeep_store_traits::{RecordSink, RecordSinkExt, SeriesStore};

const RUNS: usize = 15;
const ROUNDS: usize = 3;
const PAGE: usize = 10_000;

fn median(mut run: impl FnMut() -> Outcome<usize>) -> Outcome<(Duration, usize)> {
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        found = run()?;
        times.push(start.elapsed());
    }
    Ok((percentile(&times, 50), found))
}

/// Median times of range and candles.
type Figures = (Duration, Duration);

fn by_raw_crate(folder: &Path, from: Timestamp) -> Outcome<Figures> {
    let connection = raw(&folder.join("tradekeep.duckdb"))?;
    let series = "FROM ticks WHERE venue = 'binance' AND symbol = 'BTCUSDT'";
    let from = format!("{series} AND ts >= make_timestamp_ns({})", from.as_nanos());
    let limit = PAGE + 1;
    let range = format!(
        "SELECT venue, symbol, ts, key, sequence, trade_id, received_ts, price, quantity, notional, side \
         {from} AND ts <= (SELECT max(ts) FROM (SELECT ts {from} ORDER BY ts LIMIT {limit})) \
         ORDER BY ts, sequence, key, venue, symbol LIMIT {limit}"
    );
    let candles = format!(
        "WITH buckets AS MATERIALIZED (\
           SELECT epoch_ns(ts) // 60000000000 AS bucket, min(ts) AS first_ts, max(ts) AS last_ts, \
             max(price) AS high, min(price) AS low, \
             sum(quantity) AS volume, sum(notional) AS notional, count(*) AS ticks \
           {series} GROUP BY bucket ORDER BY bucket LIMIT {limit}), \
         edges AS MATERIALIZED (\
           SELECT ts, arg_min(price, (sequence, key)) AS open, arg_max(price, (sequence, key)) AS close \
           {series} AND ts IN (SELECT first_ts FROM buckets UNION ALL SELECT last_ts FROM buckets) \
           GROUP BY ts) \
         SELECT bucket, opening.open, high, low, closing.close, volume, notional, ticks \
         FROM buckets JOIN edges opening ON opening.ts = first_ts \
           JOIN edges closing ON closing.ts = last_ts ORDER BY bucket"
    );
    let range = median(|| {
        let mut statement = connection.prepare(&range)?;
        let batches: Vec<RecordBatch> = statement.query_arrow([])?.collect();
        Ok(batches.iter().map(|batch| tuples(batch).len()).sum())
    })?;
    let candles = median(|| {
        let mut statement = connection.prepare(&candles)?;
        let batches: Vec<RecordBatch> = statement.query_arrow([])?.collect();
        Ok(batches.iter().map(RecordBatch::num_rows).sum())
    })?;
    assert_eq!(range.1, PAGE + 1);
    Ok((range.0, candles.0))
}

type Tuple =
    (String, String, i64, i64, i64, Option<String>, Option<i64>, i128, i128, i128, Option<String>);

/// What a user of the bare crate would make of the columns.
fn tuples(batch: &RecordBatch) -> Vec<Tuple> {
    let text = |column: usize, row: usize| {
        let column = batch.column(column).as_string::<i32>();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let number =
        |column: usize, row: usize| batch.column(column).as_primitive::<Int64Type>().value(row);
    let time = |column: usize, row: usize| {
        let column = batch.column(column).as_primitive::<TimestampNanosecondType>();
        column.is_valid(row).then(|| column.value(row))
    };
    let decimal = |column: usize, row: usize| {
        batch.column(column).as_primitive::<Decimal128Type>().value(row)
    };
    (0..batch.num_rows())
        .map(|row| {
            (
                text(0, row).unwrap_or_default(),
                text(1, row).unwrap_or_default(),
                time(2, row).unwrap_or_default(),
                number(3, row),
                number(4, row),
                text(5, row),
                time(6, row),
                decimal(7, row),
                decimal(8, row),
                decimal(9, row),
                text(10, row),
            )
        })
        .collect()
}

fn by_tradekeep(folder: &Path, from: Timestamp, minutes: usize) -> Outcome<Figures> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let store = runtime.block_on(DuckDbStore::connect(DuckDbConfig::new(folder)))?;
    let store: &dyn SeriesStore = &store;
    let (venue, symbol) = (Venue::new("binance")?, Symbol::new("BTCUSDT")?);
    let range = TickFilter {
        venue: Some(venue.clone()),
        symbol: Some(symbol.clone()),
        range: TimeRange::new(from, None)?,
        ..TickFilter::default()
    };
    let candles = CandleQuery::new(venue, symbol, "1m".parse()?);
    let range = median(|| Ok(runtime.block_on(store.ticks(range.clone()).page())?.items.len()))?;
    let candles = median(|| Ok(runtime.block_on(store.candles(candles.clone()).all())?.len()))?;
    assert_eq!((range.1, candles.1), (PAGE, minutes));
    runtime.block_on(store.close())?;
    Ok((range.0, candles.0))
}

fn fill(folder: &Path, rows: usize) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let store = runtime.block_on(DuckDbStore::connect(DuckDbConfig::new(folder)))?;
    for first in (0..rows).step_by(122_880) {
        let count = 122_880.min(rows - first);
        runtime.block_on(store.save(ticks(first, count)?))?;
    }
    Ok(runtime.block_on(store.close())?)
}

fn main() -> Outcome {
    for rows in [rows(1_000_000), rows(10_000_000)] {
        let folder = tempfile::tempdir()?;
        fill(folder.path(), rows)?;
        let (middle, last) = (ticks(rows / 2, 1)?, ticks(rows - 1, 1)?);
        let minute = |ts: Timestamp| ts.as_nanos() / 60_000_000_000;
        let minutes = usize::try_from(minute(last[0].ts()) - minute(ticks(0, 1)?[0].ts()) + 1)?;
        println!("{rows} ticks, {minutes} candles");
        for _ in 0..ROUNDS {
            let raw = by_raw_crate(folder.path(), middle[0].ts())?;
            let ours = by_tradekeep(folder.path(), middle[0].ts(), minutes)?;
            for (name, raw, ours) in [("range", raw.0, ours.0), ("candles", raw.1, ours.1)] {
                let ratio = ours.as_secs_f64() / raw.as_secs_f64();
                println!("  {name:<8} raw {raw:>8.2?}  tradekeep {ours:>8.2?}  ratio {ratio:.3}");
            }
        }
    }
    Ok(())
}
