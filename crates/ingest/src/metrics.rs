//! How the pipeline is doing, for whoever collects metrics.

use std::time::Duration;

use metrics::{Unit, gauge, histogram};
use tradekeep_store_traits::Table;

use crate::deliver::sink::{LaneStatus, SinkId};
use crate::stats::{IngestStats, LaneStats};

/// A metric that the pipeline records through the `metrics` facade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct IngestMetric {
    /// Its name.
    pub name: &'static str,
    /// `gauge` or `histogram`.
    pub kind: &'static str,
    /// Its labels: `sink` is the id of a sink, `table` the name of a table.
    pub labels: &'static [&'static str],
    /// What it says, and its unit.
    pub help: &'static str,
}

const fn of_lane(name: &'static str, help: &'static str) -> IngestMetric {
    IngestMetric { name, kind: "gauge", labels: &["sink", "table"], help }
}

const fn of_spool(name: &'static str, help: &'static str) -> IngestMetric {
    IngestMetric { name, kind: "gauge", labels: &[], help }
}

const ACCEPTED: IngestMetric =
    of_lane("tradekeep_ingest_accepted", "Records that the spool has ever taken");
const APPLIED: IngestMetric =
    of_lane("tradekeep_ingest_applied", "Of those, records that the sink has");
const DEAD: IngestMetric =
    of_lane("tradekeep_ingest_dead", "Of those, records that became dead letters");
const PENDING: IngestMetric =
    of_lane("tradekeep_ingest_pending", "Of those, records still to come");
const UNACCOUNTED: IngestMetric = of_lane(
    "tradekeep_ingest_unaccounted",
    "accepted - before - applied - dead - pending: 0, or the records that damage to the spool has cost",
);
const HALTED: IngestMetric =
    of_lane("tradekeep_ingest_halted", "1 while the sink takes none until it is repaired, else 0");
const FLUSH: IngestMetric = IngestMetric {
    name: "tradekeep_ingest_flush_seconds",
    kind: "histogram",
    labels: &["sink", "table"],
    help: "Seconds from a batch's first try until all of it is stored or a dead letter",
};
const DROPPED: IngestMetric = IngestMetric {
    name: "tradekeep_ingest_dropped",
    kind: "gauge",
    labels: &["table"],
    help: "Records that were counted and not kept, because the spool was full",
};
const BREAKER: IngestMetric = IngestMetric {
    name: "tradekeep_ingest_breaker_open",
    kind: "gauge",
    labels: &["sink"],
    help: "1 while the sink's breaker is open, else 0",
};
const BYTES: IngestMetric = of_spool("tradekeep_ingest_spool_bytes", "Bytes that the spool holds");
const LETTERS: IngestMetric =
    of_spool("tradekeep_ingest_dead_letters", "Dead letters that wait for a decision");
const DAMAGED: IngestMetric =
    of_spool("tradekeep_ingest_damaged_files", "Files that keep what went bad in the spool");

/// What the pipeline records. Gauges are set once a second.
pub const INGEST_METRICS: [IngestMetric; 12] = [
    ACCEPTED,
    APPLIED,
    DEAD,
    PENDING,
    UNACCOUNTED,
    HALTED,
    FLUSH,
    DROPPED,
    BREAKER,
    BYTES,
    LETTERS,
    DAMAGED,
];

/// Tells the recorder of this process what [`INGEST_METRICS`] mean. Call it once the recorder is
/// installed; without one it does nothing.
pub fn describe_ingest_metrics() {
    for IngestMetric { name, kind, help, .. } in INGEST_METRICS {
        match kind {
            "histogram" => metrics::describe_histogram!(name, Unit::Seconds, help),
            _ => metrics::describe_gauge!(name, Unit::Count, help),
        }
    }
}

/// A batch is done with.
pub(crate) fn flushed(sink: &SinkId, table: Table, took: Duration) {
    let sink = sink.as_str().to_owned();
    histogram!(FLUSH.name, "sink" => sink, "table" => table.as_str()).record(took);
}

/// Sets every gauge.
#[allow(clippy::cast_precision_loss, reason = "gauges are doubles")]
pub(crate) fn publish(stats: &IngestStats) {
    for sink in &stats.sinks {
        let id = || sink.id.as_str().to_owned();
        gauge!(BREAKER.name, "sink" => id()).set(f64::from(u8::from(sink.breaker_open)));
        for lane in &sink.lanes {
            let LaneStats { table, accepted, applied, dead, pending, status, .. } = lane;
            let halted = matches!(status, LaneStatus::Halted { .. });
            for (metric, value) in [
                (ACCEPTED, *accepted as f64),
                (APPLIED, *applied as f64),
                (DEAD, *dead as f64),
                (PENDING, *pending as f64),
                (UNACCOUNTED, lane.unaccounted() as f64),
                (HALTED, f64::from(u8::from(halted))),
            ] {
                gauge!(metric.name, "sink" => id(), "table" => table.as_str()).set(value);
            }
        }
    }
    for (table, dropped) in &stats.dropped {
        gauge!(DROPPED.name, "table" => table.as_str()).set(*dropped as f64);
    }
    gauge!(BYTES.name).set(stats.bytes as f64);
    gauge!(LETTERS.name).set(stats.dead_letters as f64);
    gauge!(DAMAGED.name).set(stats.damaged.len() as f64);
}
