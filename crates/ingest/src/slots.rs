//! A small file that is replaced as a whole: two slots, of which the newest whole one counts.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::fs::{File, FileExt, FileSystem};

const MAGIC: &[u8; 8] = b"TKSLOTS\n";
/// Bytes before the content: magic, generation, length, checksum.
const HEAD: usize = 24;
/// Reads at most of what another process may be writing.
const MAX_READS: u32 = 4;

/// Two slots in one file. A write goes to the older one and is synced, so that whatever happens to it
/// the other is there.
#[derive(Debug)]
pub(crate) struct Slots {
    file: Arc<dyn File>,
    slot: usize,
    generation: u64,
}

impl Slots {
    /// Opens `path`, and makes it where it is not there, for contents of less than `slot` bytes; with
    /// its content, where one of the slots is whole.
    pub(crate) fn open(
        fs: &dyn FileSystem,
        path: &Path,
        slot: usize,
    ) -> io::Result<(Self, Option<Vec<u8>>)> {
        let file = match fs.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = fs.create(path, 2 * slot as u64)?;
                fs.sync_dir(path.parent().unwrap_or(path))?;
                file
            }
            opened => opened?,
        };
        let newest = newest(&*file, slot)?;
        let generation = newest.as_ref().map_or(0, |(generation, _)| *generation);
        Ok((Self { file, slot, generation }, newest.map(|(_, content)| content)))
    }

    /// The content of `path`, where one of its slots is whole; without opening it to write.
    pub(crate) fn peek(
        fs: &dyn FileSystem,
        path: &Path,
        slot: usize,
    ) -> io::Result<Option<Vec<u8>>> {
        let file = match fs.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut reads = 0;
        loop {
            let newest = newest(&*file, slot)?;
            reads += 1;
            // Neither is whole only where both were replaced during the read: it is read again.
            if newest.is_some() || reads == MAX_READS {
                return Ok(newest.map(|(_, content)| content));
            }
        }
    }

    /// How many of the two slots of `path` are whole, and how many are neither that nor blank.
    pub(crate) fn count(fs: &dyn FileSystem, path: &Path, slot: usize) -> io::Result<(u8, u8)> {
        let file = match fs.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
            opened => opened?,
        };
        let (mut sound, mut broken) = (0, 0);
        for parity in 0..2 {
            let mut bytes = vec![0; slot];
            let mut reads = 0;
            let is_whole = loop {
                let read = file.read_up_to(&mut bytes, place(parity, slot))?;
                reads += 1;
                match whole(&bytes[..read]) {
                    Some((generation, _)) if generation % 2 == parity => break true,
                    _ if reads == MAX_READS => break false,
                    _ => {}
                }
            };
            sound += u8::from(is_whole);
            broken += u8::from(!is_whole && bytes.iter().any(|byte| *byte != 0));
        }
        Ok((sound, broken))
    }

    /// Replaces the content; it survives a loss of power when this has answered.
    pub(crate) fn write(&mut self, content: &[u8]) -> io::Result<()> {
        if HEAD + content.len() > self.slot {
            return Err(io::Error::other(format!(
                "{} bytes do not fit a slot of {}",
                content.len(),
                self.slot
            )));
        }
        // The generation moves even where this fails: the slot that is whole is never the next one.
        let generation = self.generation + 1;
        let mut bytes = Vec::with_capacity(HEAD + content.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&generation.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(&checksum(generation, content).to_le_bytes());
        bytes.extend_from_slice(content);
        self.file.write_all_at(&bytes, place(generation, self.slot))?;
        self.file.sync()?;
        self.generation = generation;
        Ok(())
    }
}

fn place(generation: u64, slot: usize) -> u64 {
    generation % 2 * slot as u64
}

fn checksum(generation: u64, content: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&generation.to_le_bytes()), content)
}

/// The newest generation that is whole, and its content.
fn newest(file: &dyn File, slot: usize) -> io::Result<Option<(u64, Vec<u8>)>> {
    let mut found = None;
    for parity in 0..2 {
        let mut bytes = vec![0; slot];
        let read = file.read_up_to(&mut bytes, place(parity, slot))?;
        bytes.truncate(read);
        if let Some((generation, content)) = whole(&bytes)
            && generation % 2 == parity
            && found.as_ref().is_none_or(|(other, _)| *other < generation)
        {
            found = Some((generation, content.to_vec()));
        }
    }
    Ok(found)
}

fn whole(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let generation = u64::from_le_bytes(rest.get(..8)?.try_into().ok()?);
    let length = u32::from_le_bytes(rest.get(8..12)?.try_into().ok()?);
    let sum = u32::from_le_bytes(rest.get(12..16)?.try_into().ok()?);
    let content = rest.get(16..)?.get(..usize::try_from(length).ok()?)?;
    (sum == checksum(generation, content)).then_some((generation, content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::RealFs;
    use crate::fs::sim::{Operation, SimFs};
    use crate::log::stale::Stale;

    const SLOT: usize = 64;

    #[test]
    fn what_fits_exactly_is_taken_and_one_byte_more_is_not() {
        let (fs, path) = (SimFs::new(), Path::new("slots"));
        let (mut slots, content) = Slots::open(&fs, path, SLOT).unwrap();
        assert_eq!(content, None);
        slots.write(&[7; SLOT - HEAD]).unwrap();
        slots.write(&[8; SLOT - HEAD + 1]).unwrap_err();
        assert_eq!(Slots::peek(&fs, path, SLOT).unwrap(), Some(vec![7; SLOT - HEAD]));
        assert_eq!(Slots::count(&fs, path, SLOT).unwrap(), (1, 0));
    }

    #[test]
    fn who_looks_tells_what_is_absent_from_what_cannot_be_read() {
        let (fs, path) = (SimFs::new(), Path::new("slots"));
        assert_eq!(Slots::peek(&fs, path, SLOT).unwrap(), None);
        assert_eq!(Slots::count(&fs, path, SLOT).unwrap(), (0, 0));
        fs.fail_next(Operation::Open, 2, io::ErrorKind::Other);
        Slots::peek(&fs, path, SLOT).unwrap_err();
        Slots::count(&fs, path, SLOT).unwrap_err();
        fs.write(path, [1; 2 * SLOT]).unwrap();
        assert_eq!(Slots::peek(&fs, path, SLOT).unwrap(), None);
        assert_eq!(Slots::count(&fs, path, SLOT).unwrap(), (0, 2));
    }

    #[test]
    fn a_slot_that_is_being_written_is_looked_at_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("slots");
        let (mut slots, _) = Slots::open(&RealFs, &path, SLOT).unwrap();
        slots.write(b"one").unwrap();
        // The first generation stands in the second slot.
        let place = SLOT as u64;
        let stale = |reads| Stale::new(place..place + 8, reads);
        assert_eq!(Slots::peek(&stale(1), &path, SLOT).unwrap().as_deref(), Some(&b"one"[..]));
        assert_eq!(Slots::count(&stale(1), &path, SLOT).unwrap(), (1, 0));
    }
}
