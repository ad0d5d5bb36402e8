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

    /// Appends records where there is room, and waits for room as long as is configured.
    pub(crate) async fn append(&self, records: &Records) -> Result<Appended> {
        let patience = match self.config.when_full {
            WhenFull::Reject => Duration::ZERO,
            WhenFull::Block(patience) | WhenFull::DropMeasurements(patience) => patience,
        };
        let started = Instant::now();
        loop {
            let error = match self.try_append(records) {
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

    /// Appends records where there is room, and is refused otherwise.
    pub(crate) fn try_append(&self, records: &Records) -> Result<Appended> {
        if records.is_empty() {
            return Ok(Appended::From(0));
        }
        let appended = self.admit().and_then(|()| self.spool.append(records, |_| Ok(())));
        self.finish(records, appended)
    }

    /// Appends records at once, whatever room there is, and answers the number of the first. `before` is
    /// told that number before anything is written.
    pub(crate) fn append_always(
        &self,
        records: &Records,
        before: impl FnMut(u64) -> std::io::Result<()>,
    ) -> Result<u64> {
        self.ensure_open()?;
        let first = self.spool.append(records, before)?;
        self.announce(records, first);
        Ok(first)
    }

    /// Whether records may be appended now.
    fn admit(&self) -> Result<()> {
        self.ensure_open()?;
        let ((held, next), most) = (self.spool.log.disk(), self.config.max_bytes);
        if held + next > most {
            return Err(IngestError::Full { held, most, waited: Duration::ZERO });
        }
        Ok(())
    }

    /// Announces what was appended; where there was no room, drops what may be dropped.
    fn finish(&self, records: &Records, appended: Result<u64>) -> Result<Appended> {
        let table = records.table();
        let may_drop = matches!(self.config.when_full, WhenFull::DropMeasurements(_))
            && matches!(table, Table::Metrics | Table::Latencies);
        match appended {
            Ok(first) => {
                self.announce(records, first);
                Ok(Appended::From(first))
            }
            Err(error) if error.is_full() && may_drop => {
                if let Some(dropped) = self.dropped.get(table as usize) {
                    dropped.fetch_add(records.len() as u64, Ordering::SeqCst);
                }
                Ok(Appended::Dropped)
            }
            Err(error) => Err(error),
        }
    }

    /// Tells the committer and the lanes of records that were appended, numbered from `first` on.
    fn announce(&self, records: &Records, first: u64) {
        let count = records.len() as u64;
        self.committer.appended(first + count - 1, records.len() * RECORD_BYTES);
        if let Some(notifier) = self.notifiers.get(records.table() as usize) {
            notifier.notify(count);
        }
    }

    fn ensure_open(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) { Err(IngestError::Closed) } else { Ok(()) }
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
