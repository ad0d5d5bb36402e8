//! What whoever appends gets.

use std::ops::Range;
use std::sync::Arc;

use tradekeep_store_traits::Table;

use crate::config::Level;
use crate::error::{IngestError, Result};
use crate::pipeline::Pipeline;

/// Says that records were taken, and lets whoever appended them wait for more.
///
/// It may be dropped at any time: the records go their way.
#[derive(Debug, Clone)]
pub struct Receipt {
    pipeline: Arc<Pipeline>,
    table: Table,
    seqs: Range<u64>,
    dropped: u64,
}

impl Receipt {
    pub(crate) const fn new(pipeline: Arc<Pipeline>, table: Table, seqs: Range<u64>) -> Self {
        Self { pipeline, table, seqs, dropped: 0 }
    }

    pub(crate) const fn of_dropped(pipeline: Arc<Pipeline>, table: Table, dropped: u64) -> Self {
        Self { pipeline, table, seqs: 0..0, dropped }
    }

    /// The same, once what `level` promises is true.
    pub(crate) async fn at(self, level: Level) -> Result<Self> {
        if level == Level::Synced {
            self.synced().await?;
        }
        Ok(self)
    }

    /// The numbers of the records, in the order in which they were given; empty where none was taken.
    #[must_use]
    pub fn seqs(&self) -> Range<u64> {
        self.seqs.clone()
    }

    /// How many were counted and not kept, as [`WhenFull::DropMeasurements`](crate::WhenFull) allows.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Waits until the records survive a loss of power.
    ///
    /// # Errors
    /// When the disk fails. They are in the spool all the same, and survive the end of the process.
    pub async fn synced(&self) -> Result<()> {
        match self.last() {
            Some(last) => self.pipeline.appender.committer.synced(last).await,
            None => Ok(()),
        }
    }

    /// Waits until every sink has the records, or keeps them as dead letters.
    ///
    /// It waits for as long as that takes: put a timeout around it where that matters.
    ///
    /// # Errors
    /// [`IngestError::Closed`] when the ingest is shut down before.
    pub async fn applied(&self) -> Result<()> {
        let Some(last) = self.last() else { return Ok(()) };
        for sink in &self.pipeline.sinks {
            for lane in sink.lanes.iter().filter(|lane| lane.table == self.table) {
                let mut cursor = lane.watch();
                let reached = cursor.wait_for(|cursor| cursor.seq >= last);
                tokio::select! {
                    reached = reached => drop(reached.map_err(|_| IngestError::Closed)?),
                    () = self.pipeline.shutdown.wait() => return Err(IngestError::Closed),
                }
            }
        }
        Ok(())
    }

    fn last(&self) -> Option<u64> {
        self.seqs.clone().last()
    }
}
