//! A lock on a database file within this process: DuckDB's own lock only keeps other processes away.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tradekeep_store_traits::{Act, ErrorKind, Failure, Inner};

static LOCKED: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

/// The right to have a file open; given back when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct ProcessLock(#[allow(dead_code, reason = "held for its drop")] Arc<Locked>);

#[derive(Debug)]
struct Locked(PathBuf);

impl Drop for Locked {
    fn drop(&mut self) {
        if let Some(files) = &mut *locked() {
            files.remove(&self.0);
        }
    }
}

fn locked() -> MutexGuard<'static, Option<HashSet<PathBuf>>> {
    LOCKED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ProcessLock {
    /// Locks `file`, whose folder exists, and waits for another store of this process to let go of it: a
    /// store that was dropped goes on for a moment, to checkpoint.
    pub(crate) fn acquire(file: &Path, patience: Duration) -> Inner<Self> {
        let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
        let file = folder.map_or_else(|| file.to_owned(), |folder| folder.join(crate::open::FILE));
        let deadline = Instant::now() + patience;
        loop {
            if locked().get_or_insert_default().insert(file.clone()) {
                return Ok(Self(Arc::new(Locked(file))));
            }
            if Instant::now() >= deadline {
                let context = format!(
                    "{}: this process has the database open: share that store, or close it first",
                    file.display()
                );
                return Err(
                    Failure::new(ErrorKind::Conflict, context).with_act(Act::Retry { after: None })
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}
