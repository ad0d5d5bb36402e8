//! The way in: batches of records into a store, each record once.

use async_trait::async_trait;
use tradekeep_models::{Records, StreamId, Table};

use crate::{Batch, Capabilities, Delivery, ErrorKind, Position, Result, Run, StoreError};

/// How far a batch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, bon::Builder)]
#[builder(derive(Debug))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
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
/// **States and facts.** The identity of nearly all records holds their time; of orders and trades it is
/// (id, version, ts), so that each *state* of one is a record, and one told again is a duplicate. A fill is a
/// fact: its identity is its id alone, whatever time it is told with. So that this stays cheap, a store looks for
/// it among the fills no further away in time than its *duplicate window*,
/// [48 hours](crate::DUPLICATE_WINDOW) unless it is configured otherwise; beyond it, it is another fill.
///
/// **Conflicts.** Of trades, orders, positions and candles, a record with the identity of another one but with
/// other content is a conflict; of fills, where side, price, quantity or fee differ. So is an order with the
/// `client_order_id` of another order within the duplicate window. Records are judged one after another, as if
/// each was written alone, those that are refused left out: a batch comes to the same as its records one by one.
///
/// **Bad rows.** Records that break a rule (kind `InvalidInput`, found before any I/O) or that conflict
/// (kind `Conflict`) are named, all that are found, in `Act::BadRows`; nothing of the batch is stored
/// then, and without them it would be. So are records with a time before the
/// [retention floor](crate::PartitionAdmin) of their table (kind `Expired`), stored before or not. An
/// error is of one kind: broken rules are told first, expired records second, conflicts last. What the
/// watermark drops is neither expired nor a conflict.
///
/// **The right store.** A store has an id of its own, made when it is set up ([`position`](RecordSink::position)).
/// A batch may say which watermark it [goes on from](Batch::expect_watermark); a store that keeps watermarks and
/// stands elsewhere, by the rows' own transaction, stores nothing of it (`Act::Resend`). That is told before
/// anything but broken rules.
///
/// **Atomic.** Of a batch, all new records become visible at one moment, or none ever.
///
/// **Cancel safety.** Dropping the future of `write` leaves the outcome open; sending the same
/// batch again is always right.
#[async_trait]
pub trait RecordSink: Send + Sync {
    /// What it does of what not every store does, with the records of `table`. It answers at once, and never
    /// another thing.
    fn capabilities(&self, table: Table) -> Capabilities;

    /// Asks the store whether it is there: nothing is written, and next to nothing read.
    ///
    /// # Errors
    /// When it cannot be reached, is closed, or does not let us in.
    async fn ping(&self) -> Result<()>;

    /// Does what of [`write`](Self::write) needs no I/O, ahead of it, and keeps it in the batch: who delivers
    /// calls it while the batch before is on its way. It may take the processor for some milliseconds.
    /// Nothing but time depends on it: what is wrong with a batch, `write` says.
    fn prepare(&self, _batch: &Batch) {}

    /// Stores the records of `batch` that are new. An empty batch is answered, not refused.
    ///
    /// Concurrent writes are served one after another.
    ///
    /// # Errors
    /// With `delivery` saying whether it may have been applied and `act` what to do.
    async fn write(&self, batch: &Batch) -> Result<Ack>;

    /// How far each of these batches has come, in the order asked. It may wait some seconds for them to
    /// come further.
    ///
    /// # Errors
    /// `NotFound` for a token of another sink or an earlier run; `Transaction`, with an unknown outcome,
    /// when the store took one of them and does not have it: it is to be sent again, and so are those
    /// behind it. Anything else says nothing about the batches: ask again.
    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>>;

    /// Which store this is, and how far `table` has come in it, asked by `run` before it writes there, and as often
    /// as it likes.
    ///
    /// A store that keeps no [watermarks](Capabilities::watermarks) notes the run, and refuses it where another run
    /// of its stream comes before it: one with a higher first number, or with the same one that was noted earlier.
    /// Later runs of a spool have higher ones, so that the other one belongs to another copy of the spool. One that
    /// was first and is so no more is told by `Act::Resend` when it writes, and asks again.
    ///
    /// # Errors
    /// When the store cannot be read; `Conflict` where another copy of the spool writes there.
    async fn position(&self, table: Table, run: &Run) -> Result<Position>;

    /// The highest sequence number applied from this stream, epoch and table; nothing before the
    /// first.
    ///
    /// # Errors
    /// When the store cannot be read; `Unsupported` from one that keeps no
    /// [`watermarks`](Capabilities::watermarks).
    async fn watermark(&self, stream: &StreamId, epoch: u64, table: Table) -> Result<Option<u64>>;

    /// The highest sequence number applied from this stream, epoch and table that would outlive the loss
    /// of the store's own write-ahead log: who delivers may forget the records up to here.
    ///
    /// It may be behind what is true, and nothing until the store knows of any. It is never above
    /// [`watermark`](Self::watermark), and while the store is open it goes back only where that falls
    /// below it, as when an older copy is put in the store's place. What it said before the store was
    /// closed, or killed, or lost its log, is not above the watermark afterwards either. A store that has
    /// no [`log`](Capabilities::log) of its own to lose answers as [`watermark`](Self::watermark) does.
    ///
    /// # Errors
    /// As [`watermark`](Self::watermark).
    async fn durable_watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> Result<Option<u64>>;

    /// Moves what is applied out of the store's own write-ahead log: what [`watermark`](Self::watermark)
    /// says when this is asked, [`durable_watermark`](Self::durable_watermark) says afterwards. Who
    /// delivers asks for it when it needs the room of what it keeps until then.
    ///
    /// An embedded store does nothing else meanwhile, some 0.1 s to 1 s. A store that has no log of its
    /// own to lose has nothing to do.
    ///
    /// # Errors
    /// When not all of it could be moved; nothing that was applied is lost.
    async fn checkpoint(&self) -> Result<()>;

    /// Finishes what is under way and makes all of it durable in the store's own files. Whoever
    /// asks for anything afterwards gets an error of kind `Connection`; closing again is fine.
    ///
    /// # Errors
    /// When not all of it could be made durable; nothing that was applied is lost.
    async fn close(&self) -> Result<()>;
}

/// What [`RecordSinkExt::save`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
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
    async fn save(&self, records: impl Into<Records> + Send + 'async_trait) -> Result<Saved> {
        self.save_batch(&Batch::new(records.into())).await
    }

    /// Writes `batch`, which stays with the caller, and answers once it is applied.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    async fn save_batch(&self, batch: &Batch) -> Result<Saved> {
        let ack = self.write(batch).await?;
        if ack.stage < Stage::Applied && self.settle(&[ack.token]).await? != [Stage::Applied] {
            let context = "the records were taken but are not applied yet: save them again";
            return Err(StoreError::new(ErrorKind::Write, "store", "save", context)
                .with_delivery(Delivery::Unknown));
        }
        Ok(Saved { inserted: ack.inserted, duplicates: ack.duplicates })
    }
}

impl<T: RecordSink + ?Sized> RecordSinkExt for T {}
