//! How records are taken and delivered.

use std::path::{Path, PathBuf};
use std::time::Duration;

use derive_setters::Setters;
use tradekeep_models::InvalidInput;
use tradekeep_store_traits::Table;

use crate::log::{DATA, frame};

/// What a receipt promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// It is in the spool, and survives the end of the process, `kill -9` included.
    Written,
    /// It is on the disk, and survives a loss of power.
    Synced,
}

impl Level {
    /// What records of a table get unless asked otherwise: our own trades, orders and fills are
    /// synced, everything else is written.
    #[must_use]
    pub const fn of(table: Table) -> Self {
        match table {
            Table::Trades | Table::Orders | Table::Fills => Self::Synced,
            _ => Self::Written,
        }
    }
}

/// What happens to records when the spool is full, because a store does not take them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// Whoever appends waits for room, so long, and is refused then. The default, with 5 s.
    Block(Duration),
    /// Whoever appends is refused at once.
    Reject,
    /// Metrics and latencies are counted and not kept; everything else waits so long for room.
    DropMeasurements(Duration),
}

/// How records are taken and delivered.
///
/// ```
/// use std::time::Duration;
/// use tradekeep_ingest::{IngestConfig, WhenFull};
///
/// let config = IngestConfig::new("./tradekeep-data")
///     .with_batch(1_000, Duration::from_millis(100))
///     .with_when_full(WhenFull::Reject);
/// config.validate()?;
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
pub struct IngestConfig {
    #[setters(skip)]
    pub(crate) data: PathBuf,
    /// With segments of so many bytes; 16 MiB by default.
    pub(crate) segment_bytes: u64,
    /// With so many bytes in the spool at most; 8 GiB by default.
    pub(crate) max_bytes: u64,
    #[setters(skip)]
    pub(crate) batch_rows: usize,
    /// With so many rows in a batch at most, where more of them wait; 10,000 by default.
    #[setters(rename = "with_max_batch")]
    pub(crate) max_batch_rows: usize,
    #[setters(skip)]
    pub(crate) batch_wait: Duration,
    /// With what happens when the spool is full.
    pub(crate) when_full: WhenFull,
    /// A store that has not answered a batch for so long is taken to be away; 30 s by default.
    pub(crate) write_timeout: Duration,
    /// A store that is down or full is tried again no sooner than this; 30 s by default.
    pub(crate) probe_every: Duration,
    /// A store that somebody has to mend is tried again so often; 5 s by default.
    pub(crate) halt_retry: Duration,
}

impl IngestConfig {
    /// The spool in `data/spool`, dead letters in `data/dead-letters`, everything else by default.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            segment_bytes: 16 << 20,
            max_bytes: 8 << 30,
            batch_rows: 1_000,
            max_batch_rows: 10_000,
            batch_wait: Duration::from_millis(100),
            when_full: WhenFull::Block(Duration::from_secs(5)),
            write_timeout: Duration::from_secs(30),
            probe_every: Duration::from_secs(30),
            halt_retry: Duration::from_secs(5),
        }
    }

    /// The folder that holds spool, dead letters and requests.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What happens when the spool is full.
    #[must_use]
    pub const fn when_full(&self) -> WhenFull {
        self.when_full
    }

    /// Where the spool is.
    #[must_use]
    pub fn spool_folder(&self) -> PathBuf {
        self.data.join("spool")
    }

    /// Where the dead letters are.
    #[must_use]
    pub fn dead_letter_folder(&self) -> PathBuf {
        self.data.join("dead-letters")
    }

    /// A batch leaves with so many rows, or after so long, whichever comes first; 1,000 and 100 ms by
    /// default.
    #[must_use]
    pub const fn with_batch(mut self, rows: usize, wait: Duration) -> Self {
        self.batch_rows = rows;
        self.batch_wait = wait;
        self
    }

    /// Checks what the types leave open.
    ///
    /// # Errors
    /// For the first value that is out of its range.
    pub fn validate(&self) -> Result<(), InvalidInput> {
        let least = DATA + (frame::HEAD + (1 << 18)) as u64;
        if self.segment_bytes < least {
            return Err(InvalidInput::new("segment_bytes", format!("is less than {least}")));
        }
        if self.max_bytes < 2 * self.segment_bytes {
            return Err(InvalidInput::new("max_bytes", "is less than two segments"));
        }
        if self.batch_rows == 0 || self.max_batch_rows < self.batch_rows {
            return Err(InvalidInput::new(
                "max_batch_rows",
                "is less than batch_rows, or that is 0",
            ));
        }
        Ok(())
    }
}
