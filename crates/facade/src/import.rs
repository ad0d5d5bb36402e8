//! Files into a store: read on one thread, written from another, in bounded memory.

mod rows;
mod write;

use std::error::Error;
use std::{fmt, io};

use tokio::sync::mpsc;
use tradekeep_formats::{FileRecord, FormatError, RecordReader, Reject};
use tradekeep_models::Timestamp;
use tradekeep_models::record::Record;
use tradekeep_store_traits::{SeriesStore, StoreError};

use self::rows::{Chunk, read};
use self::write::write;
use crate::door::TickDoor;

/// Memory of an embedded store, in megabytes, that is enough to import at full speed: with more it
/// only keeps what was written.
pub const IMPORT_MEMORY_MEGABYTES: u32 = 128;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportSummary {
    /// Rows found in the source: imported, duplicates and rejected.
    pub read: u64,
    /// Rows that are now stored and were not before.
    pub imported: u64,
    /// Rows that were stored before.
    pub duplicates: u64,
    /// Rows that are no such records, or that the store refused.
    pub rejected: u64,
    /// Earliest time of the good rows.
    pub first_ts: Option<Timestamp>,
    /// Latest time of the good rows.
    pub last_ts: Option<Timestamp>,
    /// What people are to know of how the rows were read: which column was found out from what is in it, how many
    /// were rounded.
    pub notes: Vec<String>,
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
            notes: [self.notes, other.notes].concat(),
        }
    }
}

/// An import that ended early. What it wrote before is stored, and importing again adds the rest.
#[derive(Debug)]
#[non_exhaustive]
pub struct ImportError {
    /// What was done before.
    pub summary: ImportSummary,
    /// Why it ended.
    pub cause: ImportFailure,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl Error for ImportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The cause itself is what this displays.
        self.cause.source()
    }
}

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportFailure {
    /// The source cannot be read further.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The store cannot take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store has single trades of a series where the source has several as one, or the other way round.
    #[error("{0}")]
    OtherKind(String),
    /// A rejected row could not be set aside.
    #[error("the rejected rows cannot be written: {0}; name another file with --rejected")]
    Rejects(io::Error),
    /// The thread that reads broke off.
    #[error("reading broke off: import again, what is stored is not doubled")]
    Interrupted,
}

/// Writes the records of `reader` to `store`.
///
/// A bad row never stops the rest: it goes to `on_reject`, and so does what the store refuses (a record
/// with the identity of another one, or that breaks a rule). Rows that are stored already, from this
/// source or another, add nothing, ticks also where they are told in [another unit](TickDoor). `on_progress` is called
/// after each write.
///
/// # Errors
/// When the source cannot be read further, the store cannot take its records, or `on_reject` fails; the
/// error has the summary of what was done before.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().build()?.block_on(async {
/// use tradekeep::prelude::*;
/// use tradekeep::formats::{ReadOptions, RecordReader};
/// use tradekeep::import;
///
/// let store = Tradekeep::open(&Config::from_url("memory://")?).await?;
/// let csv = "time,pair,price,qty\n2024-08-08T10:00:05Z,BTC-USD,61837.63,0.02\n";
/// let reader = RecordReader::<Tick>::open(Box::new(csv.as_bytes()), ReadOptions::default())?;
/// let summary = import(&*store, reader, |_| Ok(()), |_| {}).await?;
/// assert_eq!(summary.imported, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn import<R: FileRecord>(
    store: &dyn SeriesStore,
    reader: RecordReader<R>,
    mut on_reject: impl FnMut(Reject) -> io::Result<()>,
    mut on_progress: impl FnMut(&ImportSummary),
) -> Result<ImportSummary, ImportError> {
    let (mut summary, mut door) = (ImportSummary::default(), TickDoor::default());
    // One chunk waits while one is written and one is read.
    let (chunks, mut queue) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || read(reader, &chunks));
    while let Some(chunk) = queue.recv().await {
        if let Err(cause) = take(store, &mut door, chunk, &mut summary, &mut on_reject).await {
            return Err(ImportError { summary, cause });
        }
        on_progress(&summary);
    }
    summary.notes.extend(door.note().map(str::to_owned));
    match reading.await {
        Ok(()) => Ok(summary),
        Err(_) => Err(ImportError { summary, cause: ImportFailure::Interrupted }),
    }
}

async fn take<R: Record>(
    store: &dyn SeriesStore,
    door: &mut TickDoor,
    chunk: Chunk<R>,
    summary: &mut ImportSummary,
    on_reject: &mut impl FnMut(Reject) -> io::Result<()>,
) -> Result<(), ImportFailure> {
    let mut set_aside = |rejects: Vec<Reject>, summary: &mut ImportSummary| {
        for reject in rejects {
            on_reject(reject).map_err(ImportFailure::Rejects)?;
            summary.read += 1;
            summary.rejected += 1;
        }
        Ok::<(), ImportFailure>(())
    };
    // First, so that a store's failure does not lose them.
    set_aside(chunk.rejects, summary)?;
    let written = write(store, door, chunk.records, chunk.lines).await?;
    *summary = std::mem::take(summary).and(written.summary);
    summary.notes.extend(chunk.notes);
    set_aside(written.refused, summary)?;
    chunk.end.map_or(Ok(()), |error| Err(error.into()))
}
