//! A file system whose first reads of a place answer what was there before, as those of a process that
//! reads while another writes.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::fs::{File, FileSystem, Lock, RealFs};

#[derive(Debug)]
pub(crate) struct Stale {
    /// These bytes of every file are zeros,
    pub(crate) range: Range<u64>,
    /// for so many reads.
    pub(crate) reads: Arc<AtomicU32>,
}

impl Stale {
    pub(crate) fn new(range: Range<u64>, reads: u32) -> Self {
        Self { range, reads: Arc::new(AtomicU32::new(reads)) }
    }

    pub(crate) fn file(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let (range, reads) = (self.range.clone(), Arc::clone(&self.reads));
        Ok(Arc::new(StaleFile { file: RealFs.open(path)?, range, reads }))
    }
}

#[derive(Debug)]
struct StaleFile {
    file: Arc<dyn File>,
    range: Range<u64>,
    reads: Arc<AtomicU32>,
}

impl File for StaleFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.file.read_at(buffer, offset)?;
        let stale = (offset..offset + read as u64).zip(buffer.iter_mut());
        let stale: Vec<_> = stale.filter(|(at, _)| self.range.contains(at)).collect();
        let left = self.reads.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(u32::from(!stale.is_empty()))
        });
        if left.is_ok() {
            stale.into_iter().for_each(|(_, byte)| *byte = 0);
        }
        Ok(read)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(buffer, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
}

impl FileSystem for Stale {
    fn create_dir_all(&self, folder: &Path) -> io::Result<()> {
        RealFs.create_dir_all(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        RealFs.list(folder)
    }

    fn create(&self, path: &Path, len: u64) -> io::Result<Arc<dyn File>> {
        RealFs.create(path, len)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealFs.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealFs.remove(path)
    }

    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        RealFs.sync_dir(folder)
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        RealFs.lock(path)
    }
}
