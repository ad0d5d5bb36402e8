//! Checking every byte of a log, while another process may append to it.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::header::Header;
use super::recovery::{DAMAGED, Visit, is_blank, limit, read_header};
use super::scan::{Piece, Scan};
use super::{DATA, segment};
use crate::fs::{File, FileExt, FileSystem};

/// Between two reads of what may be half written.
const PAUSE: Duration = Duration::from_millis(5);
/// Reads of it at most.
const MAX_READS: u32 = 4;

/// What is in a log.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Segments, and those among them that nothing was written to yet.
    pub(crate) segments: u64,
    pub(crate) blank: u64,
    /// Bytes that were read.
    pub(crate) bytes: u64,
    /// Records that are whole.
    pub(crate) records: u64,
    /// Records that do not count: they were refused when they could not be written whole, or stand
    /// again behind.
    pub(crate) void: u64,
    /// Places that are no records, with the files they are in.
    pub(crate) damaged: Vec<(String, Range<u64>)>,
    /// The end of an append that was under way.
    pub(crate) torn: Option<(String, Range<u64>)>,
    /// Files beside the segments that keep what was found damaged before.
    pub(crate) beside: Vec<String>,
}

/// Looks at every byte of the log `name` in `folder`, and tells `visit` of each record, in order.
pub(crate) fn check(
    fs: &dyn FileSystem,
    folder: &Path,
    name: Option<&str>,
    visit: &mut Visit<'_>,
) -> io::Result<Checked> {
    let mut checked = Checked::default();
    let found = headers(fs, folder, name, &mut checked)?;
    let mut last = 0;
    for (place, (header, file)) in found.iter().enumerate() {
        let limit = limit(&found[place + 1..]);
        let bytes = stable_bytes(&**file, header.salt, last)?;
        checked.bytes += bytes.len() as u64;
        let at = |range: Range<usize>| {
            (segment::name(header.index), range.start as u64..range.end as u64)
        };
        for piece in Scan::new(&bytes, start(), header.salt, last) {
            match piece {
                Piece::Record(_, frame) if frame.head.seq > limit || frame.head.seq <= last => {
                    checked.void += 1;
                }
                Piece::Record(_, frame) => {
                    last = frame.head.seq;
                    checked.records += 1;
                    visit(&frame);
                }
                Piece::Torn(range) if place + 1 == found.len() => checked.torn = Some(at(range)),
                Piece::Torn(range) | Piece::Damage(range) => checked.damaged.push(at(range)),
            }
        }
    }
    Ok(checked)
}

fn start() -> usize {
    usize::try_from(DATA).unwrap_or_default()
}

/// Opens the segments, in order, and counts in `checked` the files that are none.
fn headers(
    fs: &dyn FileSystem,
    folder: &Path,
    name: Option<&str>,
    checked: &mut Checked,
) -> io::Result<Vec<(Header, Arc<dyn File>)>> {
    let mut found = Vec::new();
    for file_name in fs.list(folder)? {
        if file_name.ends_with(DAMAGED) {
            checked.beside.push(file_name);
            continue;
        }
        let Some(index) = segment::index(&file_name) else { continue };
        let file = match fs.open(&folder.join(&file_name)) {
            // Trimmed just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        checked.segments += 1;
        let mut reads = 0;
        loop {
            match read_header(&*file)? {
                Some(header)
                    if header.index == index && name.is_none_or(|name| header.name == name) =>
                {
                    found.push((header, file));
                }
                None if is_blank(&*file)? => checked.blank += 1,
                // It may be written just now.
                None if reads < MAX_READS => {
                    reads += 1;
                    thread::sleep(PAUSE);
                    continue;
                }
                _ => checked.damaged.push((file_name, 0..file.len()?)),
            }
            break;
        }
    }
    Ok(found)
}

/// The bytes of a segment, read until they are stable: a hole that is seen once may be a write under way,
/// one that is seen twice is damage.
fn stable_bytes(file: &dyn File, salt: u64, last: u64) -> io::Result<Vec<u8>> {
    let mut before = None;
    let mut reads = 0;
    loop {
        let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or_default()];
        let read = file.read_up_to(&mut bytes, 0)?;
        bytes.truncate(read);
        let odd: Vec<_> = Scan::new(&bytes, start(), salt, last)
            .filter_map(|piece| match piece {
                Piece::Record(..) => None,
                Piece::Damage(range) | Piece::Torn(range) => Some(range),
            })
            .collect();
        reads += 1;
        if odd.is_empty() || before.as_ref() == Some(&odd) || reads == MAX_READS {
            return Ok(bytes);
        }
        before = Some(odd);
        thread::sleep(PAUSE);
    }
}
