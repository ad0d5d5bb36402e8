//! At most so many attempts at once.

use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Call, Kind};
use crate::{ErrorKind, Result};

/// How many attempts a store gets at once, and how long the next one waits.
///
/// Where a timeout is set too, a shorter `wait` than that tells a crowd from a slow store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// Attempts at once.
    pub attempts: NonZeroUsize,
    /// Longest wait for a turn. Then the answer is kind `PoolExhausted`, act `Retry`, and the store
    /// has not seen the call.
    pub wait: Duration,
}

impl Limit {
    /// At most `attempts` at once; the next one waits at most `wait`.
    #[must_use]
    pub const fn new(attempts: NonZeroUsize, wait: Duration) -> Self {
        Self { attempts, wait }
    }
}

/// The turns of a store.
#[derive(Debug)]
pub(super) struct Gate {
    limit: Limit,
    turns: Semaphore,
}

impl Gate {
    pub(super) fn new(limit: Limit) -> Self {
        // More than tokio counts is as good as no limit.
        Self { limit, turns: Semaphore::new(limit.attempts.get().min(Semaphore::MAX_PERMITS)) }
    }
}

/// The layer: does `work` when it is its turn, first come, first served.
pub(super) async fn admitted<R>(
    gate: Option<&Gate>,
    call: Call,
    work: impl Future<Output = Result<R>>,
) -> Result<R> {
    let Some(Gate { limit, turns }) = gate else { return work.await };
    if matches!(call.kind, Kind::Close | Kind::Health) {
        return work.await;
    }
    match timeout(limit.wait, turns.acquire()).await {
        Ok(Ok(_turn)) => work.await,
        // The semaphore is never closed: this is the wait that was too long.
        Ok(Err(_)) | Err(_) => {
            let (attempts, wait) = (limit.attempts, limit.wait);
            let context = format!("{attempts} calls were under way, and none ended in {wait:?}");
            Err(call.error(ErrorKind::PoolExhausted, context))
        }
    }
}
