//! Appending: records go into the spool, and the committer and the lanes are told of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tradekeep_models::Timestamp;
use tradekeep_store_traits::{Records, Table};

use crate::commit::Committer;
use crate::config::{IngestConfig, WhenFull};
use crate::error::{IngestError, Result};
use crate::notifier::Notifier;
use crate::spool::Spool;

/// Between two tries for room, where no notification of some comes.
const POLL: Duration = Duration::from_millis(50);
/// A guess at the bytes of a record: only to know when enough was appended for a sync.
const RECORD_BYTES: usize = 128;

#[derive(Debug)]
pub(crate) struct Appender {
    pub(crate) spool: Arc<Spool>,
    pub(crate) committer: Committer,
    pub(crate) config: Arc<IngestConfig>,
    /// In the order of [`Table::ALL`].
    notifiers: Vec<Notifier>,
    dropped: Vec<AtomicU64>,
    closed: AtomicBool,
    /// Notified when the spool has become smaller.
    pub(crate) room: Notify,
    /// Appends that wait for that.
    waiting: AtomicU64,
}

/// What became of records that were to be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appended {
    /// They are in the spool, from this number on.
    From(u64),
    /// They were counted and not kept.
    Dropped,
}

/// Counts an append that waits for room, until it is dropped: its future may be dropped too.
struct Waiting<'a>(&'a AtomicU64);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicU64) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Appender {
    pub(crate) fn new(
        spool: Arc<Spool>,
        committer: Committer,
        config: Arc<IngestConfig>,
        notifiers: Vec<Notifier>,
        dropped: impl Fn(Table) -> u64,
    ) -> Self {
        let dropped = Table::ALL.iter().map(|table| dropped(*table).into()).collect();
        let (closed, room, waiting) = (AtomicBool::new(false), Notify::new(), AtomicU64::new(0));
        Self { spool, committer, config, notifiers, dropped, closed, room, waiting }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.spool.now()).unwrap_or(Timestamp::MIN)
    }

    /// Takes records at once, whatever room there is.
    pub(crate) fn append(&self, records: &Records) -> Result<u64> {
        self.append_after(records, |_| Ok(()))
    }

    /// As [`append`](Self::append); `before` is told the first number before anything is written.
    pub(crate) fn append_after(
        &self,
        records: &Records,
        before: impl FnMut(u64) -> std::io::Result<()>,
    ) -> Result<u64> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(IngestError::Closed);
        }
        let count = records.len() as u64;
        let first = self.spool.append(records, before)?;
        self.committer.appended(first + count - 1, records.len() * RECORD_BYTES);
        if let Some(notifier) = self.notifiers.get(records.table() as usize) {
            notifier.notify(count);
        }
        Ok(first)
    }

    /// Takes records if there is room, and does with them otherwise what is configured.
    pub(crate) async fn append_in_time(&self, records: &Records) -> Result<Appended> {
        let patience = match self.config.when_full {
            WhenFull::Reject => Duration::ZERO,
            WhenFull::Block(patience) | WhenFull::DropMeasurements(patience) => patience,
        };
        let started = Instant::now();
        loop {
            let error = match self.append_now(records) {
                Err(error) if error.is_full() => error,
                done => return done,
            };
            if started.elapsed() >= patience {
                return Err(error.after(started.elapsed()));
            }
            let _waiting = Waiting::new(&self.waiting);
            let left = patience.saturating_sub(started.elapsed());
            tokio::select! {
                () = self.room.notified() => {}
                () = sleep(POLL.min(left)) => {}
            }
        }
    }

    /// Takes records if there is room, or says that there is none.
    pub(crate) fn append_now(&self, records: &Records) -> Result<Appended> {
        let (held, _) = self.spool.log.size();
        let most = self.config.max_bytes;
        let outcome = if held >= most {
            Err(IngestError::Full { held, most, waited: Duration::ZERO })
        } else {
            self.append(records).map(Appended::From)
        };
        let table = records.table();
        let may_drop = matches!(self.config.when_full, WhenFull::DropMeasurements(_))
            && matches!(table, Table::Metrics | Table::Latencies);
        match outcome {
            Err(error) if error.is_full() && may_drop => {
                if let Some(dropped) = self.dropped.get(table as usize) {
                    dropped.fetch_add(records.len() as u64, Ordering::SeqCst);
                }
                Ok(Appended::Dropped)
            }
            outcome => outcome,
        }
    }

    /// Whether an append waits for room.
    pub(crate) fn has_waiters(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// Whether there is little room left, or an append waits for some already.
    pub(crate) fn is_short_of_room(&self) -> bool {
        let (held, _) = self.spool.log.size();
        self.has_waiters() || held >= self.config.max_bytes / 4 * 3
    }

    /// Records of a table that were counted and not kept.
    pub(crate) fn dropped(&self, table: Table) -> u64 {
        self.dropped.get(table as usize).map_or(0, |dropped| dropped.load(Ordering::SeqCst))
    }

    /// Takes no more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }
}
