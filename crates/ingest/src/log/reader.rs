//! Reading a log from a place on, beside whoever appends to it.

use std::io;
use std::sync::Arc;

use super::frame::{self, Frame, HEAD, Head};
use super::scan::{Piece, Scan};
use super::segment::Segment;
use super::{DATA, Log};
use crate::fs::FileExt;

/// Bytes read at once.
const CHUNK: usize = 1 << 18;

/// Goes through a log, record by record, each once.
#[derive(Debug)]
pub(crate) struct Reader {
    log: Arc<Log>,
    /// Only records of this kind.
    kind: Option<u16>,
    /// The number of the last record that was read, of any kind.
    last: u64,
    segment: Option<Arc<Segment>>,
    /// The next record is in this segment, or a later one.
    index: u64,
    /// Where in the segment it is.
    at: u64,
    buffer: Vec<u8>,
    /// Where in the segment the buffer begins.
    start: u64,
}

impl Reader {
    /// Reads records numbered above `after`, of one kind or of all.
    pub(crate) fn new(log: Arc<Log>, after: u64, kind: Option<u16>) -> Self {
        let (segment, buffer) = (None, Vec::new());
        Self { log, kind, last: after, segment, index: 0, at: DATA, buffer, start: DATA }
    }

    /// The next record; nothing where none has come yet.
    pub(crate) fn next(&mut self) -> io::Result<Option<Frame<'_>>> {
        loop {
            let Some(segment) = self.segment() else {
                return Ok(None);
            };
            // In this order: once there is a later segment, this one grows no more.
            let later = self.log.segment_from(segment.index + 1).is_some();
            let wanted = match self.kind {
                Some(kind) => segment.last_of(usize::from(kind)),
                None => segment.last(),
            };
            let end = segment.end();
            if wanted <= self.last || self.at >= end {
                if !later {
                    return Ok(None);
                }
                self.index = segment.index + 1;
                self.segment = None;
                continue;
            }
            let Some((place, head, length)) = self.step(&segment, end)? else {
                continue;
            };
            let is_new = head.seq > self.last;
            self.last = self.last.max(head.seq);
            if is_new && self.kind.is_none_or(|kind| kind == head.kind) {
                let payload = self.buffer.get(place + HEAD..place + length).unwrap_or_default();
                return Ok(Some(Frame { head, payload }));
            }
        }
    }

    fn segment(&mut self) -> Option<Arc<Segment>> {
        if self.segment.is_none() {
            let segment = self.log.segment_from(self.index)?;
            (self.index, self.at, self.start) = (segment.index, DATA, DATA);
            self.buffer.clear();
            self.segment = Some(segment);
        }
        self.segment.as_ref().map(Arc::clone)
    }

    /// The record at the place we are at: where it is in the buffer, its head, its length. Nothing
    /// where the bytes there are none; we are behind them then.
    fn step(&mut self, segment: &Segment, end: u64) -> io::Result<Option<(usize, Head, usize)>> {
        let mut place = usize::try_from(self.at - self.start).unwrap_or(usize::MAX);
        let needed = |buffer: &[u8], place: usize| {
            let rest = buffer.get(place..).unwrap_or_default();
            let length = frame::length(rest).map_or(HEAD, |length| HEAD + length);
            length > rest.len()
        };
        if needed(&self.buffer, place) {
            self.fill(segment, end, CHUNK)?;
            place = 0;
            if needed(&self.buffer, place) {
                self.fill(segment, end, HEAD + frame::MAX_PAYLOAD)?;
            }
        }
        let rest = self.buffer.get(place..).unwrap_or_default();
        if let Some(frame) = frame::read(rest, segment.salt) {
            self.at += frame.len() as u64;
            return Ok(Some((place, frame.head, frame.len())));
        }
        self.skip(segment, end)?;
        Ok(None)
    }

    /// Fills the buffer from the place we are at.
    fn fill(&mut self, segment: &Segment, end: u64, bytes: usize) -> io::Result<()> {
        let left = usize::try_from(end - self.at).unwrap_or(usize::MAX);
        self.start = self.at;
        self.buffer.resize(left.min(bytes), 0);
        let read = segment.file.read_up_to(&mut self.buffer, self.at);
        // What was not read must not be taken for what is there.
        self.buffer.truncate(*read.as_ref().unwrap_or(&0));
        read.map(drop)
    }

    /// Passes what went bad since the log was opened, which told of what was bad then.
    fn skip(&mut self, segment: &Segment, end: u64) -> io::Result<()> {
        self.fill(segment, end, usize::MAX)?;
        let next = match Scan::new(&self.buffer, 0, segment.salt, self.last).next() {
            Some(Piece::Damage(range)) => self.at + range.end as u64,
            // Read once more, it is a record.
            Some(Piece::Record(..)) => return Ok(()),
            Some(Piece::Torn(_)) | None => end,
        };
        tracing::error!(
            segment = segment.index,
            offset = self.at,
            bytes = next - self.at,
            "the spool is damaged here: `tradekeep spool verify` tells what is lost"
        );
        self.at = next;
        self.buffer.clear();
        self.start = self.at;
        Ok(())
    }
}
