//! Files into a store: read on one thread, written from another, in bounded memory.

use std::io;

use tokio::sync::mpsc;
use tradekeep_formats::{FormatError, Reject, Row, TickReader};
use tradekeep_models::{Tick, Timestamp};
use tradekeep_store_traits::{RecordSink, RecordSinkExt, Saved, StoreError};

/// Rows written at once. DuckDB's row group: a transaction of that size goes past the write-ahead
/// log.
const CHUNK: usize = 122_880;

/// Memory of an embedded store, in megabytes, that is enough to import at full speed: with more it
/// only keeps what was written.
pub const IMPORT_MEMORY_MEGABYTES: u32 = 128;

/// Rejected rows handed on at once.
const REJECTS: usize = 1_000;

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Rows found in the source: imported, duplicates and rejected.
    pub read: u64,
    /// Rows that are now stored and were not before.
    pub imported: u64,
    /// Rows that were stored before.
    pub duplicates: u64,
    /// Rows that are no ticks.
    pub rejected: u64,
    /// Earliest time of the good rows.
    pub first_ts: Option<Timestamp>,
    /// Latest time of the good rows.
    pub last_ts: Option<Timestamp>,
}

impl ImportSummary {
    /// This and `other` together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            read: self.read + other.read,
            imported: self.imported + other.imported,
            duplicates: self.duplicates + other.duplicates,
            rejected: self.rejected + other.rejected,
            first_ts: self.first_ts.into_iter().chain(other.first_ts).min(),
            last_ts: self.last_ts.max(other.last_ts),
        }
    }
}

/// Why an import ended early. What it wrote before is stored, and importing again adds the rest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The source cannot be read further.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The store cannot take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A rejected row could not be set aside.
    #[error("the rejected rows cannot be written: {0}; name another file with --rejected")]
    Rejects(io::Error),
    /// The thread that reads broke off.
    #[error("reading broke off: import again, what is stored is not doubled")]
    Interrupted,
}

/// What the reading thread hands over.
#[derive(Default)]
struct Chunk {
    ticks: Vec<Tick>,
    rejects: Vec<Reject>,
    end: Option<FormatError>,
}

/// Writes the ticks of `reader` to `sink`.
///
/// A bad row never stops the rest: it goes to `on_reject`. Rows that are stored already, from this
/// source or another, add nothing. `on_progress` is called after each write. The summary counts what
/// was done, also when an error ends it.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().build()?.block_on(async {
/// use tradekeep::{Config, Tradekeep, formats::{ReadOptions, TickReader}, import};
///
/// let store = Tradekeep::open(&Config::from_url("memory://")?).await?;
/// let csv = "time,pair,price,qty\n2024-08-08T10:00:05Z,BTC-USD,61837.63,0.02\n";
/// let reader = TickReader::open(Box::new(csv.as_bytes()), ReadOptions::default())?;
/// let (summary, outcome) = import(&*store.sink(), reader, |_| Ok(()), |_| {}).await;
/// outcome?;
/// assert_eq!(summary.imported, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn import(
    sink: &dyn RecordSink,
    reader: TickReader,
    mut on_reject: impl FnMut(Reject) -> io::Result<()>,
    mut on_progress: impl FnMut(&ImportSummary),
) -> (ImportSummary, Result<(), ImportError>) {
    let mut summary = ImportSummary::default();
    // One chunk waits while one is written and one is read.
    let (chunks, mut queue) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || read(reader, &chunks));
    while let Some(chunk) = queue.recv().await {
        if let Err(error) = take(sink, chunk, &mut summary, &mut on_reject).await {
            return (summary, Err(error));
        }
        on_progress(&summary);
    }
    let outcome = reading.await.map_err(|_| ImportError::Interrupted);
    (summary, outcome)
}

async fn take(
    sink: &dyn RecordSink,
    chunk: Chunk,
    summary: &mut ImportSummary,
    on_reject: &mut impl FnMut(Reject) -> io::Result<()>,
) -> Result<(), ImportError> {
    let times = || chunk.ticks.iter().map(Tick::ts);
    let (first_ts, last_ts) = (times().min(), times().max());
    let good = chunk.ticks.len() as u64;
    // First, so that a store's failure does not lose them.
    for reject in chunk.rejects {
        on_reject(reject).map_err(ImportError::Rejects)?;
        summary.read += 1;
        summary.rejected += 1;
    }
    let saved = if good == 0 { Saved::default() } else { sink.save_ticks(chunk.ticks).await? };
    *summary = summary.and(ImportSummary {
        read: good,
        imported: saved.inserted,
        duplicates: saved.duplicates,
        rejected: 0,
        first_ts,
        last_ts,
    });
    chunk.end.map_or(Ok(()), |error| Err(error.into()))
}

/// Reads to the end, or until nobody takes the chunks any more.
fn read(reader: TickReader, chunks: &mpsc::Sender<Chunk>) {
    let mut chunk = Chunk::default();
    for row in reader {
        match row {
            Ok(Row::Tick(tick)) => chunk.ticks.push(tick),
            Ok(Row::Rejected(reject)) => chunk.rejects.push(reject),
            Err(error) => chunk.end = Some(error),
        }
        let full = chunk.ticks.len() >= CHUNK || chunk.rejects.len() >= REJECTS;
        if full && chunks.blocking_send(std::mem::take(&mut chunk)).is_err() {
            return;
        }
    }
    // Nobody listens only after an error of the store.
    let _ = chunks.blocking_send(chunk);
}
