//! What goes wrong, or slowly, because a test wants it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use tradekeep_models::InvalidInput;

use crate::{Result, StoreError};

/// Every operation, by the name of its method.
pub(super) const OPERATIONS: &[&str] = &[
    "ping",
    "write",
    "settle",
    "position",
    "watermark",
    "durable_watermark",
    "checkpoint",
    "close",
    "ticks",
    "tick_candles",
    "candles",
    "series",
    "trades",
    "performance",
    "orders",
    "fills",
    "positions",
    "metrics",
    "metric_stats",
    "metric_buckets",
    "latencies",
    "latency_stats",
    "latency_histogram",
    "slippage",
    "mev_events",
    "mev_analysis",
    "summary",
    "system_events",
    "node_health",
    "partitions",
    "drop_partitions",
    "floor",
    "set_floor",
    "table_stats",
    "optimize",
    "health",
];

type Delay = dyn Fn(&'static str) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

struct Failure {
    op: &'static str,
    left: usize,
    error: Box<dyn Fn() -> StoreError + Send + Sync>,
}

#[derive(Default)]
pub(super) struct Faults {
    delay: Option<Box<Delay>>,
    failures: Mutex<Vec<Failure>>,
}

impl Faults {
    pub(super) fn delay_by<F, D>(&mut self, delay: F)
    where
        F: Fn(&'static str) -> D + Send + Sync + 'static,
        D: Future<Output = ()> + Send + 'static,
    {
        self.delay = Some(Box::new(move |op| Box::pin(delay(op))));
    }

    pub(super) fn fail_next(
        &self,
        op: &str,
        times: usize,
        error: impl Fn() -> StoreError + Send + Sync + 'static,
    ) -> std::result::Result<(), InvalidInput> {
        let unknown = || InvalidInput::new("op", format!("is none of {}", OPERATIONS.join(", ")));
        let op = OPERATIONS.iter().copied().find(|known| *known == op).ok_or_else(unknown)?;
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|failure| failure.op != op);
        failures.push(Failure { op, left: times, error: Box::new(error) });
        Ok(())
    }

    /// Waits, and fails, as the test wants it.
    pub(super) async fn before(&self, op: &'static str) -> Result<()> {
        if let Some(delay) = &self.delay {
            delay(op).await;
        }
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.iter_mut().find(|failure| failure.op == op && failure.left > 0) {
            Some(failure) => {
                failure.left -= 1;
                Err((failure.error)())
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").finish_non_exhaustive()
    }
}
