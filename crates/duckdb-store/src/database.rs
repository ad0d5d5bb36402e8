//! The database of a store: open while this process has the lease, closed while another has it.
//!
//! Operations check a connection out of the pool and give it back. An operation that finds the database
//! closed acquires the lease and opens it (`database/acquire.rs`). A thread closes it between operations
//! and releases the lease where another process waits (`database/release.rs`).

mod acquire;
mod pooled;
mod release;
mod stamp;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use duckdb::Connection;
use tradekeep_store_traits::{ErrorKind, Failure, Inner, Trouble};

pub(crate) use self::pooled::PooledConnection;
use self::stamp::{FileId, Stamp};
use crate::durable::DurableWatermarks;
use crate::error::classify;
use crate::lease::{Access, Lease, REACQUIRE_DELAY};
use crate::open::{self, Opened};
use crate::process_lock::ProcessLock;
use crate::{DuckDbConfig, wal};

/// Troubles remembered for health: the first ones, since later ones mostly follow from them.
const TROUBLES: usize = 8;

#[derive(Debug)]
pub(crate) struct Database {
    config: DuckDbConfig,
    /// Nothing when in memory.
    file: Option<PathBuf>,
    state: Mutex<State>,
    changed: Condvar,
    durable: DurableWatermarks,
    /// Made before the first opening; nothing when in memory, or in a folder that may not be written. After the
    /// connections: fields are dropped in order.
    lease: OnceLock<Option<Lease>>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Operations that have a connection.
    running: usize,
    /// No operation begins any more: the database is closed after the last one, and the lease released.
    releasing: bool,
    /// Operations that wait to write: an operation that opens the database opens it for them too.
    writes_waiting: usize,
    /// The writer's connection, while it is not in use.
    writer: Option<Connection>,
    /// Connections kept for reads.
    idle: Vec<Connection>,
    /// Grows at each opening before which another process may have written.
    generation: u64,
    opened_at: Instant,
    /// When the last operation under this lease ended.
    used_at: Option<Instant>,
    /// What closing and opening again last took.
    closing: Duration,
    opening: Duration,
    /// Other processes may acquire the lease until then, and this one may not.
    reacquire_after: Option<Instant>,
    /// When opening the database last failed.
    refused_at: Option<Instant>,
    first: bool,
    /// The file that is open, or was last.
    opened: Option<FileId>,
    /// The files as this process left them when it closed the database.
    left: Option<Stamp>,
    troubles: Vec<Trouble>,
    closed: bool,
    /// Held until the database is closed for good.
    process_lock: Option<ProcessLock>,
}

#[derive(Debug)]
enum Phase {
    /// It is closed, and another process may have the lease.
    Released,
    /// A thread of this process waits for the lease, opens or closes it.
    Switching,
    /// Further connections are cloned from the one here.
    Open(Access, Connection),
}

impl Database {
    /// The database of `config`, which the first operation opens.
    pub(crate) fn new(config: DuckDbConfig) -> Inner<Arc<Self>> {
        let file = config.folder().map(|folder| folder.join(open::FILE));
        let now = Instant::now();
        let state = State {
            phase: Phase::Released,
            running: 0,
            releasing: false,
            writes_waiting: 0,
            writer: None,
            idle: Vec::new(),
            generation: 0,
            opened_at: now,
            used_at: None,
            closing: Duration::ZERO,
            opening: Duration::ZERO,
            reacquire_after: None,
            refused_at: None,
            first: true,
            opened: None,
            left: None,
            troubles: Vec::new(),
            closed: false,
            process_lock: None,
        };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let durable = DurableWatermarks::new(file.as_deref());
        let lease = OnceLock::new();
        let database = Arc::new(Self { config, file, state, changed, durable, lease });
        release::start_thread(&database)?;
        Ok(database)
    }

    /// A connection for one operation; waits for the lease where that is needed. An operation that was
    /// `asked` for before the last refusal does not wait again: operations in a queue would wait their whole
    /// time one after another.
    pub(crate) fn check_out(&self, access: Access, asked: Instant) -> Inner<PooledConnection<'_>> {
        let mut state = self.lock();
        let waited = state.refused_at.is_some_and(|refused| asked <= refused);
        let mut patience = if waited { Duration::ZERO } else { self.config.open_wait };
        state.writes_waiting += usize::from(access == Access::Write);
        let outcome = loop {
            match &state.phase {
                _ if state.closed => break Err(closed()),
                Phase::Open(held, _)
                    if *held >= access && !state.releasing && !self.is_replaced(&state) =>
                {
                    break Ok(());
                }
                Phase::Released => {
                    let wanted = if state.writes_waiting > 0 { Access::Write } else { access };
                    let since = Instant::now();
                    match self.open_for(state, wanted, patience) {
                        Ok(open) => state = open,
                        Err(error) => {
                            state = self.lock();
                            break Err(error);
                        }
                    }
                    patience = patience.saturating_sub(since.elapsed());
                }
                Phase::Open(..) => {
                    // It is open to read only, is being closed, or is not the file at its path any more: it has
                    // to be opened again.
                    if !std::mem::replace(&mut state.releasing, true) {
                        self.changed.notify_all();
                    }
                    state = self.wait(state);
                }
                Phase::Switching => {
                    let since = Instant::now();
                    state = self.wait(state);
                    patience = patience.saturating_sub(since.elapsed());
                }
            }
        };
        state.writes_waiting -= usize::from(access == Access::Write);
        outcome.and_then(|()| self.take_connection(state, access))
    }

    fn take_connection(
        &self,
        mut state: MutexGuard<'_, State>,
        access: Access,
    ) -> Inner<PooledConnection<'_>> {
        let state = &mut *state;
        let Phase::Open(_, origin) = &state.phase else { return Err(closed()) };
        let kept = if access == Access::Write { state.writer.take() } else { state.idle.pop() };
        let connection = match kept {
            Some(connection) => connection,
            None => origin.try_clone().map_err(classify)?,
        };
        state.running += 1;
        Ok(PooledConnection {
            database: self,
            access,
            generation: state.generation,
            connection: Some(connection),
        })
    }

    /// Whether nothing was ever stored here.
    pub(crate) fn is_absent(&self) -> bool {
        // Not where the system does not say: what may not be looked at is no empty store.
        let is_missing = |path: &Path| {
            fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        };
        self.file.as_deref().is_some_and(|file| is_missing(file) && is_missing(&wal::path(file)))
    }

    /// Makes the folder, and what the first opening needs besides: nobody else of this process may open the
    /// database from then on.
    fn claim(&self, patience: Duration) -> Inner<Option<ProcessLock>> {
        let Some(folder) = self.config.folder() else { return Ok(None) };
        let file = open::database_file(folder)?;
        let lock = ProcessLock::acquire(&file, patience)?;
        if self.lease.get().is_none() {
            let lease = Lease::open(folder)?;
            self.lease.get_or_init(|| lease);
        }
        Ok(Some(lock))
    }

    fn lease(&self) -> Option<&Lease> {
        self.lease.get().and_then(Option::as_ref)
    }

    /// Acquires the lease and opens the database for `wanted`, or to write where it must be repaired first.
    fn open_for<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        wanted: Access,
        patience: Duration,
    ) -> Inner<MutexGuard<'a, State>> {
        state.phase = Phase::Switching;
        let (first, reacquire_after) = (state.first, state.reacquire_after.take());
        let (left, process_lock) = (state.left, state.process_lock.take());
        drop(state);
        if let Some(rest) =
            reacquire_after.and_then(|until| until.checked_duration_since(Instant::now()))
        {
            thread::sleep(rest);
        }
        let deadline = Instant::now() + patience;
        let is_absent = first && wanted == Access::Read && self.is_absent();
        let claimed = match process_lock {
            None if !is_absent => self.claim(patience),
            claimed => Ok(claimed),
        };
        let (process_lock, acquired) = match claimed {
            Ok(lock) if is_absent => (lock, self.open_nothing()),
            Ok(lock) => (lock, self.acquire_and_open(wanted, first, left, deadline)),
            Err(error) => (None, Err(error)),
        };
        let mut state = self.lock();
        state.process_lock = process_lock;
        let outcome = match acquired {
            Ok(acquired) => {
                let Opened { connection, trouble } = acquired.opened;
                state.phase = Phase::Open(acquired.access, connection);
                state.generation += u64::from(!acquired.unchanged);
                let opened = self.file.as_deref().and_then(FileId::of);
                if std::mem::replace(&mut state.opened, opened) != opened {
                    // They were another file's.
                    self.durable.forget();
                }
                (state.opened_at, state.opening) = (Instant::now(), acquired.opening);
                (state.releasing, state.used_at) = (false, None);
                state.first &= is_absent;
                let room = TROUBLES - state.troubles.len().min(TROUBLES);
                state.troubles.extend(trouble.into_iter().take(room));
                Ok(())
            }
            Err(error) => {
                state.phase = Phase::Released;
                state.refused_at = Some(Instant::now());
                Err(error)
            }
        };
        self.changed.notify_all();
        outcome.map(|()| state)
    }

    /// Whether another file is at its path than the one that is open, or none.
    fn is_replaced(&self, state: &State) -> bool {
        self.file.as_deref().is_some_and(|file| FileId::of(file) != state.opened)
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
    pub(crate) const fn durable(&self) -> &DurableWatermarks {
        &self.durable
    }

    /// What had to be done to open it.
    pub(crate) fn troubles(&self) -> Vec<Trouble> {
        self.lock().troubles.clone()
    }

    /// Waits for the operations under way, and closes it for good.
    pub(crate) fn close(&self) -> Inner<()> {
        let mut state = self.lock();
        state.closed = true;
        self.changed.notify_all();
        while state.running > 0 || matches!(state.phase, Phase::Switching) {
            state = self.wait(state);
        }
        let phase = std::mem::replace(&mut state.phase, Phase::Switching);
        let connections = (state.writer.take(), std::mem::take(&mut state.idle));
        let is_replaced = self.is_replaced(&state);
        drop(state);
        drop(connections);
        let checkpointed = match &phase {
            // The log at its path is not its own.
            Phase::Open(Access::Write, _) if is_replaced => Ok(()),
            Phase::Open(Access::Write, origin) => open::checkpoint(origin),
            _ => Ok(()),
        };
        let was_open = matches!(phase, Phase::Open(..));
        drop(phase);
        if was_open {
            self.release_lease();
        }
        let mut state = self.lock();
        state.phase = Phase::Released;
        state.process_lock = None;
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

pub(crate) fn closed() -> Failure {
    Failure::new(ErrorKind::Connection, "the store is closed: open it again")
}
