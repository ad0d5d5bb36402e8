//! A file system in memory, whose every operation can fail, and whose power can go at every step.
//!
//! Run a job once and ask how many [`operations`](SimFs::operations) it took; then run it once for
//! each of them, with [`crash_at`](SimFs::crash_at), and look at what it makes of what
//! [`power_loss`](SimFs::power_loss) left:
//!
//! ```
//! use std::path::Path;
//! use tradekeep_ingest::fs::{FileSystem, sim::SimFs};
//!
//! fn job(fs: &SimFs) -> std::io::Result<()> {
//!     let file = fs.create(Path::new("new"), 0)?;
//!     file.write_at(b"text", 0)?;
//!     file.sync()?;
//!     fs.rename(Path::new("new"), Path::new("name"))?;
//!     fs.sync_dir(Path::new(""))
//! }
//!
//! let whole = SimFs::new();
//! job(&whole)?;
//! for step in 0..whole.operations() {
//!     for seed in 0..20 {
//!         let fs = SimFs::with_seed(seed);
//!         fs.crash_at(step);
//!         assert!(job(&fs).is_err());
//!         let fs = fs.power_loss(seed);
//!         if fs.paths().contains(&"name".into()) {
//!             assert_eq!(fs.read("name")?, b"text");
//!         }
//!     }
//! }
//! # Ok::<(), std::io::Error>(())
//! ```

mod fault;
mod file;
mod node;
mod state;
mod tree;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::fault::Operation;
use self::file::{Shared, SimFile, SimLock};
use self::state::State;
use super::{File, FileSystem, Lock};

/// A file system in memory; clones are the same one.
///
/// It answers as [`RealFs`](super::RealFs) does on Linux, with these limits: a file has at most
/// 1 GiB, a rename stays in its folder, `..` in a path is a name like others, and there are no
/// permissions. The same calls with the same seeds give the same bytes.
///
/// **Numbers.** Each call that [is numbered](Operation::is_numbered) has one, from 0 on, whether it
/// succeeds or not. Calls of the methods below that are not the traits' have none.
///
/// **Faults.** A write that fails may have written any first part of its bytes; every other call that
/// fails has done nothing. After a [`sync`](File::sync) that failed, what was written before is read
/// as written, and no later sync makes it survive, as on Linux; it may have survived by luck. A
/// [`sync_dir`](FileSystem::sync_dir) that failed can be repeated.
#[derive(Clone)]
pub struct SimFs(Shared);

impl SimFs {
    /// An empty one, with the seed 0.
    #[must_use]
    pub fn new() -> Self {
        Self::with_seed(0)
    }

    /// An empty one; `seed` draws how far a call got that failed, or that the power ended.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        Self(Shared::new(State::with_seed(seed)))
    }

    /// How many numbered calls there were, which is the number of the next.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.0.state().faults.operations()
    }

    /// The power goes in the operation of that number, of which any part may be done: it and all
    /// calls after it, those that read too, answer an error. Where that number is past, it is gone.
    pub fn crash_at(&self, operation: u64) {
        self.0.state().faults.crash_at(operation);
    }

    /// Whether the power is gone.
    #[must_use]
    pub fn is_powered_off(&self) -> bool {
        self.0.state().faults.is_powered_off()
    }

    /// The operation of that number fails.
    pub fn fail_at(&self, operation: u64, kind: io::ErrorKind) {
        self.0.state().faults.fail_at(operation, kind);
    }

    /// The next `times` calls of `operation` fail, `u32::MAX` for all that come. What was asked for
    /// that operation before comes first.
    pub fn fail_next(&self, operation: Operation, times: u32, kind: io::ErrorKind) {
        self.0.state().faults.fail_next(operation, times, kind);
    }

    /// The operation of that number, if it is a write, takes `bytes` bytes at most.
    pub fn short_write_at(&self, operation: u64, bytes: usize) {
        self.0.state().faults.short_write_at(operation, bytes);
    }

    /// The disk has room for `bytes` bytes: the lengths of all files, those included that are removed
    /// and open. A call that would make files longer than that answers `StorageFull`; a write takes
    /// what there is room for first.
    pub fn capacity(&self, bytes: u64) {
        self.0.state().capacity = bytes;
    }

    /// What the next process may find when the power goes now; no fault is to come, and nothing is
    /// counted. This one goes on as it was.
    ///
    /// What was synced is there. Of what was not, each write survives whole, torn anywhere, or not,
    /// in any combination, and so does each change of a length. Changes of folders survive up to one
    /// of them, in one order or in each folder's own, or in any combination that keeps the order of
    /// what happened to one name: after a rename the file has one of both names. `seed` draws among
    /// all that, with none and all of it among what is drawn often.
    #[must_use]
    pub fn power_loss(&self, seed: u64) -> Self {
        Self(Shared::new(self.0.state().after_power_loss(seed)))
    }

    /// What the next process finds when this one is killed: all that was done, and no lock held; no
    /// fault is to come, and nothing is counted. What was not synced can still be lost with the
    /// power. This one goes on as it was.
    #[must_use]
    pub fn kill(&self) -> Self {
        Self(Shared::new(self.0.state().after_kill()))
    }

    /// Every file, sorted.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.0.state().names.files.keys().cloned().collect()
    }

    /// The bytes of the file `path`, also when the power is gone.
    ///
    /// # Errors
    /// Where there is no such file.
    pub fn read(&self, path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
        Ok(self.0.state().node_at(path.as_ref())?.data().to_vec())
    }

    /// Puts `bytes` on the disk as the file `path`, making the folders above it; all that survives a
    /// loss of power. Who has the file open sees them. The capacity is not looked at.
    ///
    /// # Errors
    /// Where the name is a folder's, or a file's is among those above it.
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.state().put(path.as_ref(), bytes.as_ref())
    }

    /// Flips a bit of the file `path`, counted from the lowest of its first byte, in the cache and on
    /// the disk.
    ///
    /// # Errors
    /// Where there is no such file, or no such bit in it.
    pub fn flip_bit(&self, path: impl AsRef<Path>, bit: u64) -> io::Result<()> {
        let mut state = self.0.state();
        let node = state.node_at(path.as_ref())?;
        match usize::try_from(bit / 8) {
            Ok(at) if at < node.data().len() => {
                node.flip(at, 1 << (bit % 8));
                Ok(())
            }
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "the file has no such bit")),
        }
    }

    /// Cuts the file `path` to `len` bytes, in the cache and on the disk; nothing happens to one that
    /// is no longer.
    ///
    /// # Errors
    /// Where there is no such file.
    pub fn cut(&self, path: impl AsRef<Path>, len: u64) -> io::Result<()> {
        self.0.state().node_at(path.as_ref())?.cut(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }

    fn file(&self, id: tree::Id) -> Arc<dyn File> {
        Arc::new(SimFile { shared: self.0.clone(), id })
    }
}

impl Default for SimFs {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SimFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimFs").field("operations", &self.operations()).finish_non_exhaustive()
    }
}

impl FileSystem for SimFs {
    fn create_dir_all(&self, folder: &Path) -> io::Result<()> {
        self.0.state().create_dir_all(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut state = self.0.state();
        state.look(Operation::List)?;
        state.names.expect_folder(folder)?;
        Ok(state.names.list(folder))
    }

    fn create(&self, path: &Path, len: u64) -> io::Result<Arc<dyn File>> {
        let id = self.0.state().create(path, len)?;
        Ok(self.file(id))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let id = self.0.state().open(path)?;
        Ok(self.file(id))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.state().rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.state().remove(path)
    }

    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        self.0.state().sync_dir(folder)
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        let id = self.0.state().lock(path, &format!("process {}\n", std::process::id()))?;
        Ok(Box::new(SimLock { shared: self.0.clone(), id }))
    }
}
