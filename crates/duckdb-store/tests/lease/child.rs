//! The other processes: this test binary, started again with a role.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{StreamId, Symbol, Tick, Timestamp};
use tradekeep_store_traits::{
    Ack, Batch, Maintenance, Origin, PartitionAdmin, Probe, RecordSink, RecordSinkExt, Records,
    Table, TickStore,
};

/// Rows of a batch: whoever reads sees whole ones.
pub(crate) const BATCH: u64 = 1_000;

/// More than by default: a disk that others keep busy stands still for seconds.
const OPEN_WAIT: Duration = Duration::from_secs(20);

/// The seconds of a run that has the machine for itself, where it is one.
pub(crate) fn own_run() -> Option<usize> {
    std::env::var("TRADEKEEP_TEST_LEASE_SECONDS").ok().map(|text| text.parse().unwrap())
}

/// What an operation may take while others work: 1 s. How fast the machine is counts only in a run of its own;
/// else it is told from a wait for somebody who does not give way.
pub(crate) fn patience() -> Duration {
    own_run().map_or(OPEN_WAIT / 2, |_| Duration::from_secs(1))
}

pub(crate) fn config(folder: &Path) -> DuckDbConfig {
    DuckDbConfig::new(folder).with_threads(2).with_open_wait(OPEN_WAIT)
}

/// Rows `first` to `first + count` of a series of its own for each `symbol`.
pub(crate) fn ticks(symbol: &str, first: u64, count: u64) -> Vec<Tick> {
    let symbol = Symbol::new(symbol).unwrap();
    let tick = |n: u64| {
        Tick::builder(symbol.clone(), Timestamp::from_nanos(n.try_into().unwrap()).unwrap())
            .price("61837.63".parse().unwrap())
            .quantity(1.into())
            .build()
            .unwrap()
    };
    (first..first + count).map(tick).collect()
}

/// Batch number `n` of `stream`, with its place in the stream.
pub(crate) async fn write_batch(store: &DuckDbStore, stream: &str, n: u64) -> Ack {
    let first = n * BATCH;
    let stream_id = StreamId::new(stream).unwrap();
    let origin =
        Origin { stream: stream_id, epoch: 1, seqs: (first + 1..=first + BATCH).collect() };
    let rows = Records::Ticks(ticks(stream, first, BATCH));
    store.write(&Batch::from_stream(rows, origin).unwrap()).await.unwrap()
}

/// How far `stream` is applied.
pub(crate) async fn mark(store: &DuckDbStore, stream: &str) -> u64 {
    let stream = StreamId::new(stream).unwrap();
    store.watermark(&stream, 1, Table::Ticks).await.unwrap().unwrap_or_default()
}

/// How far `stream` outlives the loss of the log.
pub(crate) async fn durable(store: &DuckDbStore, stream: &str) -> u64 {
    let stream = StreamId::new(stream).unwrap();
    store.durable_watermark(&stream, 1, Table::Ticks).await.unwrap().unwrap_or_default()
}

/// Rows stored of every symbol together.
pub(crate) async fn count(store: &DuckDbStore) -> u64 {
    store.series().await.unwrap().iter().map(|series| series.count).sum()
}

/// Another process.
pub(crate) struct Other {
    pub(crate) process: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Other {
    pub(crate) fn start(folder: &Path, role: &str) -> Self {
        Self::start_by(Command::new(std::env::current_exe().unwrap()), folder, role)
    }

    /// By a command that ends with this binary.
    pub(crate) fn start_by(mut command: Command, folder: &Path, role: &str) -> Self {
        let mut process = command
            .args(["--exact", "other_process", "--ignored", "--nocapture"])
            .env("TRADEKEEP_TEST_FOLDER", folder)
            .env("TRADEKEEP_TEST_ROLE", role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, input, output }
    }

    /// The next line that it says, without the test harness's own.
    pub(crate) fn hear(&mut self) -> String {
        loop {
            let line = self.output.next().expect("the other process ended early").unwrap();
            if let Some((_, said)) = line.split_once("> ") {
                return said.to_owned();
            }
        }
    }

    /// Has it do something, and waits until that is done.
    pub(crate) fn ask(&mut self, command: &str) -> String {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
        self.hear()
    }

    /// Tells it to end, and answers the last thing it says.
    pub(crate) fn end(mut self) -> String {
        drop(self.input.take());
        let mut last = String::new();
        for line in self.output.by_ref() {
            if let Some((_, said)) = line.unwrap().split_once("> ") {
                last = said.to_owned();
            }
        }
        assert!(self.process.wait().unwrap().success(), "the other process failed: {last}");
        last
    }

    /// Ends a reader: how many reads it did, and how many were slow.
    pub(crate) fn end_reader(self) -> (usize, usize) {
        let said = self.end();
        println!("reads, slow ones, longest in ms: {said}");
        let mut numbers = said.split(' ').map(|number| number.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap())
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // Where a test failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn say(what: impl std::fmt::Display) {
    println!("> {what}");
}

/// Becomes true when the process that started this one wants it to end.
fn end_of_input() -> Arc<AtomicBool> {
    let ended = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ended);
    std::thread::spawn(move || {
        for _ in std::io::stdin().lines() {}
        flag.store(true, Ordering::Relaxed);
    });
    ended
}

/// What the other process does.
pub(crate) async fn run(folder: &Path, role: &str) {
    match role.split_once(' ').unwrap_or((role, "")) {
        ("write", stream) => write(folder, stream).await,
        ("read", "") => read(folder).await,
        ("query", "") => query(folder).await,
        ("obey", "") => obey(folder).await,
        _ => panic!("no such role: {role}"),
    }
}

/// Writes without a pause, and says each batch that is applied.
async fn write(folder: &Path, stream: &str) {
    let ended = end_of_input();
    let store = DuckDbStore::connect(config(folder)).await.unwrap();
    let mut n = mark(&store, stream).await / BATCH;
    while !ended.load(Ordering::Relaxed) {
        let ack = write_batch(&store, stream, n).await;
        assert_eq!((ack.inserted, ack.duplicates), (BATCH, 0));
        n += 1;
        say(n);
    }
    store.close().await.unwrap();
    say(n);
}

/// Reads without a pause from one store, and says how that went.
async fn read(folder: &Path) {
    let ended = end_of_input();
    let store = DuckDbStore::connect(config(folder)).await.unwrap();
    say("ready");
    let (mut times, mut last) = (Vec::new(), 0);
    while !ended.load(Ordering::Relaxed) {
        let start = Instant::now();
        last = whole_batches(count(&store).await, last);
        times.push(start.elapsed());
    }
    say_times(times);
}

/// The same with a store of its own for each read, as a command has, and a pause as between commands.
async fn query(folder: &Path) {
    let ended = end_of_input();
    say("ready");
    let (mut times, mut last) = (Vec::new(), 0);
    while !ended.load(Ordering::Relaxed) {
        // Each may have to wait for a turn of its own.
        let start = Instant::now();
        let store = DuckDbStore::connect(config(folder)).await.unwrap();
        let opened = start.elapsed();
        last = whole_batches(count(&store).await, last);
        let counted = start.elapsed();
        let health = store.health().await;
        assert!(health.is_healthy(), "{health:?}");
        times.extend([opened, counted - opened, start.elapsed() - counted]);
        store.close().await.unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    say_times(times);
}

/// How many reads there were, how many of them were slow, and the longest in milliseconds.
fn say_times(times: Vec<Duration>) {
    let slow = times.iter().filter(|time| **time >= patience()).count();
    let longest = times.iter().max().copied().unwrap_or_default();
    say(format_args!("{} {slow} {}", times.len(), longest.as_millis()));
}

fn whole_batches(count: u64, last: u64) -> u64 {
    assert_eq!(count % BATCH, 0, "a part of a batch is seen");
    assert!(count >= last, "{count} rows after {last}");
    count
}

/// Does one thing a line: `save FIRST COUNT`, `batch STREAM N`, `optimize`, `count`, `durable STREAM`,
/// `refused` (a save that is), `floor NANOS` of ticks.
async fn obey(folder: &Path) {
    let store = DuckDbStore::connect(config(folder)).await.unwrap();
    say("ready");
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["save", first, rows] => {
                let rows = ticks("X", first.parse().unwrap(), rows.parse().unwrap());
                let saved = store.save(rows).await.unwrap();
                say(format_args!("{} {}", saved.inserted, saved.duplicates));
            }
            ["floor", nanos] => {
                let floor = Timestamp::from_nanos(nanos.parse().unwrap()).unwrap();
                store.set_floor(Table::Ticks, Some(floor)).await.unwrap();
                say("set");
            }
            ["refused"] => say(store.save(ticks("X", 0, 1)).await.unwrap_err()),
            ["count"] => say(count(&store).await),
            ["batch", stream, n] => {
                say(write_batch(&store, stream, n.parse().unwrap()).await.inserted);
            }
            ["optimize"] => {
                store.optimize().await.unwrap();
                say("optimized");
            }
            ["durable", stream] => say(durable(&store, stream).await),
            _ => panic!("no such command: {line}"),
        }
    }
    store.close().await.unwrap();
}
