//! Releasing the lease: a thread closes the database between two operations where another process waits,
//! and soon also when there are none.

use std::sync::Arc;
use std::sync::{MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tradekeep_store_traits::{ErrorKind, Failure, Inner};

use super::{Access, Database, Phase, REACQUIRE_DELAY, Stamp, State, open, wal};

/// How often the thread looks whether another process waits, while no operation ends.
const LOOK: Duration = Duration::from_millis(5);

/// A lease to write is kept this many times as long as closing and opening again took, so that most of
/// the time is spent writing on any machine; and between these bounds, so that nobody waits for long.
const WORTH: u32 = 3;
const WRITING: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(400));

/// A lease to read is kept so long while one read follows another: the pages of a long answer share an
/// opening.
const READING: Duration = Duration::from_millis(100);

/// A process that began no operation for so long after the last one releases the lease at once.
const IDLE: Duration = Duration::from_millis(8);
const IDLE_WRITER: Duration = Duration::from_millis(20);

/// A write-ahead log up to this size is not checkpointed before the release: reading it again takes the
/// next two openings 12 ms a megabyte, while a checkpoint takes 30 ms at least and writes the last row group anew.
const SMALL_LOG: u64 = 1 << 20;

/// Starts the thread that closes the database and releases the lease. It ends with `database.close()`.
pub(super) fn start_thread(database: &Arc<Database>) -> Inner<()> {
    if database.file.is_none() {
        return Ok(());
    }
    let database = Arc::clone(database);
    let started = thread::Builder::new().name("tradekeep-lease".into()).spawn(move || {
        let mut state = database.lock();
        while !state.closed {
            state = match &state.phase {
                Phase::Open(..) if state.releasing && state.running == 0 => {
                    database.close_and_release(state)
                }
                Phase::Open(..) if state.releasing => database.wait(state),
                Phase::Open(..) if database.should_release(&state) => {
                    state.releasing = true;
                    state
                }
                Phase::Open(..) => {
                    let looked = database.changed.wait_timeout(state, LOOK);
                    looked.unwrap_or_else(PoisonError::into_inner).0
                }
                Phase::Released | Phase::Switching => database.wait(state),
            };
        }
    });
    started.map(drop).map_err(|error| {
        Failure::new(ErrorKind::Connection, "a thread could not be started").with_source(error)
    })
}

impl Database {
    /// Whether it is time to release the lease. The operation that opened the database has begun before
    /// this is asked.
    pub(super) fn should_release(&self, state: &State) -> bool {
        let Phase::Open(access, _) = &state.phase else { return false };
        // Without lock files no other process can say that it waits: it is released after each operation.
        let Some(lease) = self.lease() else { return self.file.is_some() && state.running == 0 };
        let (least, idle) = match access {
            Access::Read => (READING, IDLE),
            Access::Write => {
                let worth = (state.closing + state.opening) * WORTH;
                (worth.clamp(WRITING.0, WRITING.1), IDLE_WRITER)
            }
        };
        let idles = state.running == 0 && state.used_at.is_some_and(|at| at.elapsed() >= idle);
        (idles || state.opened_at.elapsed() >= least) && lease.is_contended()
    }

    /// Closes the database and releases the lease.
    fn close_and_release<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let phase = std::mem::replace(&mut state.phase, Phase::Switching);
        let connections = (state.writer.take(), std::mem::take(&mut state.idle));
        let is_replaced = self.is_replaced(&state);
        // Where there was none, somebody has made it by now.
        let is_told = is_replaced && state.opened.is_some();
        drop(state);
        let start = Instant::now();
        drop(connections);
        let yields = self.lease().is_some_and(super::Lease::is_contended);
        if is_told {
            tracing::warn!(
                file = ?self.file,
                "another file, or none, is where the database was that is open: it is opened again"
            );
        }
        if is_replaced {
            drop(phase);
        } else {
            self.close_last(phase);
        }
        let left = self.file.as_deref().filter(|_| !is_replaced).map(Stamp::of);
        self.release_lease();
        let mut state = self.lock();
        state.left = left;
        state.phase = Phase::Released;
        state.closing = start.elapsed();
        state.reacquire_after = yields.then(|| Instant::now() + REACQUIRE_DELAY);
        state.releasing = false;
        self.changed.notify_all();
        state
    }

    /// Closes the last connection, after a checkpoint where that makes the next opening cheaper.
    fn close_last(&self, phase: Phase) {
        let Phase::Open(Access::Write, origin) = phase else { return };
        let log = self.file.as_deref().and_then(|file| wal::path(file).metadata().ok());
        if log.is_some_and(|log| log.len() > SMALL_LOG) {
            // Where it fails nothing is lost: the log has all that was committed.
            open::checkpoint(&origin).unwrap_or_else(|error| {
                tracing::warn!(%error, "no checkpoint when giving way: opening will take longer");
            });
        }
        self.durable.refresh(&origin);
    }
}
