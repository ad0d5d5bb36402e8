//! The way in: batches of records into a store, each record once.

use async_trait::async_trait;
use tradekeep_models::{InvalidInput, StreamId, Tick};

use crate::{Delivery, ErrorKind, Result, StoreError};

/// A kind of record, and the table that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Public trade prints.
    Ticks,
}

impl Table {
    /// Its name in every store: `ticks`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ticks => "ticks",
        }
    }
}

/// Records of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Records {
    /// Public trade prints.
    Ticks(Vec<Tick>),
}

impl Records {
    /// The table they go to.
    #[must_use]
    pub const fn table(&self) -> Table {
        match self {
            Self::Ticks(_) => Table::Ticks,
        }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Ticks(ticks) => ticks.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where the records of a batch stand in the stream they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The stream.
    pub stream: StreamId,
    /// Its epoch: sequence numbers count anew in each.
    pub epoch: u64,
    /// Sequence number of each record, strictly increasing, gaps allowed.
    pub seqs: Vec<u64>,
}

impl Origin {
    /// How many of the first records a store whose watermark stands at `watermark` has seen already.
    #[must_use]
    pub fn replayed(&self, watermark: Option<u64>) -> usize {
        watermark.map_or(0, |seen| self.seqs.partition_point(|&seq| seq <= seen))
    }
}

/// What is written at once: all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    records: Records,
    origin: Option<Origin>,
}

impl Batch {
    /// Records from a source that can be read again (a file): identity alone keeps them single.
    #[must_use]
    pub const fn new(records: Records) -> Self {
        Self { records, origin: None }
    }

    /// Records from a stream, whose watermark moves with them.
    ///
    /// # Errors
    /// When there is not one sequence number a record, or they do not increase.
    pub fn from_stream(
        records: Records,
        origin: Origin,
    ) -> std::result::Result<Self, InvalidInput> {
        if origin.seqs.len() != records.len() {
            return Err(InvalidInput::new("seqs", "must be as many as there are records"));
        }
        if !origin.seqs.is_sorted_by(|a, b| a < b) {
            return Err(InvalidInput::new("seqs", "must increase"));
        }
        Ok(Self { records, origin: Some(origin) })
    }

    /// The records.
    #[must_use]
    pub const fn records(&self) -> &Records {
        &self.records
    }

    /// Where they came from, when from a stream.
    #[must_use]
    pub const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
}

/// How far a batch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The store has taken it, but readers may not see it yet, and it may still be refused.
    Acked,
    /// It is stored: committed and visible.
    Applied,
}

/// Names an acknowledged batch to the sink that acknowledged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// A sink's answer to a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// How far it has come by now.
    pub stage: Stage,
    /// Asks for the rest of the way, by [`RecordSink::settle`].
    pub token: Token,
    /// Records that were new, and are stored now or will be.
    pub inserted: u64,
    /// Records that were not stored because the store, or an earlier place in the batch, has them,
    /// by identity or by watermark.
    pub duplicates: u64,
}

/// A store that takes records in.
///
/// **Once.** A record is stored once, however often it is sent. Two guards see to that, both in the
/// rows' own transaction: the *watermark* of the batch's stream drops what was applied before, and
/// *identity* drops what is stored already or repeats inside the batch. The first one stored stays.
///
/// **Atomic.** Of a batch, all new records become visible at one moment, or none ever.
///
/// **Cancel safety.** Dropping the future of `write` leaves the outcome open; sending the same
/// batch again is always right.
#[async_trait]
pub trait RecordSink: Send + Sync {
    /// Stores the records of `batch` that are new. An empty batch is answered, not refused.
    ///
    /// Concurrent writes are served one after another.
    ///
    /// # Errors
    /// With `delivery` saying whether it may have been applied and `act` what to do.
    async fn write(&self, batch: &Batch) -> Result<Ack>;

    /// How far each of these batches has come, in the order asked.
    ///
    /// # Errors
    /// `NotFound` for a token of another sink or an earlier run.
    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>>;

    /// The highest sequence number applied from this stream, epoch and table; nothing before the
    /// first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn watermark(&self, stream: &StreamId, epoch: u64, table: Table) -> Result<Option<u64>>;

    /// Finishes what is under way and makes all of it durable in the store's own files. Whoever
    /// writes or reads afterwards gets an error of kind `Connection`; closing again is fine.
    ///
    /// # Errors
    /// When not all of it could be made durable; nothing that was applied is lost.
    async fn close(&self) -> Result<()>;
}

/// What [`RecordSinkExt::save`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Saved {
    /// Records that were new.
    pub inserted: u64,
    /// Records that were stored before.
    pub duplicates: u64,
}

/// Sugar on every [`RecordSink`].
#[async_trait]
pub trait RecordSinkExt: RecordSink {
    /// Writes `records` and answers once they are applied: a read afterwards sees them.
    ///
    /// # Errors
    /// As [`RecordSink::write`]; a batch that is only acknowledged is an error with an unknown
    /// outcome.
    async fn save(&self, records: Records) -> Result<Saved> {
        let ack = self.write(&Batch::new(records)).await?;
        if ack.stage < Stage::Applied && self.settle(&[ack.token]).await? != [Stage::Applied] {
            let context = "the records were taken but are not applied yet: save them again";
            return Err(StoreError::new(ErrorKind::Write, "store", "save", context)
                .with_delivery(Delivery::Unknown));
        }
        Ok(Saved { inserted: ack.inserted, duplicates: ack.duplicates })
    }

    /// Saves ticks.
    ///
    /// # Errors
    /// As [`RecordSinkExt::save`].
    async fn save_ticks(&self, ticks: Vec<Tick>) -> Result<Saved> {
        self.save(Records::Ticks(ticks)).await
    }
}

impl<T: RecordSink + ?Sized> RecordSinkExt for T {}
