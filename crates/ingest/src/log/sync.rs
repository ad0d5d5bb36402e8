//! Making what was appended survive a loss of power.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::frame::{self, Head};
use super::scan::{Piece, Scan};
use super::segment::Segment;
use super::{DATA, Log, Tail};
use crate::fs::FileExt;

/// What a loss of power could take.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    /// Segments, each from where on.
    parts: Vec<(Arc<Segment>, u64)>,
    /// Whether there are files that the folder may forget.
    folder: bool,
    /// Everything up to this number is safe.
    through: u64,
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
        Self { parts: Vec::new(), folder: false, through: seq }
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
            let mut tail = self.tail();
            let parts = tail.unsynced.parts.clone();
            let ends: Vec<_> = parts.into_iter().map(|(part, _)| (part.end(), part)).collect();
            let folder = std::mem::take(&mut tail.unsynced.folder);
            (ends, folder, tail.last_seq)
        };
        let done = parts.iter().try_for_each(|(_, segment)| segment.file.sync());
        if let Err(error) = done {
            tracing::warn!(%error, "a sync failed: what it was for is written again elsewhere");
            return self.write_again();
        }
        if folder && let Err(error) = self.fs.sync_dir(&self.config.folder) {
            self.tail().unsynced.folder = true;
            return Err(error);
        }
        let mut tail = self.tail();
        let unsynced = &mut tail.unsynced;
        unsynced.through = unsynced.through.max(through);
        for (end, segment) in parts {
            for (part, from) in &mut unsynced.parts {
                if part.index == segment.index {
                    *from = end;
                }
            }
        }
        let active = tail.active.as_ref().map(|segment| segment.index);
        tail.unsynced.parts.retain(|(part, from)| *from < part.end() || active == Some(part.index));
        Ok(through)
    }

    /// Writes what is not known to be safe into new segments, and syncs those.
    fn write_again(&self) -> io::Result<u64> {
        let mut tail = self.tail();
        let unsynced = std::mem::take(&mut tail.unsynced.parts);
        let through = tail.unsynced.through;
        let again = self.copies(&mut tail, &unsynced, through);
        let segments = match again {
            Ok(segments) => segments,
            Err(error) => {
                tail.unsynced.parts = unsynced;
                return Err(error);
            }
        };
        let synced = segments
            .iter()
            .try_for_each(|segment| segment.file.sync())
            .and_then(|()| self.fs.sync_dir(&self.config.folder));
        if let Err(error) = synced {
            for segment in &segments {
                // It failed us once.
                let _ = self.fs.remove(&self.path(segment.index));
            }
            tail.unsynced.parts = unsynced;
            return Err(error);
        }
        // Readers that are past the end of the old ones know what they have read by its number.
        for (segment, from) in &unsynced {
            let end = (*from).max(DATA);
            self.bytes.fetch_sub(segment.end() - end, Ordering::Relaxed);
            segment.publish(end);
        }
        self.bytes.fetch_add(segments.iter().map(|new| new.end()).sum(), Ordering::Relaxed);
        let mut all = self.segments.write().unwrap_or_else(PoisonError::into_inner);
        all.extend(segments.iter().map(Arc::clone));
        drop(all);
        tail.active = segments.last().map(Arc::clone);
        let last = tail.last_seq;
        tail.unsynced = Unsynced::safe(last);
        Ok(last)
    }

    /// The records of `parts`, in new segments that readers do not see yet.
    fn copies(
        &self,
        tail: &mut Tail,
        parts: &[(Arc<Segment>, u64)],
        through: u64,
    ) -> io::Result<Vec<Arc<Segment>>> {
        let mut counts = tail.counts;
        let mut segments: Vec<(Arc<Segment>, u64)> = Vec::new();
        let (mut last, mut buffer) = (through, Vec::new());
        let mut bytes = Vec::new();
        // Counted from the end: `counts` is what was there before the first of these records.
        let mut heads = Vec::new();
        for (segment, from) in parts {
            let start = (*from).max(DATA);
            let length = usize::try_from(segment.end() - start).unwrap_or_default();
            bytes.resize(length, 0);
            let read = segment.file.read_up_to(&mut bytes, start)?;
            for piece in Scan::new(&bytes[..read], 0, segment.salt, last) {
                let Piece::Record(_, frame) = piece else {
                    return Err(io::Error::other("what was not synced cannot be read back"));
                };
                if frame.head.seq > last {
                    last = frame.head.seq;
                    heads.push((frame.head, frame.payload.to_vec()));
                }
            }
        }
        for (head, _) in &heads {
            if let Some(count) = counts.get_mut(usize::from(head.kind)) {
                *count = count.saturating_sub(1);
            }
        }
        let put = |segment: &Segment, head: Head, payload: &[u8], buffer: &mut Vec<u8>| {
            buffer.clear();
            // It was written once: it is not too long.
            frame::write(buffer, segment.salt, head, |out| {
                out.extend_from_slice(payload);
                true
            })
        };
        for (head, payload) in heads {
            loop {
                if let Some((segment, end)) = segments.last_mut() {
                    put(segment, head, &payload, &mut buffer);
                    if *end + buffer.len() as u64 <= segment.size {
                        segment.file.write_all_at(&buffer, *end)?;
                        *end += buffer.len() as u64;
                        segment.note(head.kind, head.seq);
                        segment.publish(*end);
                        break;
                    }
                }
                segments.push((self.begin(tail, through, counts)?, DATA));
            }
            if let Some(count) = counts.get_mut(usize::from(head.kind)) {
                *count += 1;
            }
        }
        Ok(segments.into_iter().map(|(segment, _)| segment).collect())
    }
}
