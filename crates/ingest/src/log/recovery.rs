//! Opening a log, whatever its last process, the disk or a person did to it.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

use super::header::Header;
use super::scan::{Piece, Scan, used};
use super::segment::{self, Segment};
use super::sync::Unsynced;
use super::{AppendState, DATA, Frame, KINDS, Log, LogConfig};
use crate::fs::{File, FileExt, FileSystem};

/// What a log is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// To append. One process at a time.
    Write,
    /// To read, beside the process that appends: nothing in the folder is touched.
    ReadOnly,
}

/// Told of each record as a log is opened.
pub(crate) type Visit<'a> = dyn FnMut(&Frame<'_>) + 'a;

/// What was found when a log was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Recovery {
    /// Records that are whole.
    pub(crate) records: u64,
    /// Bytes of an append that was under way when the process or the machine ended; they were cut
    /// off and kept beside.
    pub(crate) torn: u64,
    /// Files that keep what is damaged: one each time it was first seen.
    pub(crate) damaged: Vec<String>,
}

/// The end of the names of files that keep a damaged part, or a segment that is none any more.
pub(crate) const DAMAGED: &str = ".damaged";
/// The end of the names of files that keep the end of an append that was under way.
const TORN: &str = ".torn";

impl Log {
    /// Opens the log in a folder that is there, and tells `visit` of each record, in order.
    ///
    /// It always opens: what is no record is kept beside under a name of its own, and passed.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub(crate) fn open(
        fs: Arc<dyn FileSystem>,
        config: LogConfig,
        access: Access,
        visit: &mut Visit<'_>,
    ) -> io::Result<(Self, Recovery)> {
        let mut recovery = Recovery::default();
        let found = find(&*fs, &config, access, &mut recovery)?;
        let next_index = found.last().map_or(0, |(header, _)| header.index.saturating_add(1));
        let next_index = next_index.max(newest_name(&*fs, &config)?.saturating_add(1));
        let (mut last_seq, mut counts) = (0, [0; KINDS]);
        let mut segments = VecDeque::new();
        for (place, (header, file)) in found.iter().enumerate() {
            let limit = limit(&found[place + 1..]);
            let is_last = place + 1 == found.len();
            let (fs, config) = (&*fs, &config);
            let opening = Opening { fs, config, access, header, file, limit, is_last };
            // What was counted before damage took it is told by the next header; but not by one of an
            // append that failed.
            if header.base_seq <= limit {
                counts
                    .iter_mut()
                    .zip(header.counts)
                    .for_each(|(count, before)| *count = before.max(*count));
            }
            segments.push_back(opening.read(&mut last_seq, &mut counts, &mut recovery, visit)?);
        }
        if access == Access::Write {
            // As the files were: the process before this one may have ended before it did that.
            fs.sync_dir(&config.folder)?;
        }
        let last_of = std::array::from_fn(|kind| {
            segments.iter().map(|segment: &Arc<Segment>| segment.last_of(kind)).max().unwrap_or(0)
        });
        let unsynced = Unsynced::safe(last_seq);
        let (next_seq, buffer) = (last_seq + 1, Vec::new());
        let state = AppendState {
            active: None,
            next_index,
            abandoned: Vec::new(),
            spare: None,
            last_seq,
            next_seq,
            bound: next_seq,
            counts,
            last_of,
            unsynced,
            buffer,
        };
        let bytes = segments.iter().map(|segment| segment.end()).sum::<u64>().into();
        let (segments, append_state) = (RwLock::new(segments), Mutex::new(state));
        let log = Self { fs, config, segments, append_state, bytes, syncing: Mutex::new(()) };
        Ok((log, recovery))
    }

    /// Begins numbers at `seq`, all of which are above those of an earlier run.
    pub(crate) fn start_numbers_at(&self, seq: u64) {
        let mut state = self.append_state();
        state.next_seq = state.next_seq.max(seq);
    }
}

impl Log {
    /// The name that the segments of a folder have; nothing where none says.
    pub(crate) fn name_in(fs: &dyn FileSystem, folder: &Path) -> io::Result<Option<String>> {
        for name in fs.list(folder)?.iter().filter(|name| segment::index(name).is_some()) {
            if let Some(header) = read_header(&*fs.open(&folder.join(name))?)? {
                return Ok(Some(header.name));
            }
        }
        Ok(None)
    }
}

pub(super) fn read_header(file: &dyn File) -> io::Result<Option<Header>> {
    let mut bytes = vec![0; usize::try_from(DATA).unwrap_or_default()];
    let read = file.read_up_to(&mut bytes, 0)?;
    Ok(Header::read(&bytes[..read]))
}

/// The segments of a folder, in order, without those that hold nothing.
fn find(
    fs: &dyn FileSystem,
    config: &LogConfig,
    access: Access,
    recovery: &mut Recovery,
) -> io::Result<Vec<(Header, Arc<dyn File>)>> {
    let mut found = Vec::new();
    for name in fs.list(&config.folder)? {
        let Some(index) = segment::index(&name) else { continue };
        let path = config.folder.join(&name);
        let file = match fs.open(&path) {
            // Trimmed just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        match read_header(&*file)? {
            Some(header) if header.index == index && header.name == config.name => {
                found.push((header, file));
            }
            // It was made before it was needed.
            None if is_blank(&*file)? => {
                if access == Access::Write {
                    fs.remove(&path)?;
                }
            }
            _ if access == Access::ReadOnly => recovery.damaged.push(name),
            _ => {
                let aside = format!("{name}{DAMAGED}");
                tracing::error!(file = aside, "a segment of the spool cannot be read: kept beside");
                fs.rename(&path, &config.folder.join(&aside))?;
                fs.sync_dir(&config.folder)?;
                recovery.damaged.push(aside);
            }
        }
    }
    Ok(found)
}

/// The highest number that any file here was named by, so that no name is used again.
fn newest_name(fs: &dyn FileSystem, config: &LogConfig) -> io::Result<u64> {
    let names = fs.list(&config.folder)?;
    let indices =
        names.iter().filter_map(|name| segment::index(name.split_inclusive(".seg").next()?));
    Ok(indices.max().unwrap_or_default())
}

/// The last number that counts in a segment before `later` ones: what is above is declared void there.
pub(super) fn limit(later: &[(Header, Arc<dyn File>)]) -> u64 {
    later.iter().map(|(header, _)| header.base_seq).min().unwrap_or(u64::MAX)
}

/// Whether nothing was written to it: what is damaged has something at least.
pub(super) fn is_blank(file: &dyn File) -> io::Result<bool> {
    let mut bytes = vec![0; 1 << 16];
    let mut at = 0;
    loop {
        let read = file.read_up_to(&mut bytes, at)?;
        if used(&bytes[..read]) > 0 {
            return Ok(false);
        }
        if read < bytes.len() {
            return Ok(true);
        }
        at += read as u64;
    }
}

/// A segment that is being read for the first time.
struct Opening<'a> {
    fs: &'a dyn FileSystem,
    config: &'a LogConfig,
    access: Access,
    header: &'a Header,
    file: &'a Arc<dyn File>,
    /// Records above this number are void.
    limit: u64,
    is_last: bool,
}

impl Opening<'_> {
    fn read(
        &self,
        last: &mut u64,
        counts: &mut [u64; KINDS],
        recovery: &mut Recovery,
        visit: &mut Visit<'_>,
    ) -> io::Result<Arc<Segment>> {
        let size = self.file.len()?;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
        let read = self.file.read_up_to(&mut bytes, 0)?;
        bytes.truncate(read);
        let start = usize::try_from(DATA).unwrap_or_default();
        let segment = Segment::new(self.header, Arc::clone(self.file), size);
        let mut end = DATA;
        for piece in Scan::new(&bytes, start, self.header.salt, *last) {
            match piece {
                // Void, or written twice: what was refused, or is in a later segment.
                Piece::Record(_, frame)
                    if frame.head.seq > self.limit || frame.head.seq <= *last => {}
                Piece::Record(place, frame) => {
                    *last = frame.head.seq;
                    segment.note(frame.head.kind, frame.head.seq);
                    if let Some(count) = counts.get_mut(usize::from(frame.head.kind)) {
                        *count += 1;
                    }
                    recovery.records += 1;
                    end = (place + frame.len()) as u64;
                    visit(&frame);
                }
                Piece::Damage(range) => self.set_aside(&bytes, range, recovery)?,
                Piece::Torn(range) if self.is_last => {
                    recovery.torn += range.len() as u64;
                    if self.access == Access::Write {
                        let cut = range.start as u64;
                        self.keep(&bytes, range, TORN)?;
                        self.file.set_len(cut)?;
                    }
                }
                Piece::Torn(range) => self.set_aside(&bytes, range, recovery)?,
            }
        }
        if self.access == Access::Write {
            if size > end {
                // Room for more than it got.
                self.file.set_len(end)?;
            }
            // What is given out again must not be taken by a loss of power: the process before this
            // one may have ended before it synced.
            self.file.sync()?;
        }
        segment.publish(end);
        Ok(Arc::new(segment))
    }

    fn set_aside(
        &self,
        bytes: &[u8],
        range: Range<usize>,
        recovery: &mut Recovery,
    ) -> io::Result<()> {
        let (offset, length) = (range.start, range.len());
        if self.access == Access::ReadOnly {
            recovery
                .damaged
                .push(format!("{}.{offset}+{length}", segment::name(self.header.index)));
            return Ok(());
        }
        if let Some(name) = self.keep(bytes, range, DAMAGED)? {
            let segment = self.header.index;
            tracing::error!(
                segment,
                offset,
                bytes = length,
                file = name,
                "the spool is damaged here: the bytes are kept beside, records in them are lost"
            );
            recovery.damaged.push(name);
        }
        Ok(())
    }

    /// Keeps a range of the segment in a file of its own; answers its name, where it is a new one.
    fn keep(&self, bytes: &[u8], range: Range<usize>, suffix: &str) -> io::Result<Option<String>> {
        let segment = segment::name(self.header.index);
        let name = format!("{segment}.{}-{}{suffix}", range.start, range.end);
        let content = bytes.get(range).unwrap_or_default();
        let file = match self.fs.create(&self.config.folder.join(&name), content.len() as u64) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            // A full disk must not keep the rest from being delivered.
            Err(error) => {
                tracing::error!(%error, file = name, "a damaged part of the spool could not be kept");
                return Ok(Some(name));
            }
        };
        file.write_all_at(content, 0)?;
        file.sync()?;
        self.fs.sync_dir(&self.config.folder)?;
        Ok(Some(name))
    }
}
