//! What is written at once, and where it came from.

use std::any::Any;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use tradekeep_models::{InvalidInput, StreamId};

#[cfg(doc)]
use crate::RecordSink;
use crate::{Act, ErrorKind, Failure, Inner, Records};

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
#[derive(Debug, Clone)]
pub struct Batch {
    records: Records,
    origin: Option<Origin>,
    expected: Option<RangeInclusive<u64>>,
    prepared: Slot,
}

/// Batches are equal that hold the same, whatever a sink has prepared.
impl PartialEq for Batch {
    fn eq(&self, other: &Self) -> bool {
        self.records == other.records
            && self.origin == other.origin
            && self.expected == other.expected
    }
}

impl Batch {
    /// Records from a source that can be read again (a file): identity alone keeps them single.
    #[must_use]
    pub fn new(records: Records) -> Self {
        Self { records, origin: None, expected: None, prepared: Slot::default() }
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
        Ok(Self { records, origin: Some(origin), expected: None, prepared: Slot::default() })
    }

    /// Says where the store's watermark of the batch's stream must stand before it is written: not before the
    /// last record that the store has taken (0 where there is none), and not behind the last that was sent to
    /// it. A store that has another one refuses the batch: it is another store, or an older copy of itself, or
    /// somebody else sends it a stream of this name.
    pub fn expect_watermark(&mut self, expected: RangeInclusive<u64>) {
        self.expected = Some(expected);
    }

    /// The watermark that the store must have.
    #[must_use]
    pub const fn expected_watermark(&self) -> Option<&RangeInclusive<u64>> {
        self.expected.as_ref()
    }

    /// The records at these places, which increase, as a batch of their own.
    #[must_use]
    pub fn select(&self, places: &[usize]) -> Self {
        let records = self.records.select(places.iter().copied());
        let origin = self.origin.as_ref().map(|origin| Origin {
            seqs: places.iter().filter_map(|place| origin.seqs.get(*place).copied()).collect(),
            ..origin.clone()
        });
        Self { records, origin, expected: self.expected.clone(), prepared: Slot::default() }
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

    /// Keeps what a sink has made of it in [`prepare`](RecordSink::prepare), instead of what is kept already.
    pub fn keep_prepared(&self, made: impl Any + Send) {
        self.prepared.put(Box::new(made));
    }

    /// Takes what was kept, where it is of this type.
    #[must_use]
    pub fn take_prepared<T: Any>(&self) -> Option<T> {
        self.prepared.take().and_then(|made| made.downcast().ok()).map(|made| *made)
    }
}

/// Whether a store whose watermark stands at `found` may take a batch that
/// [expects](Batch::expected_watermark) this one. A store asks that in the rows' own transaction.
///
/// # Errors
/// With [`Act::Resend`]: `Transaction` where the store has less than it must, `Conflict` where it has more.
pub fn check_watermark(expected: Option<&RangeInclusive<u64>>, found: Option<u64>) -> Inner<()> {
    let (found, Some(expected)) = (found.unwrap_or_default(), expected) else { return Ok(()) };
    if expected.contains(&found) {
        return Ok(());
    }
    let (kind, context) = if found < *expected.start() {
        let had = expected.start();
        let context =
            format!("the store has this stream up to record {found}, and had it up to {had}");
        (ErrorKind::Transaction, context)
    } else {
        let context =
            format!("the store has record {found} of this stream, which was not sent from here");
        (ErrorKind::Conflict, context)
    };
    Err(Failure::new(kind, context).with_act(Act::Resend))
}

/// What a sink has made of a batch. A clone of the batch has nothing of it.
#[derive(Default)]
struct Slot(Mutex<Option<Box<dyn Any + Send>>>);

impl Slot {
    fn put(&self, made: Box<dyn Any + Send>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
    }

    fn take(&self) -> Option<Box<dyn Any + Send>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Clone for Slot {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watermark_is_the_expected_one() {
        check_watermark(None, None).unwrap();
        check_watermark(Some(&(0..=0)), None).unwrap();
        let mut batch = Batch::new(Records::Ticks(Vec::new()));
        batch.expect_watermark(5..=9);
        let check = |found| check_watermark(batch.select(&[]).expected_watermark(), found);
        for good in [5, 7, 9] {
            check(Some(good)).unwrap();
        }
        let (less, more) = (ErrorKind::Transaction, ErrorKind::Conflict);
        for (found, kind) in [(None, less), (Some(4), less), (Some(10), more)] {
            let error = check(found).unwrap_err();
            assert_eq!((error.kind, error.act), (kind, Act::Resend), "{found:?}");
        }
    }

    #[test]
    fn what_is_prepared_is_the_batch_s_own_and_is_taken_once() {
        let batch = Batch::new(Records::Ticks(Vec::new()));
        batch.keep_prepared(1u8);
        batch.keep_prepared(2u8);
        assert_eq!(batch.clone().take_prepared::<u8>(), None);
        assert_eq!((batch.take_prepared(), batch.take_prepared()), (Some(2u8), None::<u8>));
        batch.keep_prepared("another sink's");
        assert_eq!(batch.take_prepared::<u8>(), None);
        assert_eq!(batch, Batch::new(Records::Ticks(Vec::new())));
    }
}
