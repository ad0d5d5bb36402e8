//! The machine's own file system.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::fs::{FallocateFlags, FlockOperation, fallocate, flock};
use rustix::io::Errno;

use super::{File, FileSystem, Lock};

/// How often a lock is tried once more, and after how long.
const MAX_TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(5);

/// The machine's own file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFs;

impl FileSystem for RealFs {
    fn create_dir_all(&self, folder: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            // A name that is no text is none of ours.
            names.extend(entry?.file_name().into_string().ok());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create(&self, path: &Path, len: u64) -> io::Result<Arc<dyn File>> {
        let file =
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        if len > 0 {
            allocate(&file, len).inspect_err(|_| {
                // The error is what counts; what is left is a file of zeros at worst.
                let _ = fs::remove_file(path);
            })?;
        }
        Ok(Arc::new(file))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        match OpenOptions::new().read(true).write(true).open(path) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                Ok(Arc::new(fs::File::open(path).map_err(|error| named(path, &error))?))
            }
            opened => Ok(Arc::new(opened?)),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        // The folder above a relative path of one name is the current one.
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        fs::File::open(folder)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let mut tries = 0;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                // Who looks whether it is held has it for an instant.
                Err(Errno::WOULDBLOCK) if tries < MAX_TRIES => {
                    tries += 1;
                    thread::sleep(PAUSE);
                }
                Err(Errno::WOULDBLOCK) => {
                    return Err(io::Error::new(io::ErrorKind::WouldBlock, holder_in(path)));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let name = fs::read_to_string("/proc/self/comm").unwrap_or_default();
        let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
        let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
        file.set_len(0)?;
        file.write_all_at(format!("process {}{name}\n", std::process::id()).as_bytes(), 0)?;
        Ok(Box::new(file))
    }
}

impl RealFs {
    /// Who holds the lock `path`, without taking it; nobody where there is no such file.
    ///
    /// # Errors
    /// What the system answers.
    pub(crate) fn holder(path: &Path) -> io::Result<Option<String>> {
        let file = match fs::File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| named(path, &error))?,
        };
        // Shared, so that two who look do not take one another for the holder.
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(None),
            Err(Errno::WOULDBLOCK) => Ok(Some(holder_in(path))),
            Err(error) => Err(error.into()),
        }
    }
}

/// The error, with the file that it is of.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Who the file of a lock says has it.
fn holder_in(path: &Path) -> String {
    let holder = fs::read_to_string(path).unwrap_or_default();
    let holder = holder.trim();
    if holder.is_empty() { "another process".to_owned() } else { holder.to_owned() }
}

/// Room for `len` bytes of zeros.
fn allocate(file: &fs::File, len: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, len) {
        Ok(()) => Ok(()),
        // Some file systems cannot; zeros written by hand take the room too.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let zeros = vec![0; 1 << 16];
            let mut at = 0;
            while at < len {
                let part = usize::try_from(len - at).unwrap_or(usize::MAX).min(zeros.len());
                file.write_all_at(&zeros[..part], at)?;
                at += part as u64;
            }
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

impl File for fs::File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        FileExt::write_at(self, buffer, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        Self::set_len(self, len)
    }
}
