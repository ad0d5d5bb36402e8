//! One file of a log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::header::Header;
use super::{DATA, KINDS};
use crate::fs::File;

/// A segment, as readers see it.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Its place in the log.
    pub(crate) index: u64,
    pub(super) salt: u64,
    pub(super) file: Arc<dyn File>,
    /// Bytes it may take.
    pub(super) size: u64,
    /// Where its records end.
    end: AtomicU64,
    /// The last record of each kind; 0 where there is none.
    last_of: [AtomicU64; KINDS],
}

impl Segment {
    pub(super) fn new(header: &Header, file: Arc<dyn File>, size: u64) -> Self {
        let last_of = [const { AtomicU64::new(0) }; KINDS];
        Self { index: header.index, salt: header.salt, file, size, end: DATA.into(), last_of }
    }

    /// Where its records end.
    pub(super) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// Of the last record of this kind; 0 where there is none.
    pub(crate) fn last_of(&self, kind: usize) -> u64 {
        self.last_of.get(kind).map_or(0, |last| last.load(Ordering::Relaxed))
    }

    /// Of its last record; 0 where there is none.
    pub(crate) fn last(&self) -> u64 {
        (0..KINDS).map(|kind| self.last_of(kind)).max().unwrap_or_default()
    }

    /// Notes a record; readers see it once [`publish`](Self::publish) tells them of its end.
    pub(super) fn note(&self, kind: u16, seq: u64) {
        if let Some(last) = self.last_of.get(usize::from(kind)) {
            last.fetch_max(seq, Ordering::Relaxed);
        }
    }

    pub(super) fn publish(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }
}

const SUFFIX: &str = ".seg";

/// The name of the segment's file.
pub(super) fn name(index: u64) -> String {
    format!("{index:020}{SUFFIX}")
}

/// The place in the log of a file of this name; nothing where it is no segment.
pub(super) fn index(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    let plain = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_segments_do() {
        assert_eq!(index(&name(0)), Some(0));
        assert_eq!(index(&name(u64::MAX)), Some(u64::MAX));
        assert!(name(9) < name(10));
        assert!(["1.seg", "lock", "00000000000000000001.seg.damaged", ""].map(index) == [None; 4]);
    }
}
