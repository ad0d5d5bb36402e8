//! The database of a store: open while it is this process's turn, closed while it is another's.
//!
//! Operations check a connection out and give it back. The first one after a while away opens the
//! database, waiting for the turn; the doorman (`database/doorman.rs`) closes it between operations
//! where somebody waits.

mod doorman;
mod lent;
mod turn;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use duckdb::Connection;
use tradekeep_store_traits::{ErrorKind, Result, StoreError, Trouble};

pub(crate) use self::lent::Lent;
use crate::claim::{self, Claim};
use crate::durable::Durable;
use crate::error::classify;
use crate::lease::{Access, COURTESY, Lease};
use crate::open::{self, Opened};
use crate::{DuckDbConfig, STORE, log};

/// Troubles remembered for health: the first ones, since later ones mostly follow from them.
const TROUBLES: usize = 8;

#[derive(Debug)]
pub(crate) struct Database {
    config: DuckDbConfig,
    /// Nothing when in memory.
    file: Option<PathBuf>,
    state: Mutex<State>,
    changed: Condvar,
    durable: Durable,
    /// Nothing when in memory, or in a folder that may not be written. After the connections: fields are
    /// dropped in order.
    lease: Option<Lease>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Operations that have a connection.
    running: usize,
    /// No operation begins any more; the doorman closes the database after the last one.
    giving_way: bool,
    /// Operations that wait to write: who opens the database meanwhile opens it for them too.
    writes_waiting: usize,
    /// The writer's connection, while it is not in use.
    writer: Option<Connection>,
    /// Connections kept for reads.
    idle: Vec<Connection>,
    /// Counts the openings before which another process may have written.
    era: u64,
    opened_at: Instant,
    /// When the last operation of this turn ended.
    used_at: Option<Instant>,
    /// What closing and opening again last took.
    closing: Duration,
    opening: Duration,
    /// Others go first until then.
    courtesy: Option<Instant>,
    /// When opening it last failed.
    refused_at: Option<Instant>,
    first: bool,
    troubles: Vec<Trouble>,
    closed: bool,
    /// Until the database is closed for good.
    claim: Option<Claim>,
}

#[derive(Debug)]
enum Phase {
    /// Others may have it.
    Away,
    /// A thread of ours waits for the turn, opens or closes it.
    Moving,
    /// Further connections are cloned from the one here.
    Open(Access, Connection),
}

impl Database {
    /// Opens the database of `config` for the first time: to read, where it is in order.
    pub(crate) fn open(config: DuckDbConfig) -> Result<Arc<Self>> {
        let file = config.folder().map(open::database_file).transpose()?;
        let claim =
            file.as_deref().map(|file| claim::wait(file, config.open_wait())).transpose()?;
        let lease = config.folder().map(Lease::open).transpose()?.flatten();
        let now = Instant::now();
        let state = State {
            phase: Phase::Away,
            running: 0,
            giving_way: false,
            writes_waiting: 0,
            writer: None,
            idle: Vec::new(),
            era: 0,
            opened_at: now,
            used_at: None,
            closing: Duration::ZERO,
            opening: Duration::ZERO,
            courtesy: None,
            refused_at: None,
            first: true,
            troubles: Vec::new(),
            closed: false,
            claim,
        };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let durable = Durable::of(file.as_deref());
        let database = Arc::new(Self { config, file, state, changed, durable, lease });
        drop(database.enter(database.lock(), Access::Read, database.config.open_wait())?);
        doorman::start(&database)?;
        Ok(database)
    }

    /// A connection for one operation, once it is this process's turn. Who asked before the turn was
    /// last refused has waited enough: what waits in a queue does not wait its whole time one after
    /// another.
    pub(crate) fn check_out(&self, access: Access, asked: Instant) -> Result<Lent<'_>> {
        let mut state = self.lock();
        let waited = state.refused_at.is_some_and(|refused| asked <= refused);
        let mut patience = if waited { Duration::ZERO } else { self.config.open_wait() };
        state.writes_waiting += usize::from(access == Access::Write);
        let outcome = loop {
            match &state.phase {
                _ if state.closed => break Err(closed("open")),
                Phase::Open(held, _) if *held >= access && !state.giving_way => break Ok(()),
                Phase::Away => {
                    let wanted = if state.writes_waiting > 0 { Access::Write } else { access };
                    let since = Instant::now();
                    match self.enter(state, wanted, patience) {
                        Ok(entered) => state = entered,
                        Err(error) => {
                            state = self.lock();
                            break Err(error);
                        }
                    }
                    patience = patience.saturating_sub(since.elapsed());
                }
                Phase::Open(..) => {
                    // To write, it has to be closed and opened again.
                    if !std::mem::replace(&mut state.giving_way, true) {
                        self.changed.notify_all();
                    }
                    state = self.wait(state);
                }
                Phase::Moving => {
                    let since = Instant::now();
                    state = self.wait(state);
                    patience = patience.saturating_sub(since.elapsed());
                }
            }
        };
        state.writes_waiting -= usize::from(access == Access::Write);
        outcome.and_then(|()| self.lend(state, access))
    }

    fn lend(&self, mut state: MutexGuard<'_, State>, access: Access) -> Result<Lent<'_>> {
        let state = &mut *state;
        let Phase::Open(_, origin) = &state.phase else { return Err(closed("open")) };
        let kept = if access == Access::Write { state.writer.take() } else { state.idle.pop() };
        let connection = match kept {
            Some(connection) => connection,
            None => origin.try_clone().map_err(|error| classify("open", error))?,
        };
        state.running += 1;
        Ok(Lent { database: self, access, era: state.era, connection: Some(connection) })
    }

    /// Waits for the turn and opens the database for `wanted`, or for more where that is needed.
    fn enter<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        wanted: Access,
        patience: Duration,
    ) -> Result<MutexGuard<'a, State>> {
        state.phase = Phase::Moving;
        let (first, courtesy) = (state.first, state.courtesy.take());
        drop(state);
        if let Some(rest) = courtesy.and_then(|until| until.checked_duration_since(Instant::now()))
        {
            thread::sleep(rest);
        }
        let entered = self.enter_and_open(wanted, first, Instant::now() + patience);
        let mut state = self.lock();
        let outcome = match entered {
            Ok(entered) => {
                let Opened { connection, trouble } = entered.opened;
                state.phase = Phase::Open(entered.access, connection);
                state.era += u64::from(!entered.alone);
                (state.opened_at, state.opening) = (Instant::now(), entered.opening);
                (state.giving_way, state.used_at) = (false, None);
                state.first = false;
                let room = TROUBLES - state.troubles.len().min(TROUBLES);
                state.troubles.extend(trouble.into_iter().take(room));
                Ok(())
            }
            Err(error) => {
                state.phase = Phase::Away;
                state.refused_at = Some(Instant::now());
                Err(error)
            }
        };
        self.changed.notify_all();
        outcome.map(|()| state)
    }

    /// Whether it is open to write at this moment.
    pub(crate) fn is_writing(&self) -> bool {
        matches!(self.lock().phase, Phase::Open(Access::Write, _))
    }

    /// Connections kept for the next read.
    pub(crate) fn idle(&self) -> usize {
        self.lock().idle.len()
    }

    /// What of the streams is in its file.
    pub(crate) const fn durable(&self) -> &Durable {
        &self.durable
    }

    /// What had to be done to open it.
    pub(crate) fn troubles(&self) -> Vec<Trouble> {
        self.lock().troubles.clone()
    }

    /// Waits for the operations under way, and closes it for good.
    pub(crate) fn close(&self) -> Result<()> {
        let mut state = self.lock();
        state.closed = true;
        self.changed.notify_all();
        while state.running > 0 || matches!(state.phase, Phase::Moving) {
            state = self.wait(state);
        }
        let phase = std::mem::replace(&mut state.phase, Phase::Moving);
        let connections = (state.writer.take(), std::mem::take(&mut state.idle));
        drop(state);
        drop(connections);
        let checkpointed = match &phase {
            Phase::Open(Access::Write, origin) => open::checkpoint(origin, "close"),
            _ => Ok(()),
        };
        let was_open = matches!(phase, Phase::Open(..));
        drop(phase);
        if was_open {
            self.end_turn();
        }
        let mut state = self.lock();
        state.phase = Phase::Away;
        state.claim = None;
        self.changed.notify_all();
        checkpointed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn closed(op: &'static str) -> StoreError {
    StoreError::new(ErrorKind::Connection, STORE, op, "the store is closed: open it again")
}
