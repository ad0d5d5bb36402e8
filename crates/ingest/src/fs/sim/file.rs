//! What a simulated file system hands out: open files, and locks.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::fault::Operation;
use super::state::State;
use super::tree::Id;
use crate::fs::File;

/// The state that every handle of one file system shares.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(super) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole before anything that could panic, so what is held is of use.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open file.
pub(super) struct SimFile {
    pub(super) shared: Shared,
    pub(super) id: Id,
}

impl File for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.shared.state();
        state.look(Operation::ReadAt)?;
        Ok(state.node(self.id)?.read_at(buffer, offset))
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        self.shared.state().write_at(self.id, buffer, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.shared.state().sync(self.id)
    }

    fn len(&self) -> io::Result<u64> {
        let mut state = self.shared.state();
        state.look(Operation::Len)?;
        Ok(state.node(self.id)?.data().len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.shared.state().set_len(self.id, len)
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        self.shared.state().closed(self.id);
    }
}

impl fmt::Debug for SimFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimFile").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A lock that is held.
pub(super) struct SimLock {
    pub(super) shared: Shared,
    pub(super) id: Id,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.shared.state().unlocked(self.id);
    }
}

impl fmt::Debug for SimLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimLock").field("id", &self.id).finish_non_exhaustive()
    }
}
