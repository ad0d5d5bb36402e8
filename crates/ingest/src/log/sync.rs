//! Making what was appended survive a loss of power.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::frame::{self, Head};
use super::header::Header;
use super::scan::{Piece, Scan};
use super::segment::Segment;
use super::{AppendState, DATA, Log};
use crate::fs::FileExt;

/// What a loss of power could take.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    /// Segments, each from where on.
    parts: Vec<(Arc<Segment>, u64)>,
    /// Whether the folder has new files that are not synced in it.
    pub(super) folder: bool,
    /// Everything up to this number is safe.
    through: u64,
    /// A sync of one of these failed: what the disk holds of them is not known any more.
    sync_failed: bool,
}

impl Unsynced {
    /// `segment` was written to from `from` on.
    pub(super) fn wrote(&mut self, segment: &Arc<Segment>, from: u64, new: bool) {
        self.folder |= new;
        if self.parts.iter().all(|(known, _)| known.index != segment.index) {
            // A new segment is unsynced from its header on.
            self.parts.push((Arc::clone(segment), if new { 0 } else { from }));
        }
    }

    /// A file was made.
    pub(super) fn made(&mut self) {
        self.folder = true;
    }

    /// All of `seq` and before is safe.
    pub(super) const fn safe(seq: u64) -> Self {
        Self { parts: Vec::new(), folder: false, through: seq, sync_failed: false }
    }
}

impl Log {
    /// Makes all that was appended before survive a loss of power; answers the number of the last
    /// such record.
    ///
    /// A sync that failed is never tried again on the same file, which would say nothing of what the
    /// system has dropped: what was not safe yet is written again, into a new segment.
    ///
    /// # Errors
    /// When that fails too. What was appended is still there for readers and survives the end of the
    /// process; another call tries with another segment.
    pub(crate) fn sync(&self) -> io::Result<u64> {
        let _one = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let (parts, folder, through) = {
            let mut state = self.append_state();
            if state.unsynced.sync_failed {
                return self.write_again(&mut state);
            }
            let parts = state.unsynced.parts.clone();
            let ends: Vec<_> = parts.into_iter().map(|(part, _)| (part.end(), part)).collect();
            let folder = std::mem::take(&mut state.unsynced.folder);
            (ends, folder, state.last_seq)
        };
        let done = parts.iter().try_for_each(|(_, segment)| segment.file.sync());
        if let Err(error) = done {
            tracing::warn!(%error, "a sync failed: what it was for is written again elsewhere");
            return self.write_again(&mut self.append_state());
        }
        if folder && let Err(error) = self.fs.sync_dir(&self.config.folder) {
            self.append_state().unsynced.folder = true;
            return Err(error);
        }
        let mut state = self.append_state();
        let unsynced = &mut state.unsynced;
        unsynced.through = unsynced.through.max(through);
        for (end, segment) in parts {
            for (part, from) in &mut unsynced.parts {
                if part.index == segment.index {
                    *from = end;
                }
            }
        }
        let active = state.active.as_ref().map(|segment| segment.index);
        state
            .unsynced
            .parts
            .retain(|(part, from)| *from < part.end() || active == Some(part.index));
        Ok(through)
    }

    /// Writes what is not known to be safe into new segments, and syncs those.
    fn write_again(&self, state: &mut AppendState) -> io::Result<u64> {
        state.unsynced.sync_failed = true;
        // The next append goes to a new segment, behind the copies, whether they succeed or not.
        state.active = None;
        let mut copies = Vec::new();
        let done = self.copy(state, &mut copies).and_then(|()| self.write_headers(&copies));
        if let Err(error) = done {
            copies.iter().for_each(|(header, _)| self.abandon(state, header.index));
            return Err(error);
        }
        // The old segments stay for the readers in them. A reader knows by its number that it has read a
        // record, and passes over the copy.
        let mut segments = self.segments.write().unwrap_or_else(PoisonError::into_inner);
        for (_, copy) in copies {
            self.bytes.fetch_add(copy.end(), Ordering::Relaxed);
            segments.push_back(Arc::clone(&copy));
            state.active = Some(copy);
        }
        state.unsynced = Unsynced::safe(state.last_seq);
        Ok(state.last_seq)
    }

    /// Writes the headers of copies that are whole, and syncs them. The last comes first: a header
    /// makes void what stands in earlier segments, so that what follows it has to be there before.
    fn write_headers(&self, copies: &[(Header, Arc<Segment>)]) -> io::Result<()> {
        copies.iter().try_for_each(|(_, copy)| copy.file.sync())?;
        for (header, copy) in copies.iter().rev() {
            copy.file.write_all_at(&header.to_bytes(), 0)?;
            copy.file.sync()?;
        }
        self.fs.sync_dir(&self.config.folder)
    }

    /// Copies the records that are not safe into new segments, which have no headers yet and which
    /// readers do not see.
    fn copy(
        &self,
        state: &mut AppendState,
        copies: &mut Vec<(Header, Arc<Segment>)>,
    ) -> io::Result<()> {
        let through = state.unsynced.through;
        let records = records(&state.unsynced.parts, through)?;
        // `counts` is what there was before the first of them.
        let mut counts = state.counts;
        for (head, _) in &records {
            if let Some(count) = counts.get_mut(usize::from(head.kind)) {
                *count = count.saturating_sub(1);
            }
        }
        let (mut last, mut buffer) = (through, Vec::new());
        for (head, payload) in records {
            loop {
                if let Some((_, copy)) = copies.last() {
                    buffer.clear();
                    // It cannot be too long: it was written before.
                    frame::write(&mut buffer, copy.salt, head, |out| {
                        out.extend_from_slice(&payload);
                        true
                    });
                    let end = copy.end() + buffer.len() as u64;
                    if end <= copy.size {
                        copy.file.write_all_at(&buffer, copy.end())?;
                        copy.note(head.kind, head.seq);
                        copy.publish(end);
                        break;
                    }
                }
                copies.push(self.create_segment(state, last, counts)?);
            }
            last = head.seq;
            if let Some(count) = counts.get_mut(usize::from(head.kind)) {
                *count += 1;
            }
        }
        Ok(())
    }
}

/// The records in parts of segments that are numbered above `last`.
fn records(parts: &[(Arc<Segment>, u64)], mut last: u64) -> io::Result<Vec<(Head, Vec<u8>)>> {
    let (mut records, mut bytes) = (Vec::new(), Vec::new());
    for (segment, from) in parts {
        let start = (*from).max(DATA);
        bytes.resize(usize::try_from(segment.end() - start).unwrap_or_default(), 0);
        let read = segment.file.read_up_to(&mut bytes, start)?;
        let mut whole = 0;
        for piece in Scan::new(&bytes[..read], 0, segment.salt, last) {
            let Piece::Record(place, frame) = piece else { break };
            whole = place + frame.len();
            if frame.head.seq > last {
                last = frame.head.seq;
                records.push((frame.head, frame.payload.to_vec()));
            }
        }
        if whole < bytes.len() {
            return Err(io::Error::other("what was not synced cannot be read back"));
        }
    }
    Ok(records)
}
