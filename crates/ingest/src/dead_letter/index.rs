//! What is known of all dead letters without reading them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::entry::{
    self, CLOSED, Closed, LETTER, Letter, PURGED, Purged, REPLAYING, RESOLVED, Replaying, Resolved,
    TOMBSTONES, Tombstones,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Replaying(u64),
    Replayed(u64),
    Closed,
}

/// What is known of all letters without reading them.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) letters: BTreeMap<u64, State>,
    /// By sink and number in the spool.
    pub(super) by_seq: HashMap<(String, u64), u64>,
    /// By sink, the numbers of records whose letters were removed, for as long as the spool holds them.
    pub(super) tombstones: HashMap<String, BTreeSet<u64>>,
    pub(super) next_id: u64,
}

impl Index {
    /// Applies an entry of the journal, when that is opened.
    pub(super) fn apply(&mut self, kind: u16, payload: &[u8]) {
        match kind {
            LETTER => {
                let Some(letter) = entry::read::<Letter<'_>>(payload) else { return };
                let identity = (letter.sink.to_owned(), letter.seq);
                // The first one was written, its sync failed, and it was written again.
                if let Some(other) = self.by_seq.insert(identity, letter.id)
                    && other != letter.id
                {
                    self.letters.remove(&other);
                }
                self.letters.entry(letter.id).or_insert(State::Open);
                self.next_id = self.next_id.max(letter.id + 1);
            }
            REPLAYING => {
                let Some(Replaying { ids, first }) = entry::read(payload) else { return };
                ids.iter().zip(first..).for_each(|(id, seq)| self.set(*id, State::Replaying(seq)));
            }
            RESOLVED => {
                let Some(Resolved { ids }) = entry::read(payload) else { return };
                ids.iter().for_each(|id| self.resolve(*id));
            }
            CLOSED => {
                let Some(Closed { ids }) = entry::read(payload) else { return };
                ids.iter().for_each(|id| self.set(*id, State::Closed));
            }
            PURGED => {
                let Some(Purged { next_id }) = entry::read(payload) else { return };
                self.next_id = self.next_id.max(next_id);
            }
            TOMBSTONES => {
                let Some(Tombstones { sink, seqs }) = entry::read(payload) else { return };
                self.tombstones.entry(sink.to_owned()).or_default().extend(seqs);
            }
            _ => {}
        }
    }

    /// Whether this record of this sink is a letter, or was one.
    pub(super) fn has(&self, sink: &str, seq: u64) -> bool {
        self.by_seq.contains_key(&(sink.to_owned(), seq))
            || self.tombstones.get(sink).is_some_and(|seqs| seqs.contains(&seq))
    }

    pub(super) fn set(&mut self, id: u64, state: State) {
        if let Some(known) = self.letters.get_mut(&id) {
            *known = state;
        }
    }

    pub(super) fn resolve(&mut self, id: u64) {
        if let Some(State::Replaying(seq)) = self.letters.get(&id).copied() {
            self.set(id, State::Replayed(seq));
        }
    }
}
