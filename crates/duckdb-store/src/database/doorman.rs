//! Giving way: who waits is let in between two operations, and soon also when there are none.

use std::sync::Arc;
use std::sync::{MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tradekeep_store_traits::{ErrorKind, Result, StoreError};

use super::{Access, COURTESY, Database, Phase, State, log, open};
use crate::STORE;

/// How often the doorman looks whether somebody waits while nothing is done here.
const LOOK: Duration = Duration::from_millis(5);

/// A turn to write lasts this many times what closing and opening again took, so that most of the time
/// is spent writing whatever the machine; and between these bounds, so that nobody waits for long.
const WORTH: u32 = 3;
const WRITING: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(400));

/// A turn to read, while one read follows another: the pages of a long answer share the opening.
const READING: Duration = Duration::from_millis(100);

/// Who did nothing for so long after an operation gives way at once.
const IDLE: Duration = Duration::from_millis(8);
const IDLE_WRITER: Duration = Duration::from_millis(20);

/// A log up to this size is left as it is when giving way: reading it again takes the next two openings
/// 12 ms a megabyte, while a checkpoint takes 30 ms at least and writes the last row group anew.
const SMALL_LOG: u64 = 1 << 20;

/// Starts the thread that closes the database where somebody waits. It ends with `database.close()`.
pub(super) fn start(database: &Arc<Database>) -> Result<()> {
    if database.file.is_none() {
        return Ok(());
    }
    let database = Arc::clone(database);
    let started = thread::Builder::new().name("tradekeep-lease".into()).spawn(move || {
        let mut state = database.lock();
        while !state.closed {
            state = match &state.phase {
                Phase::Open(..) if state.giving_way && state.running == 0 => database.leave(state),
                Phase::Open(..) if state.giving_way => database.wait(state),
                Phase::Open(..) if database.should_give_way(&state) => {
                    state.giving_way = true;
                    state
                }
                Phase::Open(..) => {
                    let looked = database.changed.wait_timeout(state, LOOK);
                    looked.unwrap_or_else(PoisonError::into_inner).0
                }
                Phase::Away | Phase::Moving => database.wait(state),
            };
        }
    });
    started.map(drop).map_err(|error| {
        StoreError::new(ErrorKind::Connection, STORE, "open", "a thread could not be started")
            .with_source(error)
    })
}

impl Database {
    /// Whether it is time to let another process have the database. Whoever opened it has begun its
    /// operation before anybody asks.
    pub(super) fn should_give_way(&self, state: &State) -> bool {
        let Phase::Open(access, _) = &state.phase else { return false };
        // Where no lock can be had nobody can tell that they wait.
        let Some(lease) = &self.lease else { return self.file.is_some() && state.running == 0 };
        let (least, idle) = match access {
            Access::Read => (READING, IDLE),
            Access::Write => {
                let worth = (state.closing + state.opening) * WORTH;
                (worth.clamp(WRITING.0, WRITING.1), IDLE_WRITER)
            }
        };
        let idles = state.running == 0 && state.used_at.is_some_and(|at| at.elapsed() >= idle);
        (idles || state.opened_at.elapsed() >= least) && lease.somebody_waits()
    }

    /// Closes the database and ends the turn.
    fn leave<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let phase = std::mem::replace(&mut state.phase, Phase::Moving);
        let connections = (state.writer.take(), std::mem::take(&mut state.idle));
        drop(state);
        let start = Instant::now();
        drop(connections);
        let yields = self.lease.as_ref().is_some_and(super::Lease::somebody_waits);
        self.put_away(phase);
        self.end_turn();
        let mut state = self.lock();
        state.phase = Phase::Away;
        state.closing = start.elapsed();
        state.courtesy = yields.then(|| Instant::now() + COURTESY);
        state.giving_way = false;
        self.changed.notify_all();
        state
    }

    /// Closes the last connection, after a checkpoint where that is cheaper for who comes next.
    fn put_away(&self, phase: Phase) {
        let Phase::Open(Access::Write, origin) = phase else { return };
        let log = self.file.as_deref().and_then(|file| log::of(file).metadata().ok());
        if log.is_some_and(|log| log.len() > SMALL_LOG) {
            // The log stays, and holds all that was committed.
            open::checkpoint(&origin, "give way").unwrap_or_else(|error| {
                tracing::warn!(%error, "no checkpoint when giving way: opening will take longer");
            });
        }
        self.durable.look(&origin);
    }
}
