//! The ingest pipeline: spool, group commit, delivery to each sink, dead letters.

mod dead_letters;
mod open;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::timeout;
use tradekeep_store_traits::Records;

use crate::appender::Appended;
use crate::config::Level;
use crate::error::{IngestError, Result};
use crate::pipeline::Pipeline;
use crate::receipt::Receipt;
use crate::stats::IngestStats;
use crate::trimmer;

/// How long the spool may take to be made smaller when it is closed.
const LAST_TRIM: Duration = Duration::from_secs(5);

/// One durable way into every sink.
///
/// Records are in the spool, on this machine's disk, before [`append`](Self::append) answers; from
/// there they go to each sink by themselves, in order within a table, each once, for as long as it
/// takes. What a sink refuses becomes a dead letter. Cheap to clone; clones share it.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(async {
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use tradekeep_ingest::{Ingest, IngestConfig, SinkConfig, SinkId};
/// use tradekeep_models::{Symbol, Table, Tick};
/// use tradekeep_store_traits::MemoryStore;
///
/// let folder = tempfile::tempdir()?;
/// let sink = SinkConfig {
///     id: SinkId::of("memory", "", ""),
///     name: "memory://".into(),
///     sink: Arc::new(MemoryStore::new()),
///     tables: Table::ALL.to_vec(),
///     from_now: false,
/// };
/// let ingest = Ingest::open(IngestConfig::new(folder.path()), vec![sink]).await?;
/// let tick = Tick::builder(Symbol::new("BTC-USD")?, "2024-08-08T10:00:05Z".parse()?)
///     .price("61837.63".parse()?)
///     .quantity("0.02".parse()?)
///     .build()?;
/// let receipt = ingest.append(vec![tick]).await?; // survives kill -9 from here on
/// receipt.synced().await?; // survives a loss of power
/// receipt.applied().await?; // is in the store
/// let left = ingest.shutdown(Duration::from_secs(5)).await?;
/// assert_eq!(left.pending(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ingest {
    pub(crate) pipeline: Arc<Pipeline>,
}

impl Ingest {
    /// Takes records of one kind: all of them or none. They survive the end of this process when this
    /// has answered; trades, orders and fills also survive a loss of power ([`Level::of`]).
    ///
    /// It never waits for a sink, but where the spool is full: then as
    /// [`WhenFull`](crate::WhenFull) says.
    ///
    /// # Errors
    /// `Invalid` naming all records that break a rule; `Full` or `Disk` where there is no room;
    /// `Closed` after [`shutdown`](Self::shutdown). After `Disk` some records may be there all the same:
    /// appending them again is right, their identity keeps them single.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the records were taken; appending them again is right.
    pub async fn append(&self, records: impl Into<Records>) -> Result<Receipt> {
        let records = records.into();
        let appended = self.pipeline.appender.append(&records).await?;
        self.receipt(&records, appended).at(Level::of(records.table())).await
    }

    /// As [`append`](Self::append), with what is promised when it has answered.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub async fn append_at(&self, records: &Records, level: Level) -> Result<Receipt> {
        let appended = self.pipeline.appender.append(records).await?;
        self.receipt(records, appended).at(level).await
    }

    /// Takes records at once, where there is room, without a word about a loss of power. It does a
    /// write to the system's page cache, and nothing that waits.
    ///
    /// # Errors
    /// As [`append`](Self::append); `Full` at once.
    pub fn try_append(&self, records: &Records) -> Result<Receipt> {
        let appended = self.pipeline.appender.try_append(records)?;
        Ok(self.receipt(records, appended))
    }

    fn receipt(&self, records: &Records, appended: Appended) -> Receipt {
        let (pipeline, table) = (Arc::clone(&self.pipeline), records.table());
        let count = records.len() as u64;
        match appended {
            Appended::From(first) => Receipt::new(pipeline, table, first..first + count),
            Appended::Dropped => Receipt::of_dropped(pipeline, table, count),
        }
    }

    /// Waits until every sink has all that was appended before, or keeps it as dead letters, but no
    /// longer than `patience`. Answers how things stand then.
    pub async fn flush(&self, patience: Duration) -> IngestStats {
        let _request = self.pipeline.flush.request();
        let last = self.pipeline.appender.spool.log.end().last_seq;
        let all = async {
            for lane in self.pipeline.lanes() {
                // What is not of this table has no number here.
                let kind = lane.table.number();
                let target = self.pipeline.appender.spool.log.last_of(kind).min(last);
                // The sender is in `lane`: this ends with that.
                let _ = lane.watch().wait_for(|cursor| cursor.seq >= target).await;
            }
        };
        // Where it takes longer, the answer tells what is left.
        let _ = timeout(patience, all).await;
        self.stats()
    }

    /// Lets halted sinks be tried again at once.
    pub fn resume(&self) {
        for lane in self.pipeline.lanes() {
            lane.resume.notify_one();
        }
    }

    /// Takes no more records, delivers what is left for `patience` at most, makes the rest durable and
    /// releases the spool. Answers how things stand then: what is pending stays in the spool, and is
    /// delivered when it is opened again. The sinks stay open.
    ///
    /// # Errors
    /// When the disk fails; what was synced before is safe.
    pub async fn shutdown(&self, patience: Duration) -> Result<IngestStats> {
        self.pipeline.appender.close();
        self.flush(patience).await;
        self.pipeline.shutdown.trigger();
        let tasks = std::mem::take(
            &mut *self.pipeline.tasks.lock().unwrap_or_else(PoisonError::into_inner),
        );
        for task in &tasks {
            task.abort();
        }
        for task in tasks {
            // It was aborted: there is no outcome to look at.
            let _ = task.await;
        }
        self.pipeline.note_positions(None).await;
        let pipeline = Arc::clone(&self.pipeline);
        let last = tokio::task::spawn_blocking(move || {
            // A replay, or a trim, that was begun on another thread is finished first.
            let _maintenance = pipeline.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
            pipeline.dead.close();
            pipeline.appender.committer.close();
            pipeline.appender.spool.close();
            let cursors = pipeline.cursors();
            pipeline.appender.spool.save_cursors(&cursors).map(|()| cursors)
        });
        let saved = last.await.map_err(|_| IngestError::Closed)?;
        if let Ok(cursors) = &saved {
            // Where it takes longer, the next opening does it.
            let trimmed = timeout(LAST_TRIM, trimmer::run_last(&self.pipeline, cursors)).await;
            if let Ok(Err(error)) = trimmed {
                tracing::warn!(%error, "the spool could not be made smaller");
            }
        }
        self.pipeline.appender.spool.release();
        saved?;
        Ok(self.stats())
    }

    /// How the pipeline is doing.
    #[must_use]
    pub fn stats(&self) -> IngestStats {
        self.pipeline.stats()
    }
}
