//! The database of a store: open while it is this process's turn, closed while it is another's.
//!
//! Operations check a connection out and give it back. The first one after a while away opens the
//! database, waiting for the turn; the doorman (`database/doorman.rs`) closes it between operations
//! where somebody waits.

mod doorman;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use duckdb::Connection;
use tradekeep_store_traits::{Act, ErrorKind, Result, StoreError, Trouble};

use crate::claim::{self, Claim};
use crate::error::classify;
use crate::lease::{Access, COURTESY, Lease};
use crate::open::{self, Opened, Opening};
use crate::{DuckDbConfig, STORE, log};

/// Troubles remembered for health: the first ones, since later ones mostly follow from them.
const TROUBLES: usize = 8;

#[derive(Debug)]
pub(crate) struct Database {
    config: DuckDbConfig,
    /// Nothing when in memory.
    file: Option<PathBuf>,
    /// Nothing when in memory, or in a folder that may not be written.
    lease: Option<Lease>,
    state: Mutex<State>,
    changed: Condvar,
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
            first: true,
            troubles: Vec::new(),
            closed: false,
            claim,
        };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let database = Arc::new(Self { config, file, lease, state, changed });
        drop(database.enter(database.lock(), Access::Read, database.config.open_wait())?);
        doorman::start(&database)?;
        Ok(database)
    }

    /// A connection for one operation, once it is this process's turn.
    pub(crate) fn check_out(&self, access: Access) -> Result<Lent<'_>> {
        let mut patience = self.config.open_wait();
        let mut state = self.lock();
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
                Err(error)
            }
        };
        self.changed.notify_all();
        outcome.map(|()| state)
    }

    fn enter_and_open(&self, wanted: Access, first: bool, deadline: Instant) -> Result<Entered> {
        let Some(file) = &self.file else {
            let opened = open::in_memory(&self.config)?;
            return Ok(Entered {
                access: Access::Write,
                opened,
                alone: true,
                opening: Duration::ZERO,
            });
        };
        let mendable = self.may_write();
        let opening = Opening { config: &self.config, file, first, deadline };
        if wanted == Access::Read {
            self.take_turn(Access::Read, deadline)?;
            let start = Instant::now();
            match opening.for_reading(mendable).inspect_err(|_| self.end_turn())? {
                Some(opened) => {
                    let access = Access::Read;
                    return Ok(Entered { access, opened, alone: true, opening: start.elapsed() });
                }
                None => self.end_turn(),
            }
        }
        if !mendable {
            return Err(may_not_write(file));
        }
        let alone = self.take_turn(Access::Write, deadline)?;
        let start = Instant::now();
        let opened = opening.for_writing().inspect_err(|_| self.end_turn())?;
        Ok(Entered { access: Access::Write, opened, alone, opening: start.elapsed() })
    }

    fn take_turn(&self, access: Access, deadline: Instant) -> Result<bool> {
        self.lease.as_ref().map_or(Ok(false), |lease| lease.enter(access, deadline))
    }

    fn end_turn(&self) {
        if let Some(lease) = &self.lease {
            lease.leave();
        }
    }

    /// Whether the database may be written, as far as the rights to its files tell.
    pub(crate) fn may_write(&self) -> bool {
        use rustix::fs::{Access as Right, access};
        let Some(file) = &self.file else { return true };
        // Asked of the system: opening the file would end DuckDB's lock on it.
        self.lease.as_ref().is_some_and(Lease::may_write)
            && file.parent().is_some_and(|folder| access(folder, Right::WRITE_OK).is_ok())
    }

    /// Whether it is open to write at this moment.
    pub(crate) fn is_writing(&self) -> bool {
        matches!(self.lock().phase, Phase::Open(Access::Write, _))
    }

    /// Connections kept for the next read.
    pub(crate) fn idle(&self) -> usize {
        self.lock().idle.len()
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

/// What a turn begins with.
struct Entered {
    access: Access,
    opened: Opened,
    /// Whether no other process may have written since this one last did.
    alone: bool,
    /// What opening took, after the wait for the turn.
    opening: Duration,
}

/// A connection for one operation, given back when dropped.
#[derive(Debug)]
pub(crate) struct Lent<'a> {
    database: &'a Database,
    access: Access,
    /// What was known of the tables in another era may be wrong.
    pub(crate) era: u64,
    /// Nothing while the operation owns it; it ends with an operation that breaks off.
    pub(crate) connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let connection = self.connection.take().filter(|_| !thread::panicking());
        let (_, kept) = self.database.config.readers();
        let mut state = self.database.lock();
        match connection {
            Some(connection) if self.access == Access::Write => state.writer = Some(connection),
            Some(connection) if state.idle.len() < kept => state.idle.push(connection),
            // Before it counts as ended: nothing of the database may be open then.
            other => drop(other),
        }
        state.running -= 1;
        state.used_at = Some(Instant::now());
        let leaves = state.closed || state.giving_way || self.database.should_give_way(&state);
        state.giving_way = leaves;
        if leaves && state.running == 0 {
            self.database.changed.notify_all();
        }
    }
}

pub(crate) fn closed(op: &'static str) -> StoreError {
    StoreError::new(ErrorKind::Connection, STORE, op, "the store is closed: open it again")
}

fn may_not_write(file: &std::path::Path) -> StoreError {
    let context = format!(
        "{}: the database may not be written: ask for the right to write to its folder",
        file.display()
    );
    StoreError::new(ErrorKind::Authentication, STORE, "open", context).with_act(Act::Halt)
}
