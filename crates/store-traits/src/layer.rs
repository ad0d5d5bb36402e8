//! Retry, timeout, limit, metrics and chaos around a store.

mod chaos;
mod config;
mod limit;
mod metrics;
mod retry;
mod roles;
mod timeout;

use std::fmt;
use std::sync::Arc;

pub use chaos::Chaos;
pub use config::LayerConfig;
pub use limit::Limit;
pub use metrics::{STORE_METRICS, StoreMetric, describe_store_metrics};
pub use retry::{RetryPolicy, retry};

use crate::{Result, StoreError};

/// A store with layers around it: it has every role of `T`, and keeps every promise of `T`.
///
/// Each call passes the layers that its [`LayerConfig`] turns on, always in this order:
///
/// | layer | what it does |
/// |---|---|
/// | metrics | counts the calls and their outcomes, and measures their time, all attempts together |
/// | retry | repeats what failed for the moment: [`retry`] |
/// | timeout | gives up an attempt that takes too long |
/// | limit | lets only so many attempts at once through to the store |
/// | chaos | for tests: fails, loses replies, delays, by a seed |
///
/// Reads and writes are repeated alike: by the contract of [`RecordSink`](crate::RecordSink), the same
/// batch again is right after any failure. What an earlier attempt stored, or dropped, before its
/// reply was lost is then counted as a duplicate, or not counted: the counts of a repeated call are
/// about its last attempt.
///
/// A sink given to ingest has no retry layer: ingest repeats by itself, without an end, and keeps
/// the order of batches.
///
/// `optimize` and `close` have no timeout; `close` and `health` pass the limit, so that a store
/// which is busy can be closed and asked how it is; `health` is not repeated, and answers a timeout
/// as a trouble.
///
/// Dropping the future of a call drops the attempt under way, as if the store had been called
/// directly. Calls run in a tokio runtime with time enabled.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use std::num::NonZeroUsize;
/// use std::sync::Arc;
/// use std::time::Duration;
/// use tradekeep_store_traits::{
///     LayerConfig, Layered, Limit, MemoryStore, RetryPolicy, SeriesStore, TickStore,
/// };
///
/// let config = LayerConfig::default()
///     .with_metrics()
///     .with_retry(RetryPolicy::new(3))
///     .with_timeout(Duration::from_secs(30))
///     .with_limit(Limit::new(NonZeroUsize::new(16).ok_or("no limit")?, Duration::from_secs(5)));
/// let store = Arc::new(MemoryStore::new());
/// let store: Arc<dyn SeriesStore> = Arc::new(Layered::new("memory", store, config));
/// assert_eq!(store.series().await?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Layered<T: ?Sized> {
    store: &'static str,
    config: LayerConfig,
    gate: Option<Arc<limit::Gate>>,
    dice: Option<Arc<chaos::Dice>>,
    inner: Arc<T>,
}

impl<T: ?Sized> Layered<T> {
    /// The store `inner`, called `store` in metrics and errors (`duckdb`), with these layers.
    #[must_use]
    pub fn new(store: &'static str, inner: Arc<T>, config: LayerConfig) -> Self {
        let gate = config.limit.map(limit::Gate::new).map(Arc::new);
        let dice = config.chaos.map(chaos::Dice::new).map(Arc::new);
        Self { store, config, gate, dice, inner }
    }

    /// Another handle of the same store: its calls and those of this one share the limit.
    #[must_use]
    pub fn beside<U: ?Sized>(&self, inner: Arc<U>) -> Layered<U> {
        let (gate, dice) = (self.gate.clone(), self.dice.clone());
        Layered { store: self.store, config: self.config, gate, dice, inner }
    }

    /// The only place that says in which order the layers are: from the outside in.
    async fn around<R, Attempt>(
        &self,
        kind: Kind,
        op: &'static str,
        next: impl Fn() -> Attempt,
    ) -> Result<R>
    where
        Attempt: Future<Output = Result<R>>,
    {
        let call = Call { store: self.store, op, kind };
        let attempt = || {
            let work = chaos::disturbed(self.dice.as_deref(), call, &next);
            let work = limit::admitted(self.gate.as_deref(), call, work);
            timeout::bounded(self.config.timeout, call, work)
        };
        let work = retry::retried(self.config.retry, call, attempt);
        metrics::measured(self.config.metrics, call, work).await
    }
}

impl<T: ?Sized> fmt::Debug for Layered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (store, config) = (&self.store, &self.config);
        f.debug_struct("Layered")
            .field("store", store)
            .field("config", config)
            .finish_non_exhaustive()
    }
}

/// What a method does, as far as layers treat it differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Optimize,
    Close,
    Health,
}

/// A call of a store's method.
#[derive(Debug, Clone, Copy)]
struct Call {
    store: &'static str,
    op: &'static str,
    kind: Kind,
}

impl Call {
    /// A failure for the moment that a layer found, and nothing was applied.
    fn error(self, kind: crate::ErrorKind, context: String) -> StoreError {
        let act = crate::Act::Retry { after: None };
        StoreError::new(kind, self.store, self.op, context).with_act(act)
    }

    /// The delivery of a call that reached the store and whose answer is not known.
    fn delivery_without_answer(self) -> crate::Delivery {
        match self.kind {
            Kind::Read | Kind::Health => crate::Delivery::NotApplied,
            Kind::Write | Kind::Optimize | Kind::Close => crate::Delivery::Unknown,
        }
    }
}
