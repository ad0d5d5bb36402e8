//! What the journal of dead letters holds, as bytes. Frozen: a change is a new version.

use serde::{Deserialize, Serialize};

/// A record that a sink does not take.
pub(super) const LETTER: u16 = 1;
/// Letters are about to be appended to the spool again.
pub(super) const REPLAYING: u16 = 2;
/// Letters are in the spool again.
pub(super) const RESOLVED: u16 = 3;
/// Letters that were replayed or closed were removed.
pub(super) const PURGED: u16 = 4;
/// Records whose letters were removed, and that their sink was not to be sent again.
pub(super) const TOMBSTONES: u16 = 5;
/// Letters that a person closed without sending them again.
pub(super) const CLOSED: u16 = 6;
/// Of all of them.
pub(super) const VERSION: u16 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Letter<'a> {
    pub(super) id: u64,
    /// The sink's id, and its name.
    pub(super) sink: &'a str,
    pub(super) sink_name: &'a str,
    /// Its number in the spool, and when it was accepted.
    pub(super) seq: u64,
    pub(super) accepted: i64,
    /// When it was given up.
    pub(super) died: i64,
    /// Why, in a word and in a sentence.
    pub(super) class: &'a str,
    pub(super) reason: &'a str,
    pub(super) attempts: u32,
    /// The record as it stood in the spool.
    pub(super) kind: u16,
    pub(super) version: u16,
    #[serde(borrow)]
    pub(super) payload: &'a [u8],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Replaying {
    pub(super) ids: Vec<u64>,
    /// The number in the spool that the first of them gets; the others follow.
    pub(super) first: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Resolved {
    pub(super) ids: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Closed {
    pub(super) ids: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Purged {
    /// Letters from here on are numbered so.
    pub(super) next_id: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tombstones<'a> {
    pub(super) sink: &'a str,
    /// Their numbers in the spool.
    pub(super) seqs: Vec<u64>,
}

/// Appends `entry` to `out`; answers whether it could.
pub(super) fn write(entry: &impl Serialize, out: &mut Vec<u8>) -> bool {
    postcard::to_extend(entry, std::mem::take(out)).map(|written| *out = written).is_ok()
}

/// The entry in `payload`; nothing where it is none.
pub(super) fn read<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Option<T> {
    postcard::from_bytes(payload).ok()
}
