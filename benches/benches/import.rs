//! Claim: a CSV of trades goes into the embedded store at 0.5 M rows a second or more end to end, the
//! same file again at 0.3 M or more, and memory does not grow with the file.
//!
//! Workload: 1 M and 20 M made trades of one symbol with ids, in time order, plain CSV; each import
//! in a process of its own, whose peak memory is the operating system's figure. `raw` is DuckDB's own
//! CSV reader into the same table by the bare crate: no keys, no exact parsing, no duplicates kept out.
//!
//! Command: `cargo bench -p tradekeep-benches --bench import` (Linux, for the memory)

use std::env;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tradekeep::formats::{ReadOptions, RecordReader, write_csv};
use tradekeep::models::Tick;
use tradekeep::{Config, IMPORT_MEMORY_MEGABYTES, Tradekeep, import};
use tradekeep_benches::{Outcome, rate, raw, rows, ticks};

const CHILD: &str = "TRADEKEEP_BENCH_CHILD";

fn make_csv(path: &Path, rows: usize) -> Outcome {
    let mut out = BufWriter::new(File::create(path)?);
    for first in (0..rows).step_by(100_000) {
        let part = ticks(first, 100_000.min(rows - first))?;
        let mut text = Vec::new();
        write_csv(&mut text, part)?;
        // The header once.
        let skip =
            if first == 0 { 0 } else { text.iter().position(|b| *b == b'\n').unwrap_or(0) + 1 };
        out.write_all(&text[skip..])?;
    }
    Ok(out.flush()?)
}

/// Runs one side in a process of its own; it prints its time in seconds and rows imported.
fn child(side: &str, csv: &Path, data: &Path) -> Outcome<(Duration, u64, u64)> {
    let output = Command::new(env::current_exe()?).env(CHILD, side).arg(csv).arg(data).output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut words = text.split_whitespace();
    let mut next = || {
        words.next().ok_or_else(|| format!("{side}: {}", String::from_utf8_lossy(&output.stderr)))
    };
    Ok((Duration::from_secs_f64(next()?.parse()?), next()?.parse()?, next()?.parse()?))
}

/// What a child does.
fn run(side: &str, csv: &str, data: &str) -> Outcome {
    let start = Instant::now();
    let imported = match side {
        "raw" => by_raw_crate(csv, data)?,
        _ => by_tradekeep(csv, data)?,
    };
    let time = start.elapsed();
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    let peak = peak.split_whitespace().next().unwrap_or("0");
    println!("{} {imported} {peak}", time.as_secs_f64());
    Ok(())
}

fn by_tradekeep(csv: &str, data: &str) -> Outcome<u64> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?.block_on(async {
        let config = Config::from_url(&format!("duckdb://{data}"))?
            .with_memory_megabytes(IMPORT_MEMORY_MEGABYTES);
        let store = Tradekeep::open(&config).await?;
        let file = Box::new(File::open(csv)?);
        let reader = RecordReader::<Tick>::open(file, ReadOptions::default())?;
        let summary = import(&*store.store(), reader, |_| Ok(()), |_| {}).await?;
        store.shutdown().await?;
        Ok(summary.imported)
    })
}

fn by_raw_crate(csv: &str, data: &str) -> Outcome<u64> {
    fs::create_dir_all(data)?;
    let connection = raw(&Path::new(data).join("raw.duckdb"))?;
    connection.execute_batch(include_str!("../../schemas/duckdb/0001_ticks.sql"))?;
    let inserted = connection.execute(
        "INSERT INTO ticks SELECT venue, symbol, ts::TIMESTAMP_NS, 0, trade_id::BIGINT, trade_id, NULL, \
         price, quantity, (price::DOUBLE * quantity::DOUBLE)::DECIMAL(38,18), side FROM \
         read_csv(?, header = true, types = {'price': 'DECIMAL(38,18)', 'quantity': 'DECIMAL(38,18)', \
         'trade_id': 'VARCHAR'})",
        [csv],
    )?;
    Ok(inserted as u64)
}

fn main() -> Outcome {
    if let Ok(side) = env::var(CHILD) {
        let arguments: Vec<String> = env::args().skip(1).collect();
        return run(&side, &arguments[0], &arguments[1]);
    }
    for rows in [rows(1_000_000), rows(1_000_000) * 20] {
        let folder = tempfile::tempdir()?;
        let csv = folder.path().join("trades.csv");
        make_csv(&csv, rows)?;
        println!("{rows} rows, {} MB", fs::metadata(&csv)?.len() >> 20);
        let data = folder.path().join("data");
        for (name, side, data) in [
            ("raw", "raw", folder.path().join("raw")),
            ("import", "tradekeep", data.clone()),
            ("import again", "tradekeep", data),
        ] {
            let (time, imported, peak) = child(side, &csv, &data)?;
            println!(
                "  {name:<13} {:>6.3} M rows/s  imported {imported:>9}  peak {:>5} MB",
                rate(rows, time),
                peak >> 10
            );
        }
    }
    Ok(())
}
