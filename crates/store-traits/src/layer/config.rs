//! Which layers a store has.

use std::time::Duration;

use derive_setters::Setters;

use super::{Chaos, Limit, RetryPolicy};

/// Which layers a [`Layered`](super::Layered) store has: none by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Setters)]
#[setters(prefix = "with_", strip_option)]
#[non_exhaustive]
pub struct LayerConfig {
    /// Whether calls are counted and measured: [`STORE_METRICS`](super::STORE_METRICS).
    #[setters(bool)]
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
