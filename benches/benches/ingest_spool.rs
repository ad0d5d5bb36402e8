//! Claim: whoever appends waits for the spool and never for a store. At 10,000 records a second, each
//! appended alone, `Written` takes at most 1 ms and `Synced` at most 15 ms at p99, just the same while
//! the store is stalled for 60 s; at 100,000 a second a record is handed to the store within 150 ms at
//! p99; in batches of 1,000 the spool takes at least 1 M records a second; 1 GiB is opened again in at
//! most 2 s; 10 M records that wait take at most 64 MiB of memory.
//!
//! Workload: ticks of one symbol into a spool on this disk. The sink is one that counts, and stalls
//! when told.
//!
//! Command: `cargo bench -p tradekeep-benches --bench ingest_spool`

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tradekeep_benches::{Outcome, percentile, rate, rows, ticks};
use tradekeep_ingest::{Ingest, IngestConfig, Level, SinkConfig, SinkId};
use tradekeep_models::{StreamId, Tick};
use tradekeep_store_traits::{
    Ack, Batch, Capabilities, Position, RecordSink, Records, Result as StoreResult, Run, Stage,
    Table, Token,
};

/// Takes everything, and notes when.
#[derive(Default)]
struct Counting {
    stalled: AtomicBool,
    rows: AtomicU64,
    /// Number of a batch's first record, and when it came.
    came: Mutex<Vec<(u64, usize, Instant)>>,
    mark: AtomicU64,
}

#[async_trait]
impl RecordSink for Counting {
    fn capabilities(&self, _: Table) -> Capabilities {
        Capabilities::all().without_conflicts().without_log()
    }

    async fn ping(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn write(&self, batch: &Batch) -> StoreResult<Ack> {
        while self.stalled.load(Ordering::SeqCst) {
            sleep(Duration::from_millis(10)).await;
        }
        let seqs = batch.origin().map_or(&[][..], |origin| &origin.seqs);
        let first = seqs.first().copied().unwrap_or_default();
        if let Ok(mut came) = self.came.lock() {
            came.push((first, seqs.len(), Instant::now()));
        }
        self.mark.store(seqs.last().copied().unwrap_or_default(), Ordering::SeqCst);
        let inserted = self.rows.fetch_add(seqs.len() as u64, Ordering::SeqCst);
        Ok(Ack::builder()
            .stage(Stage::Applied)
            .token(Token(inserted))
            .inserted(seqs.len() as u64)
            .duplicates(0)
            .build())
    }

    async fn settle(&self, tokens: &[Token]) -> StoreResult<Vec<Stage>> {
        Ok(vec![Stage::Applied; tokens.len()])
    }

    async fn position(&self, _: Table, _: &Run) -> StoreResult<Position> {
        Ok(Position { store: uuid::Uuid::nil(), table: 0, changes: 0 })
    }

    async fn watermark(&self, _: &StreamId, _: u64, _: Table) -> StoreResult<Option<u64>> {
        Ok(Some(self.mark.load(Ordering::SeqCst)).filter(|mark| *mark > 0))
    }

    async fn durable_watermark(
        &self,
        s: &StreamId,
        epoch: u64,
        t: Table,
    ) -> StoreResult<Option<u64>> {
        self.watermark(s, epoch, t).await
    }

    async fn checkpoint(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn close(&self) -> StoreResult<()> {
        Ok(())
    }
}

async fn open(folder: &Path, sink: &Arc<Counting>) -> Outcome<Ingest> {
    let sink = SinkConfig {
        id: SinkId::of("counting", "", ""),
        name: "counting".into(),
        sink: Arc::<Counting>::clone(sink),
        tables: vec![Table::Ticks],
        from_now: false,
    };
    Ok(Ingest::open(IngestConfig::new(folder), vec![sink]).await?)
}

/// Ticks one by one at a steady rate; how long each took.
async fn paced(
    ingest: &Ingest,
    ticks: &[Tick],
    a_second: u32,
    level: Level,
) -> Outcome<Vec<Duration>> {
    let started = Instant::now();
    let mut waiting: JoinSet<Option<Duration>> = JoinSet::new();
    let mut times = Vec::with_capacity(ticks.len());
    for (n, tick) in (0u32..).zip(ticks) {
        let due = started + Duration::from_secs(1) * n / a_second;
        // A timer is a millisecond wide: what is due by then goes together.
        let early = due.saturating_duration_since(Instant::now());
        if early > Duration::from_millis(1) {
            sleep(early).await;
        }
        let records = Records::Ticks(vec![tick.clone()]);
        let began = Instant::now();
        let receipt = ingest.try_append(&records)?;
        if level == Level::Written {
            times.push(began.elapsed());
        } else {
            waiting.spawn(async move { receipt.synced().await.ok().map(|()| began.elapsed()) });
        }
    }
    while let Some(took) = waiting.join_next().await {
        times.push(took?.ok_or("a sync failed")?);
    }
    Ok(times)
}

fn tell(what: &str, times: &[Duration]) {
    println!(
        "  {what:<34} p50 {:>8.2?}  p99 {:>8.2?}  longest {:>8.2?}",
        percentile(times, 50),
        percentile(times, 99),
        times.iter().max().copied().unwrap_or_default()
    );
}

async fn appends(seconds: usize) -> Outcome {
    let a_second = 10_000;
    println!("append, {a_second} a second, one by one, for {seconds} s");
    let folder = tempfile::tempdir()?;
    let sink = Arc::new(Counting::default());
    let ingest = open(folder.path(), &sink).await?;
    let made = ticks(0, a_second as usize * seconds)?;
    tell("Written", &paced(&ingest, &made, a_second, Level::Written).await?);
    let made = ticks(made.len(), a_second as usize * seconds)?;
    tell("Synced", &paced(&ingest, &made, a_second, Level::Synced).await?);
    sink.stalled.store(true, Ordering::SeqCst);
    let made = ticks(2 * made.len(), a_second as usize * 60.min(6 * seconds))?;
    let stalled = paced(&ingest, &made, a_second, Level::Written).await?;
    tell(&format!("Written, sink stalled for {} s", made.len() / a_second as usize), &stalled);
    let behind = made.len() as u64;
    sink.stalled.store(false, Ordering::SeqCst);
    let began = Instant::now();
    let left = ingest.flush(Duration::from_secs(60)).await.pending();
    println!(
        "  caught up on {} records in {:.2?}, {:.1} x the rate at which they came",
        behind - left,
        began.elapsed(),
        rate(made.len(), began.elapsed()) * 1e6 / f64::from(a_second)
    );
    ingest.shutdown(Duration::from_secs(60)).await?;
    Ok(())
}

async fn hand_over(seconds: usize) -> Outcome {
    let a_second = 100_000;
    println!("hand-over, {a_second} a second in calls of 10, for {seconds} s");
    let folder = tempfile::tempdir()?;
    let sink = Arc::new(Counting::default());
    let ingest = open(folder.path(), &sink).await?;
    let made = ticks(0, a_second * seconds)?;
    let (started, mut appended) = (Instant::now(), Vec::new());
    for (n, call) in (0u32..).zip(made.chunks(10)) {
        let due = started + Duration::from_secs(1) * n / u32::try_from(a_second / 10)?;
        let early = due.saturating_duration_since(Instant::now());
        if early > Duration::from_millis(1) {
            sleep(early).await;
        }
        let receipt = ingest.try_append(&Records::Ticks(call.to_vec()))?;
        appended.push((receipt.seqs().start, Instant::now()));
    }
    ingest.shutdown(Duration::from_secs(60)).await?;
    let came = sink.came.lock().map_err(|_| "poisoned")?.clone();
    let mut times = Vec::new();
    let mut batches = came.iter().peekable();
    for (seq, at) in appended {
        while batches.peek().is_some_and(|(first, rows, _)| first + *rows as u64 <= seq) {
            batches.next();
        }
        let (_, _, when) = batches.peek().ok_or("a record never came")?;
        times.push(when.saturating_duration_since(at));
    }
    tell("append to hand-over", &times);
    Ok(())
}

async fn bulk(rows: usize) -> Outcome {
    println!("{rows} records in calls of 1,000, the sink stalled");
    let folder = tempfile::tempdir()?;
    let sink = Arc::new(Counting::default());
    sink.stalled.store(true, Ordering::SeqCst);
    let ingest = open(folder.path(), &sink).await?;
    let mut spent = Duration::ZERO;
    let before = memory()?;
    for first in (0..rows).step_by(100_000) {
        let made: Vec<_> = ticks(first, 100_000)?
            .chunks(1_000)
            .map(|part| Records::Ticks(part.to_vec()))
            .collect();
        let began = Instant::now();
        for part in &made {
            ingest.try_append(part)?;
        }
        spent += began.elapsed();
    }
    println!("  {:.3} M records/s; {:.1} MiB more memory", rate(rows, spent), memory()? - before);
    let stats = ingest.shutdown(Duration::ZERO).await?;
    drop(ingest);
    let bytes = stats.bytes as f64 / f64::from(1 << 20);
    let began = Instant::now();
    let ingest = open(folder.path(), &sink).await?;
    let took = began.elapsed();
    println!(
        "  {bytes:.0} MiB opened again in {took:.2?}: {:.2?} a GiB",
        took.mul_f64(1024.0 / bytes)
    );
    sink.stalled.store(false, Ordering::SeqCst);
    let began = Instant::now();
    let left = ingest.shutdown(Duration::from_secs(600)).await?;
    println!(
        "  handed over at {:.3} M records/s, {} left",
        rate(rows, began.elapsed()),
        left.pending()
    );
    Ok(())
}

/// MiB of this process, as the system counts them.
fn memory() -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1024.0)
}

fn main() -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let rows = rows(10_000_000);
    let seconds = if rows < 1_000_000 { 1 } else { 10 };
    runtime.block_on(appends(seconds))?;
    runtime.block_on(hand_over(seconds))?;
    runtime.block_on(bulk(rows / 100_000 * 100_000))
}
