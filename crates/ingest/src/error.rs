//! What goes wrong in an ingest.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tradekeep_store_traits::{BadRow, StoreError, Table};

/// Why records were not taken, or something about the spool could not be done.
///
/// Its text is one line that names cause and remedy; neither secrets nor values of records are in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// Another process, or another `Ingest` of this one, has the spool.
    #[error("{folder}: {holder} has the spool: stop it first, or give this one a folder of its own", folder = folder.display())]
    Held {
        /// The spool's folder.
        folder: PathBuf,
        /// Who has it, as far as is known.
        holder: String,
    },
    /// The disk failed.
    #[error("{doing}: {source}; {}", remedy(source))]
    Disk {
        /// What was being done, with the folder.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// Records that break a rule; none of the call was taken.
    #[error("{} of the {table} cannot be taken, number {} of them: {}; correct or leave out", count(rows), rows.first().map_or(0, |row| row.index), rows.first().map_or("", |row| &*row.reason))]
    Invalid {
        /// What they are.
        table: Table,
        /// All of them, each with its place and the reason.
        rows: Vec<BadRow>,
    },
    /// The spool holds as much as it may, and the time to wait for room is over.
    #[error("the spool is full (its files take {held} of {most} bytes, and the next one would not fit; after {} ms): see `tradekeep spool status` for the store that does not take them, or raise ingest.max_bytes", waited.as_millis())]
    Full {
        /// Bytes that its files take on the disk.
        held: u64,
        /// Bytes that they may take.
        most: u64,
        /// How long was waited.
        waited: Duration,
    },
    /// A sink that is configured no more still has records to come.
    #[error(
        "{pending} records wait for {sink}, which is not configured any more: deliver them with `tradekeep spool drain --to URL` (its URL), or give them up with `tradekeep spool forget {id}`"
    )]
    Vanished {
        /// How the spool calls it.
        id: String,
        /// What it was.
        sink: String,
        /// Records that it has not got.
        pending: u64,
    },
    /// A sink that still has records of a table to come is not to have that table any more.
    #[error(
        "{pending} records of {table} wait for {sink}, which is to have no {table} any more: give it back that role and deliver them with `tradekeep spool drain`, or give them up with `tradekeep spool forget {id}`"
    )]
    Moved {
        /// How the spool calls the sink.
        id: String,
        /// What it is.
        sink: String,
        /// The table.
        table: Table,
        /// Records that it has not got.
        pending: u64,
    },
    /// Nothing was ever taken in that folder.
    #[error("{folder}: there is no spool: name the folder of the process that records", folder = folder.display())]
    NoSpool {
        /// Where it would be.
        folder: PathBuf,
    },
    /// Whoever has the spool does not answer.
    #[error("{holder} has the spool and did not answer within {} ms: {}", waited.as_millis(), if *begun { "it is at it, see what has come of it before asking again" } else { "nothing was done, try again or stop that process first" })]
    NoAnswer {
        /// Who has it.
        holder: String,
        /// How long was waited.
        waited: Duration,
        /// Whether it may be done all the same.
        begun: bool,
    },
    /// Whoever has the spool could not do what it was asked.
    #[error("{reason}")]
    Refused {
        /// Why, and what to do.
        reason: String,
    },
    /// A store did not answer what was needed to begin.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The caller's input breaks a rule.
    #[error(transparent)]
    Input(#[from] tradekeep_models::InvalidInput),
    /// It was shut down.
    #[error("the ingest is shut down: open another")]
    Closed,
}

impl IngestError {
    /// The disk failed while doing this.
    pub(crate) fn disk(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Disk { doing, source }
    }
}

impl IngestError {
    /// Whether there was no room: in the spool, or on its disk.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::Full { .. } => true,
            Self::Disk { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }

    /// With how long was waited for room.
    pub(crate) fn after(self, waited: Duration) -> Self {
        match self {
            Self::Full { held, most, .. } => Self::Full { held, most, waited },
            other => other,
        }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free space on that disk, then try again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "ask for the right to it, or choose another folder"
        }
        _ => "check the disk, then try again",
    }
}

fn count(rows: &[BadRow]) -> String {
    if rows.len() == 1 { "one".into() } else { rows.len().to_string() }
}

/// What every call of this crate answers.
pub type Result<T> = std::result::Result<T, IngestError>;
