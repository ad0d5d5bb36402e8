//! One store a file within this process: DuckDB's own lock only keeps other processes away.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tradekeep_store_traits::{Act, ErrorKind, Result, StoreError};

use crate::STORE;

static HELD: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

/// The right to have a file open; given back when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Claim(#[allow(dead_code, reason = "held for its drop")] Arc<Held>);

#[derive(Debug)]
struct Held(PathBuf);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(files) = &mut *held() {
            files.remove(&self.0);
        }
    }
}

fn held() -> MutexGuard<'static, Option<HashSet<PathBuf>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Claims `file`, whose folder exists, waiting for a store of this process to let go of it: a dropped
/// store goes on for a moment, to checkpoint.
pub(crate) fn wait(file: &Path, patience: Duration) -> Result<Claim> {
    let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
    let file = folder.map_or_else(|| file.to_owned(), |folder| folder.join(crate::open::FILE));
    let deadline = Instant::now() + patience;
    loop {
        if held().get_or_insert_default().insert(file.clone()) {
            return Ok(Claim(Arc::new(Held(file))));
        }
        if Instant::now() >= deadline {
            let context = format!(
                "{}: this process has the database open: share that store, or close it first",
                file.display()
            );
            return Err(StoreError::new(ErrorKind::Conflict, STORE, "open", context)
                .with_act(Act::Retry { after: None }));
        }
        thread::sleep(Duration::from_millis(20));
    }
}
