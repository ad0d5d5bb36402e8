//! Several processes on one data folder, as people run them.

use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::Folder;

/// Rows of trades, from number `first` on, a quarter of a millisecond apart.
fn rows(first: u64) -> impl Iterator<Item = String> {
    (first..).map(|n| {
        let (second, part) = (n / 4_000, n % 4_000 * 250);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!(
            "2024-08-08T{hour:02}:{minute:02}:{second:02}.{part:06}Z,kraken,BTC-USD,{n},61837.{:02},0.5,buy\n",
            n % 100
        )
    })
}

/// What a command took, several times over, until `end`.
fn repeat(folder: &Folder, args: &str, end: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut last = 0;
    while Instant::now() < end {
        let start = Instant::now();
        let run = folder.run(args).ok();
        times.push(start.elapsed());
        if args.starts_with("stats") {
            let ticks = run.last()["ticks"].as_u64().unwrap();
            assert!(ticks >= last, "{ticks} after {last}");
            last = ticks;
        }
    }
    times
}

/// One imports without a pause, three ask: ten seconds, or `TRADEKEEP_TEST_LEASE_SECONDS`.
#[test]
fn queries_work_while_an_import_runs() {
    let seconds = std::env::var("TRADEKEEP_TEST_LEASE_SECONDS").ok();
    let seconds: u64 = seconds.map_or(10, |text| text.parse().unwrap());
    let folder = &Folder::with_trades();
    let mut import = Command::new(env!("CARGO_BIN_EXE_tradekeep"))
        .args(["import", "-", "--json"])
        .current_dir(folder.path(""))
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = BufWriter::new(import.stdin.take().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let written = thread::scope(|scope| {
        let commands = ["stats --json", "query ticks --json --limit 100", "health --json"];
        let asked = commands.map(|args| scope.spawn(move || (args, repeat(folder, args, end))));
        stdin.write_all(b"ts,venue,symbol,trade_id,price,quantity,side\n").unwrap();
        let mut written = 0;
        for row in rows(1_000).take_while(|_| Instant::now() < end) {
            stdin.write_all(row.as_bytes()).unwrap();
            written += 1;
        }
        for command in asked {
            let (args, times) = command.join().unwrap();
            let slow = times.iter().filter(|time| **time >= Duration::from_secs(1)).count();
            let longest = times.iter().max().copied().unwrap_or_default();
            println!("{args}: {} runs, {slow} slow ones, the longest {longest:?}", times.len());
            assert!(!times.is_empty());
        }
        written
    });
    drop(stdin);
    assert!(import.wait().unwrap().success());
    assert_eq!(folder.stored(), 4 + written);
}
