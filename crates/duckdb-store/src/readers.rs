//! The readers: a pool of connections to the same database.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duckdb::Connection;
use tokio::sync::Semaphore;
use tradekeep_store_traits::{ErrorKind, Result, StoreError};

use crate::STORE;
use crate::claim::Claim;
use crate::error::classify;
use crate::writer::closed;

/// How a pool of connections is used at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStats {
    /// Reads that may run at once.
    pub most: usize,
    /// Reads that run.
    pub in_use: usize,
    /// Connections kept for the next read.
    pub idle: usize,
}

/// Connections for reads; each read has one to itself while it runs.
#[derive(Debug)]
pub(crate) struct Readers {
    permits: Arc<Semaphore>,
    most: usize,
    kept: usize,
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Debug)]
struct Shelf {
    /// Makes further connections; gone once the pool is closed.
    origin: Option<Connection>,
    idle: Vec<Connection>,
    /// After the connections: fields are dropped in order.
    claim: Option<Claim>,
}

impl Readers {
    /// A pool of up to `most` connections cloned from `origin`, `kept` of them when idle.
    pub(crate) fn new(origin: Connection, claim: Option<Claim>, most: usize, kept: usize) -> Self {
        let shelf = Shelf { origin: Some(origin), idle: Vec::new(), claim };
        let (permits, shelf) = (Arc::new(Semaphore::new(most)), Arc::new(Mutex::new(shelf)));
        Self { permits, most, kept, shelf }
    }

    /// Runs `read` on a thread for blocking work, with a connection of its own.
    pub(crate) async fn run<T, F>(&self, op: &'static str, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed(op))?;
        let (shelf, kept) = (Arc::clone(&self.shelf), self.kept);
        let work = move || {
            let _permit = permit;
            let connection = check_out(&shelf, op)?;
            let answer = read(&connection);
            let mut shelf = lock(&shelf);
            if shelf.origin.is_some() && shelf.idle.len() < kept {
                shelf.idle.push(connection);
            }
            answer
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            StoreError::new(ErrorKind::Query, STORE, op, "the read was broken off")
                .with_source(error)
        })?
    }

    /// Waits for the reads under way, then closes every connection.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(self.most).unwrap_or(u32::MAX);
        // An error means that it was closed before.
        let _all = self.permits.acquire_many(all).await;
        self.permits.close();
        let mut shelf = lock(&self.shelf);
        shelf.idle.clear();
        shelf.origin = None;
        shelf.claim = None;
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let in_use = self.most.saturating_sub(self.permits.available_permits());
        PoolStats { most: self.most, in_use, idle: lock(&self.shelf).idle.len() }
    }
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check_out(shelf: &Mutex<Shelf>, op: &'static str) -> Result<Connection> {
    let mut shelf = lock(shelf);
    if let Some(connection) = shelf.idle.pop() {
        return Ok(connection);
    }
    let origin = shelf.origin.as_ref().ok_or_else(|| closed(op))?;
    origin.try_clone().map_err(|error| classify(op, error))
}
