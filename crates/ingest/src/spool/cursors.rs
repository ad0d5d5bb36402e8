//! How far each sink has come, table by table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradekeep_store_traits::{Position, Table};

use crate::slots::Slots;

/// The file's name.
pub(crate) const FILE: &str = "cursors";
/// Bytes of a slot: some 150 sinks.
pub(crate) const SLOT: usize = 1 << 18;

/// The content of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursors {
    /// Layout of this file.
    pub(crate) version: u32,
    /// By the sink's id.
    pub(crate) sinks: BTreeMap<String, SinkCursors>,
    /// Records that were counted and not kept, by table.
    #[serde(default)]
    pub(crate) dropped: BTreeMap<String, u64>,
}

/// One sink's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SinkCursors {
    /// What people know it by, without secrets.
    pub(crate) name: String,
    /// By the table's name; those that are its to have.
    pub(crate) tables: BTreeMap<String, Cursor>,
    /// By the table's name: which store it was, and how far it had come.
    #[serde(default)]
    pub(crate) positions: BTreeMap<String, StorePosition>,
}

/// A [`Position`] in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StorePosition {
    store: String,
    table: u64,
    changes: u64,
}

impl From<Position> for StorePosition {
    fn from(Position { store, table, changes }: Position) -> Self {
        Self { store: store.to_string(), table, changes }
    }
}

impl StorePosition {
    fn read(&self) -> Option<Position> {
        let Self { store, table, changes } = self;
        Some(Position { store: store.parse().ok()?, table: *table, changes: *changes })
    }
}

/// One sink's in one table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// All records up to this number are done with.
    pub(crate) seq: u64,
    /// Of those, how many it has.
    pub(crate) applied: u64,
    /// Of those, how many are dead letters.
    pub(crate) dead: u64,
    /// Records before its time: those that the spool did not hold any more when it came, or that it
    /// did not want.
    pub(crate) before: u64,
    /// Up to this number it wants none.
    pub(crate) floor: u64,
    /// The last record that it took, where that is known.
    #[serde(default)]
    pub(crate) stored: u64,
    /// Records that were new to it, as its answers say: those that it had already are not in it.
    #[serde(default)]
    pub(crate) inserted: u64,
    /// Whether another copy of this spool was seen to deliver to it, by numbers that are not told from this
    /// one's: it gets nothing before an operator begins a new epoch.
    #[serde(default)]
    pub(crate) copied: bool,
}

impl Cursors {
    pub(crate) fn read(content: &[u8]) -> Option<Self> {
        serde_json::from_slice(content).ok().filter(|cursors: &Self| cursors.version == 1)
    }

    /// Makes them durable.
    pub(crate) fn write(&self, slots: &mut Slots) -> std::io::Result<()> {
        slots.write(&serde_json::to_vec(self)?)
    }

    /// The cursor of a sink in a table, where it has that table.
    pub(crate) fn of(&self, sink: &str, table: Table) -> Option<Cursor> {
        self.sinks.get(sink)?.tables.get(table.as_str()).copied()
    }

    /// Where a sink stood in a table, where that is known.
    pub(crate) fn position(&self, sink: &str, table: Table) -> Option<Position> {
        self.sinks.get(sink)?.positions.get(table.as_str()).and_then(StorePosition::read)
    }

    /// Whether a sink is done with a record of a table; with one of a table that it does not have.
    pub(crate) fn are_past(&self, sink: &str, table: Option<Table>, seq: u64) -> bool {
        let cursor = table.and_then(|table| self.of(sink, table));
        cursor.is_none_or(|cursor| seq <= cursor.seq)
    }
}
