//! Removing the letters that were decided on.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tradekeep_store_traits::Table;

use super::DeadLetters;
use super::entry::{
    self, CLOSED, Closed, LETTER, Letter, PURGED, Purged, REPLAYING, RESOLVED, Replaying, Resolved,
    TOMBSTONES, Tombstones,
};
use super::index::{Index, State};
use crate::error::Result;
use crate::log::Reader;

/// Numbers in one entry at most: some 100 KB.
const BATCH: usize = 10_000;

impl DeadLetters {
    /// Removes the letters that were replayed or closed; answers how many. A letter stays while its sink is not durably
    /// past the record, by `is_past`: that is sent again then, and would be rejected once more.
    ///
    /// The same happens where a sink is restored from an older copy. So the numbers of removed letters stay
    /// as tombstones, from `held_from` on, the first that the spool still holds.
    pub(crate) fn purge(
        &self,
        now: i64,
        held_from: u64,
        is_past: impl Fn(&str, Option<Table>, u64) -> bool,
    ) -> Result<u64> {
        let _one = self.writing()?;
        // Letters that stay are written again at the end of the journal; then all before them is trimmed.
        let (mut gone, mut kept) = (BTreeSet::new(), BTreeMap::new());
        let mut tombstones: HashMap<String, BTreeSet<u64>> = self.index().tombstones.clone();
        let mut reader = Reader::new(Arc::clone(&self.log), 0, Some(LETTER));
        while let Some(frame) = reader.next().map_err(self.disk("cannot be read"))? {
            let Some(letter) = entry::read::<Letter<'_>>(frame.payload) else { continue };
            match self.index().letters.get(&letter.id).copied() {
                Some(State::Replayed(_) | State::Closed)
                    if is_past(letter.sink, Table::of_number(letter.kind), letter.seq) =>
                {
                    gone.insert(letter.id);
                    tombstones.entry(letter.sink.to_owned()).or_default().insert(letter.seq);
                }
                Some(state) => drop(kept.insert(letter.id, (state, frame.payload.to_vec()))),
                None => {}
            }
        }
        if gone.is_empty() {
            return Ok(0);
        }
        self.log.seal();
        let mark = Purged { next_id: self.next_id() };
        let first = self.append(PURGED, now, 1, |_, out| entry::write(&mark, out))?;
        tombstones.values_mut().for_each(|seqs| *seqs = seqs.split_off(&held_from));
        tombstones.retain(|_, seqs| !seqs.is_empty());
        for (sink, seqs) in &tombstones {
            let seqs: Vec<_> = seqs.iter().copied().collect();
            for seqs in seqs.chunks(BATCH) {
                let stay = Tombstones { sink, seqs: seqs.to_vec() };
                self.append(TOMBSTONES, now, 1, |_, out| entry::write(&stay, out))?;
            }
        }
        for (id, (state, letter)) in kept {
            self.append(LETTER, now, 1, |_, out| {
                out.extend_from_slice(&letter);
                true
            })?;
            if let State::Replaying(first) | State::Replayed(first) = state {
                let begun = Replaying { ids: vec![id], first };
                self.append(REPLAYING, now, 1, |_, out| entry::write(&begun, out))?;
            }
            if state == State::Closed {
                let closed = Closed { ids: vec![id] };
                self.append(CLOSED, now, 1, |_, out| entry::write(&closed, out))?;
            }
            if let State::Replayed(_) = state {
                let done = Resolved { ids: vec![id] };
                self.append(RESOLVED, now, 1, |_, out| entry::write(&done, out))?;
            }
        }
        self.sync()?;
        self.log.trim(|segment| segment.last() < first).map_err(self.disk("cannot be purged"))?;
        let mut index = self.index();
        let Index { letters, by_seq, .. } = &mut *index;
        letters.retain(|id, _| !gone.contains(id));
        by_seq.retain(|_, id| letters.contains_key(id));
        index.tombstones = tombstones;
        Ok(gone.len() as u64)
    }
}
