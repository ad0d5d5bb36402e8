//! What the spool asks of a file system, so that tests can fail it, or cut its power, at every step.

mod real;
#[cfg(feature = "sim")]
pub mod sim;

use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub use real::RealFs;

/// A file system.
///
/// What was made, renamed or removed in a folder survives a loss of power once
/// [`sync_dir`](Self::sync_dir) of that folder has answered; until then it may survive or not. What
/// was written to a file survives once [`File::sync`] of it has answered.
pub trait FileSystem: Send + Sync + Debug {
    /// Makes `folder` and those above it, for its owner alone; fine where it is there.
    ///
    /// # Errors
    /// What the system answers.
    fn create_dir_all(&self, folder: &Path) -> io::Result<()>;

    /// Names in `folder`, sorted.
    ///
    /// # Errors
    /// `NotFound` where there is no such folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Makes the file `path` for its owner alone (mode 0600), `len` bytes of zeros long and with room
    /// for them on the disk, so that a full disk shows now and not when they are written.
    ///
    /// # Errors
    /// `AlreadyExists`, `StorageFull`; nothing is left behind then.
    fn create(&self, path: &Path, len: u64) -> io::Result<Arc<dyn File>>;

    /// Opens the file `path` to read and to write; to read alone where it may not be written.
    ///
    /// # Errors
    /// `NotFound`, or what else the system answers.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;

    /// Gives the file `from` the name `to` of the same folder, replacing what has it.
    ///
    /// # Errors
    /// What the system answers.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes the file `path`; who has it open can still read it.
    ///
    /// # Errors
    /// What the system answers.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes what happened in `folder` survive a loss of power.
    ///
    /// # Errors
    /// What the system answers.
    fn sync_dir(&self, folder: &Path) -> io::Result<()>;

    /// Takes the lock `path` for as long as the answer lives; it ends with the process, however that
    /// ends.
    ///
    /// # Errors
    /// `WouldBlock` where it is taken, whose text says by whom where the system tells.
    fn lock(&self, path: &Path) -> io::Result<Lock>;
}

/// Makes `folder` and those above it, durably.
pub(crate) fn make_folder(fs: &dyn FileSystem, folder: &Path) -> io::Result<()> {
    fs.create_dir_all(folder)?;
    // A folder's name is in the one above, and that one's in the next.
    for (height, above) in folder.ancestors().skip(1).enumerate() {
        match fs.sync_dir(above) {
            // Those further up are seldom ours.
            Err(error) if height < 2 => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A lock that is held.
pub type Lock = Box<dyn Debug + Send + Sync>;

/// An open file, used at positions; threads may use it at once.
#[allow(clippy::len_without_is_empty, reason = "nobody asks whether a file is empty")]
pub trait File: Send + Sync + Debug {
    /// Reads into `buffer` from `offset` on; answers the bytes read, 0 at the end.
    ///
    /// # Errors
    /// What the system answers.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes from `buffer` at `offset`; answers the bytes written, which may be fewer.
    ///
    /// # Errors
    /// What the system answers; some of it may have been written.
    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize>;

    /// Makes what was written survive a loss of power (`fdatasync`). After an error nothing is known
    /// of what was written since the last success, and a later success says nothing of it.
    ///
    /// # Errors
    /// What the system answers.
    fn sync(&self) -> io::Result<()>;

    /// The file's length in bytes.
    ///
    /// # Errors
    /// What the system answers.
    fn len(&self) -> io::Result<u64>;

    /// Cuts the file to `len` bytes, or lengthens it with zeros.
    ///
    /// # Errors
    /// What the system answers.
    fn set_len(&self, len: u64) -> io::Result<()>;
}

/// Sugar on every [`File`].
pub(crate) trait FileExt: File {
    /// Reads from `offset` until `buffer` is full or the file ends; answers the bytes read.
    fn read_up_to(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < buffer.len() {
            match self.read_at(&mut buffer[read..], offset + read as u64) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    /// Writes all of `buffer` at `offset`.
    fn write_all_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
        let mut written = 0;
        while written < buffer.len() {
            match self.write_at(&buffer[written..], offset + written as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<T: File + ?Sized> FileExt for T {}
