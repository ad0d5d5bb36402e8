//! The lease: how processes take turns at one database.
//!
//! Two files in its folder are locked, `turn` and `door` (BSD locks, which end with their process
//! however it ends). `turn` is the lease itself. `door` is the wait list: a process that wants the lease
//! locks `door`, waits then for `turn` (shared to read, exclusive to write), and unlocks `door`. So only
//! one process waits for `turn`, none overtakes it, and readers that come one after another cannot keep
//! a writer out. The process with the lease sees that another waits when `door` is locked.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use tradekeep_store_traits::{Act, ErrorKind, Failure, Inner};

use crate::lock_holders;

/// How often a lock is tried: the system has no wait with an end.
const POLL: Duration = Duration::from_millis(2);

/// How long a process that released the lease to others does not ask for it again, so that all that waited
/// get it first.
pub(crate) const REACQUIRE_DELAY: Duration = Duration::from_millis(20);

/// What the database is wanted for. Who may write may also read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    Read,
    Write,
}

/// The two locks.
#[derive(Debug)]
pub(crate) struct Lease {
    folder: PathBuf,
    turn: File,
    door: File,
    /// Whether both files could be opened to write.
    writable: bool,
    /// The number of this process's last turn to write, as `turn` has it.
    last: AtomicU64,
}

impl Lease {
    /// The locks in `folder`; nothing where they cannot be had because it may not be written.
    pub(crate) fn open(folder: &Path) -> Inner<Option<Self>> {
        let lock = |name: &str| {
            let path = folder.join(name);
            let made = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path);
            // A file that may only be read can be locked all the same.
            match made {
                Err(error) if may_not_write(&error) => match File::open(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) if may_not_write(&error) => Ok(None),
                    other => other.map(|file| Some((file, false))),
                },
                other => other.map(|file| Some((file, true))),
            }
            .map_err(|error| broken(folder, &error))
        };
        let (Some(turn), Some(door)) = (lock("turn")?, lock("door")?) else { return Ok(None) };
        let (folder, writable) = (folder.to_owned(), turn.1 && door.1);
        Ok(Some(Self { folder, turn: turn.0, door: door.0, writable, last: AtomicU64::new(0) }))
    }

    /// Whether a lease to write can be had.
    pub(crate) const fn may_write(&self) -> bool {
        self.writable
    }

    /// Acquires the lease, by `deadline` at most; it is tried once in any case. Answers whether no other
    /// process can have written since this one last did.
    pub(crate) fn acquire(&self, access: Access, deadline: Instant) -> Inner<bool> {
        let exclusive = FlockOperation::NonBlockingLockExclusive;
        let wanted = match access {
            Access::Read => FlockOperation::NonBlockingLockShared,
            Access::Write => exclusive,
        };
        let start = Instant::now();
        self.wait_for(&self.door, exclusive, start, deadline)?;
        let acquired = self.wait_for(&self.turn, wanted, start, deadline);
        self.unlock(&self.door);
        acquired?;
        let counted = if access == Access::Write { self.count_turn() } else { Ok(true) };
        counted.inspect_err(|_| self.release())
    }

    /// Releases the lease.
    pub(crate) fn release(&self) {
        self.unlock(&self.turn);
    }

    /// Whether another process waits for the lease. Only to be asked by the process that has the lease: its
    /// lock on `door` belongs to the process as a whole.
    pub(crate) fn is_contended(&self) -> bool {
        // Shared, so that two readers that try at the same time do not each see the other as waiting.
        match flock(&self.door, FlockOperation::NonBlockingLockShared) {
            Ok(()) => {
                self.unlock(&self.door);
                false
            }
            Err(_) => true,
        }
    }

    /// Numbers this lease to write, in `turn`, and answers whether the last one was this process's too.
    fn count_turn(&self) -> Inner<bool> {
        let mut number = [0; 8];
        let counted = match self.turn.read_exact_at(&mut number, 0) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            read => read.map(|()| u64::from_le_bytes(number)),
        }
        .and_then(|last| {
            let next = last.wrapping_add(1).max(1);
            self.turn.write_all_at(&next.to_le_bytes(), 0)?;
            Ok((last, next))
        });
        let (last, next) = counted.map_err(|error| broken(&self.folder, &error))?;
        Ok(self.last.swap(next, Ordering::Relaxed) == last && last > 0)
    }

    fn wait_for(
        &self,
        lock: &File,
        how: FlockOperation,
        start: Instant,
        deadline: Instant,
    ) -> Inner<()> {
        loop {
            match flock(lock, how) {
                Ok(()) => return Ok(()),
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < deadline => {
                    thread::sleep(POLL);
                }
                Err(Errno::WOULDBLOCK | Errno::INTR) => return Err(self.busy(start.elapsed())),
                Err(error) => return Err(broken(&self.folder, &error.into())),
            }
        }
    }

    fn busy(&self, waited: Duration) -> Failure {
        // Also where `door` is what is locked: its holder only waits for the holder of `turn`.
        let holder = lock_holders::describe(&self.turn)
            .or_else(|| lock_holders::describe(&self.door))
            .unwrap_or_else(|| "another process".into());
        let context = format!(
            "{}: {holder} has the database open, and did not let go of it in {:.1} s: wait for it, \
             or end it",
            self.folder.display(),
            waited.as_secs_f64(),
        );
        Failure::new(ErrorKind::Conflict, context).with_act(Act::Retry { after: None })
    }

    fn unlock(&self, lock: &File) {
        if let Err(error) = flock(lock, FlockOperation::Unlock) {
            tracing::error!(folder = %self.folder.display(), %error, "a lock cannot be given back");
        }
    }
}

fn may_not_write(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

fn broken(folder: &Path, error: &io::Error) -> Failure {
    let context = format!(
        "the files `turn` and `door` in {} cannot be used as locks: {error}; free some space, or keep \
         the data on a local disk",
        folder.display()
    );
    Failure::new(ErrorKind::Connection, context).with_act(Act::Halt)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BSD locks belong to the opening of a file, so two leases in one process are as good as two
    /// processes.
    fn two() -> (tempfile::TempDir, Lease, Lease) {
        let folder = tempfile::tempdir().unwrap();
        let lease = || Lease::open(folder.path()).unwrap().unwrap();
        let (one, other) = (lease(), lease());
        (folder, one, other)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(30)
    }

    #[test]
    fn readers_share_and_a_writer_is_alone() {
        let (_folder, one, other) = two();
        one.acquire(Access::Read, soon()).unwrap();
        other.acquire(Access::Read, soon()).unwrap();
        other.release();
        let error = other.acquire(Access::Write, soon()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
        one.release();
        other.acquire(Access::Write, soon()).unwrap();
        assert!(one.acquire(Access::Read, soon()).is_err());
    }

    #[test]
    fn who_waits_is_seen_and_is_not_overtaken() {
        let (folder, one, other) = two();
        one.acquire(Access::Read, soon()).unwrap();
        assert!(!one.is_contended());
        thread::scope(|scope| {
            let far = Instant::now() + Duration::from_secs(20);
            let writer = scope.spawn(move || {
                other.acquire(Access::Write, far).unwrap();
                other
            });
            while !one.is_contended() {
                thread::yield_now();
            }
            // The turn could be shared with this one, but the writer came first.
            let late = Lease::open(folder.path()).unwrap().unwrap();
            assert!(late.acquire(Access::Read, soon()).is_err());
            one.release();
            let _writing = writer.join().unwrap();
            assert!(late.acquire(Access::Read, soon()).is_err());
        });
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn folder_that_may_not_be_written_has_no_locks() {
        // Not even by root.
        assert!(Lease::open(Path::new("/sys")).unwrap().is_none());
    }

    #[test]
    fn knows_whether_another_has_written() {
        let (_folder, one, other) = two();
        let turn = |lease: &Lease, access| {
            let unchanged = lease.acquire(access, soon()).unwrap();
            lease.release();
            unchanged
        };
        assert!(!turn(&one, Access::Write), "nothing is known at first");
        turn(&other, Access::Read);
        assert!(turn(&one, Access::Write));
        assert!(!turn(&other, Access::Write) && turn(&other, Access::Write));
        assert!(!turn(&one, Access::Write));
    }
}
