//! The reference store: every promise in the plainest code, in memory.

mod admin;
mod faults;
mod measurements;
mod read;
mod rows;
mod tables;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tradekeep_models::{DecimalError, InvalidInput};

#[cfg(doc)]
use crate::RecordSink;
use crate::{DUPLICATE_WINDOW, ErrorKind, Failure, Records, Result, StoreError, with_records};
use faults::Faults;
use tables::State;

const STORE: &str = "memory";

/// Records that a [`MemoryStore`] holds unless told otherwise.
const DEFAULT_CAPACITY: usize = 10_000_000;

/// A store in memory: the reference that others are compared with, `memory://`, and the double of any
/// store in tests.
///
/// It serves every role of [`SeriesStore`](crate::SeriesStore). It is bounded: a batch that would pass
/// its capacity is refused whole. Everything is gone when it is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use std::sync::Arc;
/// use tradekeep_models::{Symbol, Tick, TickFilter};
/// use tradekeep_store_traits::{MemoryStore, SeriesStore};
///
/// let store: Arc<dyn SeriesStore> = Arc::new(MemoryStore::new());
/// let tick = Tick::builder(Symbol::new("BTC-USD")?, "2024-08-08".parse()?)
///     .price("61837.63".parse()?)
///     .quantity("0.02".parse()?)
///     .build()?;
/// store.save(vec![tick.clone()]).await?;
/// assert_eq!(store.ticks(TickFilter::default()).all().await?, [tick]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MemoryStore {
    limits: Limits,
    faults: Faults,
    state: Mutex<State>,
}

/// What bounds a store.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Records of all tables together.
    capacity: usize,
    /// How far apart in time records may be one and the same.
    duplicate_window: Duration,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store for up to ten million records.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// An empty store for up to `capacity` records, all tables together.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let limits = Limits { capacity, duplicate_window: DUPLICATE_WINDOW };
        Self { limits, faults: Faults::default(), state: Mutex::default() }
    }

    /// The same store with another [window](RecordSink) in which it looks for duplicates.
    #[must_use]
    pub const fn with_duplicate_window(mut self, window: Duration) -> Self {
        self.limits.duplicate_window = window;
        self
    }

    /// A store that holds `records` to begin with, each vector as one batch.
    ///
    /// # Errors
    /// As [`RecordSink::write`](crate::RecordSink::write).
    pub fn with_records(records: impl IntoIterator<Item = Records>) -> Result<Self> {
        let store = Self::new();
        {
            let mut state = store.open("write")?;
            for records in records {
                write::check(&records)?;
                with_records!(&records, rows => state.write(rows, None, None, store.limits))?;
            }
        }
        Ok(store)
    }

    /// Every operation, by the name that errors and metrics call it.
    pub const OPERATIONS: &'static [&'static str] = faults::OPERATIONS;

    /// The same store, where each operation first awaits `delay` of its name.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tradekeep_store_traits::MemoryStore;
    ///
    /// // Under `#[tokio::test(start_paused = true)]` nobody waits for it.
    /// let slow = MemoryStore::new().with_delay(|op| async move {
    ///     if op == "write" {
    ///         tokio::time::sleep(Duration::from_millis(50)).await;
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn with_delay<F, D>(mut self, delay: F) -> Self
    where
        F: Fn(&'static str) -> D + Send + Sync + 'static,
        D: Future<Output = ()> + Send + 'static,
    {
        self.faults.delay_by(delay);
        self
    }

    /// Makes the next `times` calls of the operation `op` fail with `error`; nothing is done by them.
    /// It replaces what was set for `op` before, so that 0 times ends it.
    ///
    /// What the caller did wrong (`InvalidInput`) is still answered first.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// use tradekeep_store_traits::{
    ///     Act, ErrorKind, MemoryStore, RecordSinkExt, Records, StoreError, Table,
    /// };
    ///
    /// let store = MemoryStore::new();
    /// store.fail_next("write", 2, || {
    ///     StoreError::new(ErrorKind::Connection, "memory", "write", "the server went away")
    ///         .with_act(Act::Retry { after: None })
    /// })?;
    /// let nothing = || Records::empty(Table::Ticks);
    /// assert!(store.save(nothing()).await.unwrap_err().is_transient());
    /// assert!(store.save(nothing()).await.is_err());
    /// assert!(store.save(nothing()).await.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When `op` is none of [`OPERATIONS`](Self::OPERATIONS): such a failure would never come.
    pub fn fail_next(
        &self,
        op: &str,
        times: usize,
        error: impl Fn() -> StoreError + Send + Sync + 'static,
    ) -> std::result::Result<(), InvalidInput> {
        self.faults.fail_next(op, times, error)
    }

    /// Its state, for an operation. What stands for the way to a store and back comes before: whatever goes
    /// wrong, goes wrong there.
    async fn enter(&self, op: &'static str) -> Result<MutexGuard<'_, State>> {
        self.faults.before(op).await?;
        self.open(op)
    }

    fn open(&self, op: &'static str) -> Result<MutexGuard<'_, State>> {
        // The state is changed only in steps that cannot panic half-way.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(StoreError::new(
                ErrorKind::Connection,
                STORE,
                op,
                "the store is closed: open a new one",
            ));
        }
        Ok(state)
    }
}

fn invalid(op: &'static str) -> impl Fn(InvalidInput) -> StoreError {
    move |error| Failure::invalid(error).at(STORE, op)
}

fn too_large(op: &'static str) -> impl Fn(DecimalError) -> StoreError {
    move |error| Failure::too_large(&error).at(STORE, op)
}
