//! Appending: all records of a call, or none.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::frame::{self, Head};
use super::header::Header;
use super::segment::Segment;
use super::{AppendState, DATA, KINDS, Log};
use crate::fs::FileExt;

/// Bytes of the buffer that are kept from one append to the next.
const KEPT: usize = 1 << 20;

/// Why nothing was appended.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// No numbers are left: reserve more, then append again.
    Exhausted,
    /// The record at this place has no payload, or a longer one than any may have.
    Refused(usize),
    /// The disk would not have it.
    Io(io::Error),
}

impl From<io::Error> for AppendError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Records to append, all of one kind.
pub(crate) struct Entries<F> {
    /// When, in nanoseconds since 1970.
    pub(crate) time: i64,
    pub(crate) kind: u16,
    pub(crate) version: u16,
    pub(crate) count: usize,
    /// Appends the payload of the record at a place, and answers whether it has one.
    pub(crate) payload: F,
}

/// What an append wrote and readers do not see yet.
struct Written {
    segment: Arc<Segment>,
    /// Where it will end.
    end: u64,
    /// Its new records.
    records: u64,
    /// The number of the last of them.
    last: u64,
    /// Whether the segment itself is new.
    new: bool,
}

impl Written {
    fn begin(segment: Arc<Segment>, new: bool) -> Self {
        Self { end: segment.end(), segment, records: 0, last: 0, new }
    }

    /// Writes what is in the buffer, and is noted as written even where that fails.
    fn put(mut self, buffer: &mut Vec<u8>, written: &mut Vec<Self>) -> Result<(), AppendError> {
        let outcome = self.segment.file.write_all_at(buffer, self.end);
        self.end += buffer.len() as u64;
        buffer.clear();
        written.push(self);
        Ok(outcome?)
    }
}

impl Log {
    /// Appends records and answers the number of the first; the others follow it. All of them are in
    /// the log afterwards, or none.
    ///
    /// They survive the end of the process from now on, and a loss of power after the next
    /// [`sync`](Self::sync). `before` is told the first number before anything is written.
    pub(crate) fn append<F: Fn(usize, &mut Vec<u8>) -> bool>(
        &self,
        entries: &Entries<F>,
        before: impl FnOnce(u64) -> io::Result<()>,
    ) -> Result<u64, AppendError> {
        let mut state = self.append_state();
        let first = state.next_seq;
        let next = first.saturating_add(entries.count as u64);
        if next > state.bound {
            return Err(AppendError::Exhausted);
        }
        // Used up whether this succeeds or not: `before` may have noted the numbers durably, and none is
        // given out twice.
        state.next_seq = next;
        before(first)?;
        let mut written = Vec::new();
        let mut buffer = std::mem::take(&mut state.buffer);
        let outcome = self.write(&mut state, &mut buffer, first, entries, &mut written);
        // A call of many long records does not leave its memory in use.
        buffer.clear();
        buffer.shrink_to(KEPT);
        state.buffer = buffer;
        match outcome {
            Ok(()) => self.publish(&mut state, entries.kind, written),
            Err(error) => {
                self.roll_back(&mut state, written);
                return Err(error);
            }
        }
        Ok(first)
    }

    fn write<F: Fn(usize, &mut Vec<u8>) -> bool>(
        &self,
        state: &mut AppendState,
        buffer: &mut Vec<u8>,
        first: u64,
        entries: &Entries<F>,
        written: &mut Vec<Written>,
    ) -> Result<(), AppendError> {
        let Entries { time, kind, version, count, .. } = *entries;
        let (mut counts, mut last) = (state.counts, state.last_seq);
        let (segment, new) = match &state.active {
            Some(segment) => (Arc::clone(segment), false),
            None => (self.begin_segment(state, last, counts)?, true),
        };
        let mut current = Written::begin(segment, new);
        for (place, seq) in (0..count).zip(first..) {
            let head = Head { seq, time, kind, version };
            let payload = |out: &mut Vec<u8>| (entries.payload)(place, out);
            let before = buffer.len();
            if !frame::write(buffer, current.segment.salt, head, payload) {
                // A segment that nothing was written to is as good as before.
                written.extend(current.new.then_some(current));
                return Err(AppendError::Refused(place));
            }
            if current.end + buffer.len() as u64 > current.segment.size {
                // Full: what fits goes out, and the record into the next one, with its salt.
                buffer.truncate(before);
                current.put(buffer, written)?;
                let segment = self.begin_segment(state, last, counts)?;
                current = Written::begin(segment, true);
                let fits = frame::write(buffer, current.segment.salt, head, payload);
                if !fits || DATA + buffer.len() as u64 > current.segment.size {
                    written.push(current);
                    return Err(AppendError::Refused(place));
                }
            }
            current.records += 1;
            (current.last, last) = (seq, seq);
            if let Some(count) = counts.get_mut(usize::from(kind)) {
                *count += 1;
            }
        }
        current.put(buffer, written)
    }

    fn publish(&self, state: &mut AppendState, kind: u16, written: Vec<Written>) {
        // Over several segments: a reader that has come to the end of one waits for the next, so that it sees
        // the whole append or nothing of it.
        let is_new = written.iter().any(|part| part.new);
        let mut segments =
            is_new.then(|| self.segments.write().unwrap_or_else(PoisonError::into_inner));
        for Written { segment, end, records, last, new } in written {
            if records > 0 {
                segment.note(kind, last);
                state.last_seq = last;
                if let Some(known) = state.last_of.get_mut(usize::from(kind)) {
                    *known = last;
                }
            }
            if let Some(count) = state.counts.get_mut(usize::from(kind)) {
                *count += records;
            }
            state.unsynced.wrote(&segment, segment.end(), new);
            // First where the old one ends, then that there is a new one: a reader that sees the new
            // one knows that the old one grows no more.
            let grown = if new { end } else { end - segment.end() };
            self.bytes.fetch_add(grown, Ordering::Relaxed);
            segment.publish(end);
            if let Some(segments) = segments.as_mut().filter(|_| new) {
                segments.push_back(Arc::clone(&segment));
            }
            state.active = Some(segment);
        }
    }

    /// Undoes what a failed append wrote, as far as the disk lets us. What stays on the disk is void all the
    /// same: the next segment's header says so.
    fn roll_back(&self, state: &mut AppendState, written: Vec<Written>) {
        for Written { segment, new, .. } in written {
            // Even where the cut fails: nothing is appended behind it.
            state.active = None;
            if new {
                self.abandon(state, segment.index);
            } else {
                let _ = segment.file.set_len(segment.end());
            }
        }
    }

    /// A new segment, which readers do not see yet. Records above `base_seq` in earlier ones are void.
    fn begin_segment(
        &self,
        state: &mut AppendState,
        base_seq: u64,
        counts: [u64; KINDS],
    ) -> io::Result<Arc<Segment>> {
        let (header, segment) = self.create_segment(state, base_seq, counts)?;
        if let Err(error) = segment.file.write_all_at(&header.to_bytes(), 0) {
            // Without a header it is a segment of nothing.
            self.abandon(state, header.index);
            return Err(error);
        }
        Ok(segment)
    }

    /// As [`begin_segment`](Self::begin_segment), with its header still to be written.
    pub(super) fn create_segment(
        &self,
        state: &mut AppendState,
        base_seq: u64,
        counts: [u64; KINDS],
    ) -> io::Result<(Header, Arc<Segment>)> {
        let (index, file) = match state.spare.take() {
            Some(spare) => spare,
            None => self.allocate(state)?,
        };
        let (salt, name) = (fastrand::u64(..), self.config.name.clone());
        let header = Header { index, salt, base_seq, counts, name };
        let segment = Arc::new(Segment::new(&header, file, self.config.segment_bytes));
        Ok((header, segment))
    }

    fn allocate(&self, state: &mut AppendState) -> io::Result<(u64, Arc<dyn crate::fs::File>)> {
        let index = next_index(state)?;
        Ok((index, self.fs.create(&self.path(index), self.config.segment_bytes)?))
    }

    /// Makes the next segment before it is needed, so that no append has to wait for it, where the log takes no
    /// more than `most` bytes with it.
    pub(crate) fn prepare(&self, most: u64) -> io::Result<()> {
        if self.disk().0 + self.config.segment_bytes > most {
            return Ok(());
        }
        let index = {
            let mut state = self.append_state();
            if state.spare.is_some() {
                return Ok(());
            }
            next_index(&mut state)?
        };
        let file = self.fs.create(&self.path(index), self.config.segment_bytes)?;
        // Segments are in the order of their index: when one was begun meanwhile, this one comes too
        // late to be the next.
        let mut state = self.append_state();
        if state.next_index == index + 1 && state.spare.is_none() {
            state.spare = Some((index, file));
            state.unsynced.made();
            return Ok(());
        }
        drop(state);
        self.fs.remove(&self.path(index))
    }
}

/// The index of the next segment. A damaged file can have the last one that there is for its name.
fn next_index(state: &mut AppendState) -> io::Result<u64> {
    let index = state.next_index;
    let next = index.checked_add(1);
    state.next_index = next.ok_or_else(|| {
        io::Error::other("a file has the last name that there is for a segment: move it away")
    })?;
    Ok(index)
}
