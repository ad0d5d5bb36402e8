//! A log of records in a folder of segments: what is appended stays, in order, until it is trimmed.
//!
//! The spool is one, and so is the journal of dead letters. Records are numbered; numbers only grow,
//! and are never used again, not even those of an append that failed. A segment is a file of fixed
//! size: its header, then records one behind the other, then zeros.

mod append;
pub(crate) mod check;
#[cfg(test)]
mod concurrent_tests;
mod follow;
pub(crate) mod frame;
mod header;
mod reader;
mod recovery;
mod scan;
mod segment;
#[cfg(test)]
pub(crate) mod stale;
mod sync;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::fs::{File, FileSystem};
pub(crate) use append::{AppendError, Entries};
pub(crate) use follow::Follower;
pub(crate) use frame::Frame;
pub(crate) use header::DATA;
pub(crate) use reader::Reader;
pub(crate) use recovery::Access;
#[cfg(test)]
use recovery::Recovery;
pub(crate) use segment::Segment;
use sync::Unsynced;

/// Kinds of records that a log counts.
pub(crate) const KINDS: usize = 16;

/// Where a log is, and how it is laid out.
#[derive(Debug, Clone)]
pub(crate) struct LogConfig {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its name, which stands in each segment.
    pub(crate) name: String,
    /// Bytes of a segment.
    pub(crate) segment_bytes: u64,
}

/// An open log. One writes at a time; readers go on beside it.
#[derive(Debug)]
pub(crate) struct Log {
    fs: Arc<dyn FileSystem>,
    config: LogConfig,
    /// Those that readers may see, oldest first.
    segments: RwLock<VecDeque<Arc<Segment>>>,
    append_state: Mutex<AppendState>,
    /// Bytes that are used, of all segments.
    bytes: AtomicU64,
    /// Held while files are synced, so that one sync's outcome is not taken for another's.
    syncing: Mutex<()>,
}

/// What appends need: where the log grows, and what is not synced.
#[derive(Debug)]
struct AppendState {
    /// The segment that is appended to, until it is full or something went wrong in it.
    active: Option<Arc<Segment>>,
    next_index: u64,
    /// Segments that were abandoned and are still on the disk, oldest first.
    abandoned: Vec<u64>,
    /// A segment made before it is needed.
    spare: Option<(u64, Arc<dyn File>)>,
    /// Of the last record.
    last_seq: u64,
    /// The next number.
    next_seq: u64,
    /// Numbers below this may be given out.
    bound: u64,
    /// Records of each kind so far, those trimmed and those of earlier runs included.
    counts: [u64; KINDS],
    /// The last record of each kind that is held.
    last_of: [u64; KINDS],
    unsynced: Unsynced,
    buffer: Vec<u8>,
}

/// How far the log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogEnd {
    /// The number that comes next.
    pub(crate) next_seq: u64,
    /// Of the last record; 0 before the first.
    pub(crate) last_seq: u64,
    /// Numbers below this may be given out.
    pub(crate) bound: u64,
    /// Records of each kind so far.
    pub(crate) counts: [u64; KINDS],
}

impl Log {
    pub(crate) fn end(&self) -> LogEnd {
        let AppendState { next_seq, last_seq, bound, counts, .. } = *self.append_state();
        LogEnd { next_seq, last_seq, bound, counts }
    }

    /// Lets numbers below `bound` be given out; whoever calls it has made sure that none of them is
    /// ever given out again.
    pub(crate) fn allow_below(&self, bound: u64) {
        let mut state = self.append_state();
        state.bound = state.bound.max(bound);
    }

    /// There were at least so many records of this kind.
    pub(crate) fn count_at_least(&self, kind: u16, records: u64) {
        if let Some(count) = self.append_state().counts.get_mut(usize::from(kind)) {
            *count = records.max(*count);
        }
    }

    /// The last record of this kind, of those that were held when it was opened or came since.
    pub(crate) fn last_of(&self, kind: u16) -> u64 {
        self.append_state().last_of.get(usize::from(kind)).copied().unwrap_or_default()
    }

    /// Names of the files beside the segments that keep what is damaged.
    pub(crate) fn damaged(&self) -> std::io::Result<Vec<String>> {
        let mut names = self.fs.list(&self.config.folder)?;
        names.retain(|name| name.ends_with(recovery::DAMAGED));
        Ok(names)
    }

    /// Ends the segment that is appended to: what comes next goes into a new one.
    pub(crate) fn seal(&self) {
        self.append_state().active = None;
    }

    /// Bytes of its segments, as far as they are used, and how many there are.
    pub(crate) fn size(&self) -> (u64, usize) {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner).len();
        (self.bytes.load(Ordering::Relaxed), segments)
    }

    /// Bytes that its files take on the disk, and what the next append adds to them.
    pub(crate) fn disk(&self) -> (u64, u64) {
        let size = self.config.segment_bytes;
        let state = self.append_state();
        let unused =
            state.active.as_ref().map_or(0, |active| active.size.saturating_sub(active.end()));
        let spare = if state.spare.is_some() { size } else { 0 };
        // A segment that is nearly full is left behind by the next append.
        let next = if unused < size / 8 { size - spare } else { 0 };
        (self.bytes.load(Ordering::Relaxed) + unused + spare, next)
    }

    /// Bytes of a segment: so much it takes of the disk at a time.
    pub(crate) const fn segment_bytes(&self) -> u64 {
        self.config.segment_bytes
    }

    /// Gives back the room that was made for more: nothing is appended any more.
    pub(crate) fn close(&self) -> std::io::Result<()> {
        let (active, spare) = {
            let mut state = self.append_state();
            (state.active.take(), state.spare.take())
        };
        if let Some(active) = active {
            active.file.set_len(active.end())?;
        }
        spare.map_or(Ok(()), |(index, _)| self.fs.remove(&self.path(index)))
    }

    /// Whether the oldest segment is one that `is_done` says yes to and [`trim`](Self::trim) would
    /// remove.
    pub(crate) fn can_trim(&self, is_done: impl Fn(&Segment) -> bool) -> bool {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments.len() > 1 && segments.front().is_some_and(|first| is_done(first))
    }

    /// The place of the last segment that [`trim`](Self::trim) would remove by `is_done`, with the number of the
    /// last record of each kind in it and those before it.
    pub(crate) fn trimmable(
        &self,
        is_done: impl Fn(&Segment) -> bool,
    ) -> Option<(u64, [u64; KINDS])> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Option<(u64, [u64; KINDS])> = None;
        for segment in segments.iter().take(segments.len().saturating_sub(1)) {
            if !is_done(segment) {
                break;
            }
            let mut last = found.map_or([0; KINDS], |(_, last)| last);
            for (kind, last) in last.iter_mut().enumerate() {
                *last = segment.last_of(kind).max(*last);
            }
            found = Some((segment.index, last));
        }
        found
    }

    /// Removes the segments whose records `is_done` says yes to, from the oldest on, but for the one
    /// that is appended to. Answers how many.
    ///
    /// Whoever calls it has made durable what says that they are done.
    pub(crate) fn trim(&self, is_done: impl Fn(&Segment) -> bool) -> std::io::Result<usize> {
        let (active, mut stale) = {
            let state = self.append_state();
            (state.active.as_ref().map(|segment| segment.index), state.unsynced.folder)
        };
        let mut removed = 0;
        loop {
            let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
            let Some(first) = segments.front().map(Arc::clone) else { break };
            // The last one tells how many records there were.
            if segments.len() == 1 || active == Some(first.index) || !is_done(&first) {
                break;
            }
            drop(segments);
            // Its header may be what makes the records of an abandoned segment void: that one must be gone
            // durably before it.
            stale |= self.clear_before(first.index)?;
            if std::mem::take(&mut stale) {
                self.fs.sync_dir(&self.config.folder)?;
            }
            self.fs.remove(&self.path(first.index))?;
            self.segments.write().unwrap_or_else(PoisonError::into_inner).pop_front();
            self.bytes.fetch_sub(first.end(), Ordering::Relaxed);
            removed += 1;
            self.fs.sync_dir(&self.config.folder)?;
        }
        Ok(removed)
    }

    /// Abandons a segment that readers have not seen.
    fn abandon(&self, state: &mut AppendState, index: u64) {
        state.unsynced.made();
        // While an older one is left on the disk, this one must stay too: its header may be what makes that
        // one's records void.
        if !state.abandoned.is_empty() || self.fs.remove(&self.path(index)).is_err() {
            state.abandoned.push(index);
        }
    }

    /// Removes abandoned segments before the segment `index`; answers whether there were any.
    fn clear_before(&self, index: u64) -> std::io::Result<bool> {
        let mut state = self.append_state();
        let mut cleared = false;
        while let Some(left) = state.abandoned.first().copied().filter(|left| *left < index) {
            match self.fs.remove(&self.path(left)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => drop(state.abandoned.remove(0)),
            }
            cleared = true;
        }
        Ok(cleared)
    }

    /// The oldest segment from `index` on.
    fn segment_from(&self, index: u64) -> Option<Arc<Segment>> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments.get(segments.partition_point(|segment| segment.index < index)).map(Arc::clone)
    }

    fn path(&self, index: u64) -> PathBuf {
        self.config.folder.join(segment::name(index))
    }

    fn append_state(&self) -> MutexGuard<'_, AppendState> {
        // What it holds is changed in steps that cannot panic half-way.
        self.append_state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
