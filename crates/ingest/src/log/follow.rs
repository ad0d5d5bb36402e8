//! Following a log from another process than the one that appends to it.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::frame::{self, Frame, HEAD};
use super::header::Header;
use super::recovery::read_header;
use super::{DATA, segment};
use crate::fs::{File, FileExt, FileSystem};

/// Bytes read at once.
const CHUNK: usize = 1 << 18;
/// Bytes that hold any record.
const RECORD: usize = HEAD + frame::MAX_PAYLOAD;

/// Goes through the files of a log, record by record, each once, and on as they grow. Files that are
/// removed meanwhile are read to their end where they were begun, and passed otherwise.
#[derive(Debug)]
pub(crate) struct Follower {
    fs: Arc<dyn FileSystem>,
    folder: PathBuf,
    /// The log's name, where it is known.
    name: Option<String>,
    /// The number of the last record that was told.
    last: u64,
    /// Segments before this one are done with.
    index: u64,
    current: Option<Current>,
    buffer: Vec<u8>,
    /// Where in the segment the buffer begins.
    start: u64,
}

/// The segment we are in.
#[derive(Debug)]
struct Current {
    index: u64,
    salt: u64,
    file: Arc<dyn File>,
    /// Where the next record is.
    at: u64,
    /// Once there is a later one: this one grows no more, and its records above this number are void.
    sealed: Option<u64>,
}

/// What to do where there is no whole record.
enum Step {
    /// Look again: more is known now.
    Again,
    /// There is none yet.
    Wait,
}

impl Follower {
    /// Follows the log `name` in `folder` from behind the record numbered `after`.
    pub(crate) fn new(
        fs: Arc<dyn FileSystem>,
        folder: PathBuf,
        name: Option<String>,
        after: u64,
    ) -> Self {
        let (current, buffer) = (None, Vec::new());
        Self { fs, folder, name, last: after, index: 0, current, buffer, start: 0 }
    }

    /// The next record; nothing where none has come yet.
    pub(crate) fn next(&mut self) -> io::Result<Option<Frame<'_>>> {
        let (head, place, length) = loop {
            let Some(current) = &self.current else {
                if self.enter()? { continue } else { return Ok(None) }
            };
            let (salt, limit) = (current.salt, current.sealed.unwrap_or(u64::MAX));
            let place = usize::try_from(current.at - self.start).unwrap_or(usize::MAX);
            let rest = self.buffer.get(place..).unwrap_or_default();
            let Some(frame) = frame::read(rest, salt) else {
                match self.step()? {
                    Step::Again => continue,
                    Step::Wait => return Ok(None),
                }
            };
            let (head, length) = (frame.head, frame.len());
            if let Some(current) = &mut self.current {
                current.at += length as u64;
            }
            // Void, or written twice.
            if head.seq > self.last && head.seq <= limit {
                break (head, place, length);
            }
        };
        self.last = head.seq;
        let payload = self.buffer.get(place + HEAD..place + length).unwrap_or_default();
        Ok(Some(Frame { head, payload }))
    }

    /// There is no whole record in the buffer at the place we are at.
    fn step(&mut self) -> io::Result<Step> {
        // In this order: what is read once there is a later segment is all there will be.
        let sealed = self.sealed()?;
        let Some(current) = &mut self.current else { return Ok(Step::Again) };
        let newly = sealed.is_some() && current.sealed.is_none();
        current.sealed = sealed.or(current.sealed);
        let (salt, sealed) = (current.salt, current.sealed.is_some());
        for bytes in [CHUNK, RECORD] {
            self.fill(bytes)?;
            if newly || frame::read(&self.buffer, salt).is_some() {
                return Ok(Step::Again);
            }
        }
        if !sealed && self.buffer.iter().all(|byte| *byte == 0) {
            return Ok(Step::Wait);
        }
        // Damage, or an append that is under way: then there is nothing whole behind it.
        self.fill(usize::MAX)?;
        let Some(next) = frame::next_whole(&self.buffer, 1, salt, self.last) else {
            if !sealed {
                return Ok(Step::Wait);
            }
            let used = self.buffer.iter().rposition(|byte| *byte != 0);
            if let Some(used) = used {
                self.passed(0..used + 1);
            }
            self.leave();
            return Ok(Step::Again);
        };
        // What was written before the whole one is there by now, if it ever was.
        self.fill(usize::MAX)?;
        if frame::read(&self.buffer, salt).is_none() {
            self.passed(0..next);
            if let Some(current) = &mut self.current {
                current.at += next as u64;
            }
        }
        Ok(Step::Again)
    }

    /// Once there is a later segment: the number above which records of this one are void.
    fn sealed(&self) -> io::Result<Option<u64>> {
        let Some(current) = &self.current else { return Ok(None) };
        if current.sealed.is_some() {
            return Ok(current.sealed);
        }
        let later = self.segments(current.index + 1)?;
        Ok(later.iter().map(|(header, _)| header.base_seq).min())
    }

    /// Begins with the oldest segment that is not done with; answers whether there is one.
    fn enter(&mut self) -> io::Result<bool> {
        let mut segments = self.segments(self.index)?.into_iter();
        let Some((header, file)) = segments.next() else { return Ok(false) };
        if self.last > 0 && header.base_seq > self.last {
            tracing::warn!(
                after = self.last,
                through = header.base_seq,
                "records between these numbers are delivered, and not in the spool any more"
            );
        }
        let sealed = segments.map(|(later, _)| later.base_seq).min();
        self.index = header.index;
        if sealed.is_some_and(|through| through <= self.last) {
            self.index += 1;
            return Ok(true);
        }
        self.current =
            Some(Current { index: header.index, salt: header.salt, file, at: DATA, sealed });
        self.buffer.clear();
        self.start = DATA;
        Ok(true)
    }

    fn leave(&mut self) {
        if let Some(current) = self.current.take() {
            self.index = current.index + 1;
        }
    }

    /// The segments from `index` on that something was written to.
    fn segments(&self, index: u64) -> io::Result<Vec<(Header, Arc<dyn File>)>> {
        let mut names = self.fs.list(&self.folder)?;
        names.retain(|name| segment::index(name).is_some_and(|known| known >= index));
        let mut found: Vec<(Header, Arc<dyn File>)> = Vec::new();
        // From the newest on: one that is written to has none before it that is still to be.
        for name in names.iter().rev() {
            let file = match self.fs.open(&self.folder.join(name)) {
                // Trimmed just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            let header = read_header(&*file)?;
            let is_ours = |header: &Header| {
                Some(header.index) == segment::index(name)
                    && self.name.as_ref().is_none_or(|name| *name == header.name)
            };
            found.extend(header.filter(is_ours).map(|header| (header, file)));
        }
        found.reverse();
        Ok(found)
    }

    /// Fills the buffer from the place we are at.
    fn fill(&mut self, bytes: usize) -> io::Result<()> {
        let Some(current) = &self.current else { return Ok(()) };
        let left = current.file.len()?.saturating_sub(current.at);
        self.start = current.at;
        self.buffer.resize(usize::try_from(left).unwrap_or(usize::MAX).min(bytes), 0);
        let read = current.file.read_up_to(&mut self.buffer, current.at)?;
        self.buffer.truncate(read);
        Ok(())
    }

    fn passed(&self, range: Range<usize>) {
        if let Some(current) = &self.current {
            tracing::error!(
                segment = current.index,
                offset = current.at + range.start as u64,
                bytes = range.len(),
                "the spool is damaged here: `tradekeep spool verify` tells what is lost"
            );
        }
    }
}
