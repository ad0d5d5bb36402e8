//! Which layers a store has.

use std::time::Duration;

use super::{Chaos, Limit, RetryPolicy};

/// Which layers a [`Layered`](super::Layered) store has: none by default.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct LayerConfig {
    /// Whether calls are counted and measured: [`STORE_METRICS`](super::STORE_METRICS).
    pub metrics: bool,
    /// Repeats what failed for the moment. Leave it out for a sink that ingest writes to.
    pub retry: Option<RetryPolicy>,
    /// How long one attempt may take, waiting for the limit included. An attempt that takes longer
    /// is dropped and answers kind `Timeout`, act `Retry`, and for a write delivery `Unknown`.
    pub timeout: Option<Duration>,
    /// How many attempts the store gets at once.
    pub limit: Option<Limit>,
    /// Disturbances, for tests.
    pub chaos: Option<Chaos>,
}

impl LayerConfig {
    /// With calls counted and measured.
    #[must_use]
    pub const fn with_metrics(mut self) -> Self {
        self.metrics = true;
        self
    }

    /// With what fails for the moment repeated.
    #[must_use]
    pub const fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// With at most this long for one attempt.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// With at most so many attempts at once.
    #[must_use]
    pub const fn with_limit(mut self, limit: Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// With disturbances, for tests.
    #[must_use]
    pub const fn with_chaos(mut self, chaos: Chaos) -> Self {
        self.chaos = Some(chaos);
        self
    }
}
