//! How far each sink has come, table by table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradekeep_store_traits::Table;

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

    /// Whether a sink is done with a record of a table; with one of a table that it does not have.
    pub(crate) fn are_past(&self, sink: &str, table: Option<Table>, seq: u64) -> bool {
        let cursor = table.and_then(|table| self.of(sink, table));
        cursor.is_none_or(|cursor| seq <= cursor.seq)
    }
}
