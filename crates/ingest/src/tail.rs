//! Following what is accepted.

use std::sync::Arc;
use std::time::Duration;

use tradekeep_models::Timestamp;
use tradekeep_store_traits::{Records, Table};

use crate::codec;
use crate::error::{IngestError, Result};
use crate::ingest::Ingest;
use crate::log::{Frame, Reader};
use crate::pipeline::Pipeline;

/// Between two reads.
const POLL: Duration = Duration::from_millis(20);

/// A record that was accepted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Accepted {
    /// Its number.
    pub seq: u64,
    /// When it was accepted.
    pub time: Timestamp,
    /// Where it belongs.
    pub table: Table,
    /// The record, alone.
    pub record: Records,
}

/// The records that a spool accepts, in order, from a number on; without end.
#[derive(Debug)]
pub struct Tail {
    pipeline: Arc<Pipeline>,
    reader: Reader,
}

impl Ingest {
    /// Follows what is accepted, beginning with the first record numbered `from` or above that the spool
    /// still holds. What this program cannot read is passed.
    #[must_use]
    pub fn tail(&self, from: u64) -> Tail {
        let log = Arc::clone(&self.pipeline.appender.spool.log);
        let reader = Reader::new(log, from.saturating_sub(1), None);
        Tail { pipeline: Arc::clone(&self.pipeline), reader }
    }
}

impl Tail {
    /// The next record; waits for it. Nothing once the ingest is shut down and all was told.
    ///
    /// # Errors
    /// `Disk` when the spool cannot be read.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Option<Accepted>> {
        loop {
            if let Some(accepted) = next(&mut self.reader)? {
                return Ok(Some(accepted));
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = self.pipeline.shutdown.wait() => return next(&mut self.reader),
            }
        }
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl futures_core::Stream<Item = Result<Accepted>> + Send {
        futures_util::stream::unfold(self, |mut tail| async move {
            tail.next().await.transpose().map(|item| (item, tail))
        })
    }
}

/// The next record that can be read.
pub(crate) fn next(reader: &mut Reader) -> Result<Option<Accepted>> {
    loop {
        let Some(frame) = reader.next().map_err(IngestError::disk("the spool cannot be read"))?
        else {
            return Ok(None);
        };
        if let Some(accepted) = accepted(&frame) {
            return Ok(Some(accepted));
        }
    }
}

/// The record of a frame, where it can be read.
pub(crate) fn accepted(frame: &Frame<'_>) -> Option<Accepted> {
    let table = Table::of_number(frame.head.kind)?;
    let record = codec::read(table, frame.head.version, frame.payload).ok()?;
    let time = Timestamp::from_nanos(frame.head.time).unwrap_or(Timestamp::MIN);
    Some(Accepted { seq: frame.head.seq, time, table, record })
}
