//! How many calls, how they ended, how long they took.

use metrics::{Unit, counter, gauge, histogram};
use tokio::time::Instant;

use super::Call;
use crate::Result;

/// A metric that layers record through the `metrics` facade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreMetric {
    /// Its name.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Its labels. Their values are names out of this code, never anything of a record, a query or
    /// a configuration.
    pub labels: &'static [&'static str],
    /// What it says, and its unit.
    pub help: &'static str,
}

const OPERATIONS: StoreMetric = StoreMetric {
    name: "tradekeep_store_operations_total",
    kind: "counter",
    labels: &["store", "op", "outcome"],
    help: "Calls that ended: `outcome` is `ok`, the kind of the error, or `cancelled`",
};
const SECONDS: StoreMetric = StoreMetric {
    name: "tradekeep_store_operation_seconds",
    kind: "histogram",
    labels: &["store", "op", "outcome"],
    help: "Seconds from the call to its end, all attempts and waits included",
};
const IN_FLIGHT: StoreMetric = StoreMetric {
    name: "tradekeep_store_operations_in_flight",
    kind: "gauge",
    labels: &["store", "op"],
    help: "Calls that have not ended",
};
const RETRIES: StoreMetric = StoreMetric {
    name: "tradekeep_store_retries_total",
    kind: "counter",
    labels: &["store", "op"],
    help: "Attempts after the first; counted by the retry layer, also without the metrics layer",
};

/// What layers record.
pub const STORE_METRICS: [StoreMetric; 4] = [OPERATIONS, SECONDS, IN_FLIGHT, RETRIES];

/// Tells the recorder of this process what [`STORE_METRICS`] mean. Call it once the recorder is
/// installed; without one it does nothing.
pub fn describe_store_metrics() {
    for StoreMetric { name, kind, help, .. } in STORE_METRICS {
        match kind {
            "gauge" => metrics::describe_gauge!(name, Unit::Count, help),
            "histogram" => metrics::describe_histogram!(name, Unit::Seconds, help),
            _ => metrics::describe_counter!(name, Unit::Count, help),
        }
    }
}

/// The layer.
pub(super) async fn measured<R>(
    on: bool,
    call: Call,
    work: impl Future<Output = Result<R>>,
) -> Result<R> {
    if !on {
        return work.await;
    }
    let mut running = Running::start(call);
    let answer = work.await;
    running.outcome = answer.as_ref().err().map_or("ok", |error| error.kind.name());
    answer
}

/// Counts a retry.
pub(super) fn retrying(call: Call) {
    counter!(RETRIES.name, "store" => call.store, "op" => call.op).increment(1);
}

/// A call under way. It is recorded when this is dropped, so that one whose future is dropped is too.
struct Running {
    call: Call,
    started: Instant,
    outcome: &'static str,
}

impl Running {
    fn start(call: Call) -> Self {
        gauge!(IN_FLIGHT.name, "store" => call.store, "op" => call.op).increment(1.0);
        Self { call, started: Instant::now(), outcome: "cancelled" }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Self { call: Call { store, op, .. }, started, outcome } = *self;
        gauge!(IN_FLIGHT.name, "store" => store, "op" => op).decrement(1.0);
        counter!(OPERATIONS.name, "store" => store, "op" => op, "outcome" => outcome).increment(1);
        histogram!(SECONDS.name, "store" => store, "op" => op, "outcome" => outcome)
            .record(started.elapsed());
    }
}
