//! The ingest pipeline: spool, group commit, delivery to each sink, dead letters.

mod dead_letters;
mod open;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tradekeep_store_traits::{Records, Table};

use crate::appender::{Appended, Appender};
use crate::codec;
use crate::config::Level;
use crate::dead_letter::DeadLetters;
use crate::deliver::sink::{LaneState, Sink};
use crate::error::{IngestError, Result};
use crate::flush::FlushSignal;
use crate::receipt::Receipt;
use crate::shutdown::Shutdown;
use crate::spool::cursors::{Cursors, SinkCursors};
use crate::stats::{IngestStats, LaneStats, SinkStats};

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

/// What all parts of an ingest share.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) appender: Arc<Appender>,
    pub(crate) sinks: Vec<Arc<Sink>>,
    pub(crate) dead: Arc<DeadLetters>,
    pub(crate) flush: FlushSignal,
    pub(crate) shutdown: Shutdown,
    /// Held by replays, purges and trims, so that one of them runs at a time.
    pub(crate) maintenance: Mutex<()>,
    lanes: Vec<(Arc<LaneState>, u64, crate::notifier::Subscriber)>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
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
        let level = Level::of(records.table());
        self.append_at(&records, level).await
    }

    /// As [`append`](Self::append), with what is promised when it has answered.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub async fn append_at(&self, records: &Records, level: Level) -> Result<Receipt> {
        if records.is_empty() {
            return Ok(self.receipt(records, Appended::From(0)));
        }
        let appended = self.pipeline.appender.append_in_time(records).await?;
        let receipt = self.receipt(records, appended);
        if level == Level::Synced {
            receipt.synced().await?;
        }
        Ok(receipt)
    }

    /// Takes records at once, where there is room, without a word about a loss of power. It does a
    /// write to the system's page cache, and nothing that waits.
    ///
    /// # Errors
    /// As [`append`](Self::append); `Full` at once.
    pub fn try_append(&self, records: &Records) -> Result<Receipt> {
        if records.is_empty() {
            return Ok(self.receipt(records, Appended::From(0)));
        }
        let appended = self.pipeline.appender.append_now(records)?;
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
            for (lane, ..) in &self.pipeline.lanes {
                // What is not of this table has no number here.
                let kind = codec::kind(lane.table);
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
        for (lane, ..) in &self.pipeline.lanes {
            lane.resume.notify_one();
        }
    }

    /// Takes no more records, delivers what is left for `patience` at most, makes the rest durable and
    /// lets go of the spool. Answers how things stand then: what is pending stays in the spool, and is
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
        let pipeline = Arc::clone(&self.pipeline);
        let last = tokio::task::spawn_blocking(move || {
            // A replay, or a trim, that was begun on another thread is finished first.
            let _maintenance = pipeline.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
            pipeline.dead.close();
            pipeline.appender.committer.close();
            let saved = pipeline.appender.spool.save_cursors(&pipeline.cursors());
            pipeline.appender.spool.release();
            saved
        });
        last.await.map_err(|_| IngestError::Closed)??;
        Ok(self.stats())
    }

    /// How the pipeline is doing.
    #[must_use]
    pub fn stats(&self) -> IngestStats {
        self.pipeline.stats()
    }
}

impl Drop for Pipeline {
    /// Without a shutdown: delivery ends where it is, as if the process had.
    fn drop(&mut self) {
        self.shutdown.trigger();
        for task in self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

impl Pipeline {
    /// Has `task` aborted when the pipeline is shut down or dropped.
    fn track(&self, task: JoinHandle<()>) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// How far every sink has come.
    pub(crate) fn cursors(&self) -> Cursors {
        let mut cursors = Cursors { version: 1, ..Cursors::default() };
        for sink in &self.sinks {
            let tables =
                sink.lanes.iter().map(|lane| (lane.table.as_str().to_owned(), lane.cursor()));
            let entry = SinkCursors { name: sink.name.clone(), tables: tables.collect() };
            cursors.sinks.insert(sink.id.as_str().to_owned(), entry);
        }
        for table in Table::ALL {
            let dropped = self.appender.dropped(*table);
            if dropped > 0 {
                cursors.dropped.insert(table.as_str().to_owned(), dropped);
            }
        }
        cursors
    }

    pub(crate) fn stats(&self) -> IngestStats {
        let spool = &self.appender.spool;
        let (bytes, segments) = spool.log.size();
        let (stream, epoch) = spool.stream_text();
        let mut lanes = self.lanes.iter();
        let sinks = self.sinks.iter().map(|sink| {
            let lanes = lanes.by_ref().take(sink.lanes.len());
            SinkStats {
                id: sink.id.clone(),
                name: sink.name.clone(),
                breaker_open: sink.breaker.is_open(),
                lanes: lanes
                    .map(|(lane, backlog, arrivals)| Self::lane(lane, *backlog, arrivals.count()))
                    .collect(),
            }
        });
        let sinks = sinks.collect();
        let dropped = Table::ALL.iter().map(|table| (*table, self.appender.dropped(*table)));
        IngestStats {
            stream,
            epoch,
            last_seq: spool.log.end().last_seq,
            bytes,
            segments,
            dead_letters: self.dead.count().0,
            dropped: dropped.filter(|(_, count)| *count > 0).collect(),
            damaged: spool.damaged(),
            sinks,
        }
    }

    /// How a lane is doing that began with `backlog` records to deliver, and got `arrived` more since. All
    /// is read at one moment, so that it adds up.
    fn lane(lane: &LaneState, backlog: u64, arrived: u64) -> LaneStats {
        let cursor = lane.cursor();
        LaneStats {
            table: lane.table,
            cursor: cursor.seq,
            accepted: lane.accepted + arrived,
            before: cursor.before,
            applied: cursor.applied,
            dead: cursor.dead,
            pending: (backlog + arrived).saturating_sub(lane.done_at(cursor)),
            status: lane.status().clone(),
        }
    }
}
