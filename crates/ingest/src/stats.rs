//! How the pipeline is doing.

use serde::{Deserialize, Serialize};
use tradekeep_store_traits::Table;

use crate::deliver::sink::{LaneState, LaneStatus, SinkId};
use crate::text;

/// One table on its way to one sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LaneStats {
    /// The table.
    #[serde(with = "text")]
    pub table: Table,
    /// All records up to this number are done with.
    pub cursor: u64,
    /// Records that the spool has ever accepted.
    pub accepted: u64,
    /// Of those, records before the sink's time.
    pub before: u64,
    /// Of those, records that the sink has.
    pub applied: u64,
    /// Of those, records that are dead letters.
    pub dead: u64,
    /// Of those, records still to come.
    pub pending: u64,
    /// How it is doing.
    pub status: LaneStatus,
}

impl LaneStats {
    /// How `lane` is doing. All is counted at one moment, so that it adds up.
    pub(crate) fn of(lane: &LaneState) -> Self {
        let (arrived, cursor) = (lane.arrivals.count(), lane.cursor());
        Self {
            table: lane.table,
            cursor: cursor.seq,
            accepted: lane.accepted + arrived,
            before: cursor.before,
            applied: cursor.applied,
            dead: cursor.dead,
            pending: (lane.backlog + arrived).saturating_sub(lane.done_at(cursor)),
            status: lane.status().clone(),
        }
    }

    /// Accepted less everything that can have become of it: 0, unless the spool was damaged, and the
    /// number of records lost by that then.
    #[must_use]
    pub fn unaccounted(&self) -> i128 {
        unaccounted(self.accepted, [self.before, self.applied, self.dead, self.pending])
    }
}

/// Accepted records less those of which it is known what became of them.
pub(crate) fn unaccounted(accepted: u64, known: [u64; 4]) -> i128 {
    i128::from(accepted) - known.map(i128::from).iter().sum::<i128>()
}

/// One sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SinkStats {
    /// Its id.
    pub id: SinkId,
    /// What people know it by.
    pub name: String,
    /// Whether its breaker is open.
    pub breaker_open: bool,
    /// Its tables.
    pub lanes: Vec<LaneStats>,
}

/// The whole pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IngestStats {
    /// The stream that stores keep a watermark of, and its epoch.
    pub stream: String,
    /// Moved by an operator's act only.
    pub epoch: u64,
    /// The number of the last record.
    pub last_seq: u64,
    /// Bytes that the spool holds.
    pub bytes: u64,
    /// Files that hold them.
    pub segments: usize,
    /// Dead letters that wait for a decision.
    pub dead_letters: u64,
    /// Records that were counted and not kept, of each table that has some.
    #[serde(with = "text::counts")]
    pub dropped: Vec<(Table, u64)>,
    /// Files beside the spool that keep what was damaged.
    pub damaged: Vec<String>,
    /// Each sink.
    pub sinks: Vec<SinkStats>,
}

impl IngestStats {
    /// Records still to come, of all sinks and tables.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.lanes().map(|lane| lane.pending).sum()
    }

    /// Every lane of every sink.
    pub fn lanes(&self) -> impl Iterator<Item = &LaneStats> {
        self.sinks.iter().flat_map(|sink| &sink.lanes)
    }
}
