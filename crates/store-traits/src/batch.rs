//! What is written at once, and where it came from.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use tradekeep_models::{InvalidInput, StreamId};

#[cfg(doc)]
use crate::RecordSink;
use crate::Records;

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
    prepared: Slot,
}

/// Batches are equal that hold the same, whatever a sink has prepared.
impl PartialEq for Batch {
    fn eq(&self, other: &Self) -> bool {
        self.records == other.records && self.origin == other.origin
    }
}

impl Batch {
    /// Records from a source that can be read again (a file): identity alone keeps them single.
    #[must_use]
    pub fn new(records: Records) -> Self {
        Self { records, origin: None, prepared: Slot::default() }
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
        Ok(Self { records, origin: Some(origin), prepared: Slot::default() })
    }

    /// The records at these places, which increase, as a batch of their own.
    #[must_use]
    pub fn select(&self, places: &[usize]) -> Self {
        let records = self.records.select(places.iter().copied());
        let origin = self.origin.as_ref().map(|origin| Origin {
            seqs: places.iter().filter_map(|place| origin.seqs.get(*place).copied()).collect(),
            ..origin.clone()
        });
        Self { records, origin, prepared: Slot::default() }
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
