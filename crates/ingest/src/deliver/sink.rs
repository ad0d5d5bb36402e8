//! A store that gets what is in the spool, and how far it has come.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tradekeep_store_traits::{Position, RecordSink, Run, Table};

use super::breaker::Breaker;
use crate::notifier::Subscriber;
use crate::spool::cursors::Cursor;

/// What a spool knows a sink by: its scheme, and a hash of scheme, host and database. What changes
/// nothing about where records go, like credentials, is not in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SinkId(String);

impl SinkId {
    /// Of the database `database` (or its folder) on `host` (empty where there is none).
    ///
    /// ```
    /// use tradekeep_ingest::SinkId;
    ///
    /// let id = SinkId::of("duckdb", "", "/data/tradekeep-data");
    /// assert!(id.as_str().starts_with("duckdb-") && id.as_str().len() == 19);
    /// ```
    #[must_use]
    pub fn of(scheme: &str, host: &str, database: &str) -> Self {
        let hash = blake3::hash(format!("{scheme}\n{host}\n{database}").as_bytes());
        Self(format!("{scheme}-{}", &hash.to_hex()[..12]))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A store that is to have records, for [`Ingest::open`](crate::Ingest::open). It carries no retry
/// layer: delivery does that itself.
#[derive(Clone)]
pub struct SinkConfig {
    /// What the spool knows it by.
    pub id: SinkId,
    /// What people know it by: its URL without secrets.
    pub name: String,
    /// The store.
    pub sink: Arc<dyn RecordSink>,
    /// The tables that it is to have.
    pub tables: Vec<Table>,
    /// Whether, when it is new, it only gets what comes from now on, instead of all that is held.
    pub from_now: bool,
}

impl fmt::Debug for SinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkConfig")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}

/// How a lane is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LaneStatus {
    /// Nothing is wrong.
    Delivering,
    /// The store does not take records for a reason that may pass.
    Retrying {
        /// What it says.
        reason: String,
    },
    /// The store does not take records until an operator repairs it.
    Halted {
        /// What it says.
        reason: String,
    },
}

impl LaneStatus {
    /// Its word: `delivering`, `retrying` or `halted`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Delivering => "delivering",
            Self::Retrying { .. } => "retrying",
            Self::Halted { .. } => "halted",
        }
    }

    /// What the store says, where something is wrong.
    #[must_use]
    pub const fn reason(&self) -> Option<&String> {
        match self {
            Self::Delivering => None,
            Self::Retrying { reason } | Self::Halted { reason } => Some(reason),
        }
    }
}

/// A sink at work.
pub(crate) struct Sink {
    pub(crate) id: SinkId,
    pub(crate) name: String,
    pub(crate) store: Arc<dyn RecordSink>,
    pub(crate) breaker: Breaker,
    /// Who this spool is to it, as long as it is open.
    pub(crate) run: Run,
    pub(crate) lanes: Vec<Arc<LaneState>>,
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Sink {
    /// Whether it keeps a watermark of a stream's records of `table`.
    pub(crate) fn has_watermarks(&self, table: Table) -> bool {
        self.store.capabilities(table).watermarks
    }

    /// Whether another copy of this spool was seen to deliver to it.
    pub(crate) fn is_copied(&self) -> bool {
        self.lanes.iter().any(|lane| lane.cursor().copied)
    }
}

/// One table of a sink: what others may know of its lane.
#[derive(Debug)]
pub(crate) struct LaneState {
    pub(crate) table: Table,
    cursor: watch::Sender<Cursor>,
    /// Records that the spool had ever accepted when it began.
    pub(crate) accepted: u64,
    /// Records in the spool that the sink had not got when it began.
    pub(crate) backlog: u64,
    /// Records since then.
    pub(crate) arrivals: Subscriber,
    /// Records that it was done with when it began.
    done_before: u64,
    /// Records that went bad since, before they could be delivered.
    lost: AtomicU64,
    /// The last record that the sink took; more than any before it is asked.
    last_applied: AtomicU64,
    status: Mutex<LaneStatus>,
    /// Which store it is, and how far it had come when it was last asked; nothing before the first time.
    position: Mutex<Option<Position>>,
    /// Whether somebody else saw that the sink stands elsewhere than it did.
    moved: AtomicBool,
    /// Notified when an operator wants it to try again now.
    pub(crate) resume: Notify,
}

impl LaneState {
    pub(crate) fn new(
        table: Table,
        cursor: Cursor,
        position: Option<Position>,
        accepted: u64,
        backlog: u64,
        arrivals: Subscriber,
    ) -> Self {
        Self {
            table,
            position: Mutex::new(position),
            cursor: watch::Sender::new(cursor),
            accepted,
            backlog,
            arrivals,
            done_before: cursor.applied + cursor.dead,
            lost: AtomicU64::new(0),
            last_applied: AtomicU64::new(u64::MAX),
            status: Mutex::new(LaneStatus::Delivering),
            moved: AtomicBool::new(false),
            resume: Notify::new(),
        }
    }

    pub(crate) fn cursor(&self) -> Cursor {
        *self.cursor.borrow()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Cursor> {
        self.cursor.subscribe()
    }

    /// Records it is done with since it began.
    pub(crate) fn done(&self) -> u64 {
        self.done_at(self.cursor())
    }

    /// Records it was done with when its cursor was there.
    pub(crate) fn done_at(&self, cursor: Cursor) -> u64 {
        cursor.applied + cursor.dead + self.lost.load(Ordering::SeqCst) - self.done_before
    }

    /// All records of the lane: its backlog, and those that arrived since.
    pub(crate) fn total(&self) -> u64 {
        self.backlog + self.arrivals.count()
    }

    /// Waits until there are `total` records of the lane.
    pub(crate) async fn wait_for(&self, total: u64) {
        self.arrivals.wait_for(total.saturating_sub(self.backlog)).await;
    }

    /// All up to `seq` is done with: so many more are stored, `inserted` of which were new, and so many more are
    /// dead.
    pub(crate) fn advance(&self, seq: u64, applied: u64, inserted: u64, dead: u64) {
        self.cursor.send_modify(|cursor| {
            cursor.seq = cursor.seq.max(seq);
            cursor.applied += applied;
            cursor.inserted += inserted;
            cursor.dead += dead;
        });
    }

    /// The sink has this record, and everything before that is not dead.
    pub(crate) fn applied(&self, seq: u64) {
        self.last_applied.store(seq, Ordering::SeqCst);
        self.cursor.send_modify(|cursor| cursor.stored = seq);
    }

    /// It is not known what the sink has, before it was asked.
    pub(crate) fn unknown(&self) {
        self.last_applied.store(u64::MAX, Ordering::SeqCst);
    }

    /// Whether it is known what the sink has.
    pub(crate) fn is_known(&self) -> bool {
        self.last_applied.load(Ordering::SeqCst) != u64::MAX
    }

    /// Another copy of this spool delivers to the sink.
    pub(crate) fn copied(&self) {
        self.cursor.send_modify(|cursor| cursor.copied = true);
    }

    /// The sink stands elsewhere than it did: the lane has to ask.
    pub(crate) fn set_moved(&self, moved: bool) {
        self.moved.store(moved, Ordering::SeqCst);
    }

    pub(crate) fn has_moved(&self) -> bool {
        self.moved.load(Ordering::SeqCst)
    }

    /// Where the sink stood when it was last asked.
    pub(crate) fn position(&self) -> Option<Position> {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sink stands there by now.
    pub(crate) fn set_position(&self, position: Position) {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = Some(position);
    }

    /// So many records that the sink had were rejected when they were sent again.
    pub(crate) fn applied_became_dead(&self, records: u64) {
        self.cursor.send_modify(|cursor| {
            let records = records.min(cursor.applied);
            cursor.applied -= records;
            cursor.dead += records;
        });
    }

    /// The last record that the spool may forget, where the sink cannot lose any up to `durable`.
    pub(crate) fn safe(&self, durable: u64) -> u64 {
        let cursor = self.cursor().seq;
        // Between the last one it took and the cursor there are only dead letters.
        if durable >= self.last_applied.load(Ordering::SeqCst) {
            cursor
        } else {
            durable.min(cursor)
        }
    }

    /// So many records that were there, up to `seq`, went bad before they could be delivered: nobody
    /// is to wait for them.
    pub(crate) fn lost(&self, seq: u64, records: u64) {
        self.lost.fetch_add(records, Ordering::SeqCst);
        self.advance(seq, 0, 0, 0);
    }

    pub(crate) fn status(&self) -> MutexGuard<'_, LaneStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how it is doing; answers how it was.
    pub(crate) fn set_status(&self, status: LaneStatus) -> LaneStatus {
        std::mem::replace(&mut *self.status(), status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::Notifier;

    fn lane(cursor: Cursor, accepted: u64) -> LaneState {
        LaneState::new(Table::Ticks, cursor, None, accepted, 0, Notifier::default().subscribe())
    }

    #[test]
    fn what_is_sent_again_is_not_forgotten() {
        let cursor = Cursor { seq: 90, applied: 90, ..Cursor::default() };
        let lane = lane(cursor, 90);
        assert_eq!(lane.safe(40), 40, "it is not known yet which was the last it took");
        lane.applied(40);
        assert_eq!(lane.safe(40), 90, "the rest are dead letters");
        lane.applied(60);
        assert_eq!(lane.safe(40), 40);
        lane.applied_became_dead(3);
        assert_eq!((lane.cursor().applied, lane.cursor().dead, lane.done()), (87, 3, 0));
    }
    #[test]
    fn what_went_bad_is_done_with_and_nowhere() {
        let cursor = Cursor { seq: 90, applied: 80, dead: 10, ..Cursor::default() };
        let lane = lane(cursor, 95);
        lane.lost(95, 3);
        assert_eq!((lane.done(), lane.cursor()), (3, Cursor { seq: 95, ..cursor }));
        lane.advance(97, 1, 1, 1);
        assert_eq!((lane.done(), lane.cursor().seq), (5, 97));
    }
}
