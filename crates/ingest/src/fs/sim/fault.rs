//! Which calls fail, and when the power goes.

use std::collections::BTreeMap;
use std::io;

use fastrand::Rng;

/// A method of [`FileSystem`](crate::fs::FileSystem) or of [`File`](crate::fs::File).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `FileSystem::create_dir_all`
    CreateDirAll,
    /// `FileSystem::list`
    List,
    /// `FileSystem::create`
    Create,
    /// `FileSystem::open`
    Open,
    /// `FileSystem::rename`
    Rename,
    /// `FileSystem::remove`
    Remove,
    /// `FileSystem::sync_dir`
    SyncDir,
    /// `FileSystem::lock`
    Lock,
    /// `File::read_at`
    ReadAt,
    /// `File::write_at`
    WriteAt,
    /// `File::sync`
    Sync,
    /// `File::len`
    Len,
    /// `File::set_len`
    SetLen,
}

impl Operation {
    /// Whether it has a number: it changes what is on the disk, or what survives a loss of power.
    #[must_use]
    pub fn is_numbered(self) -> bool {
        !matches!(self, Self::List | Self::Open | Self::ReadAt | Self::Len)
    }
}

/// What becomes of a call.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is done.
    Go,
    /// It is done; a write takes so many bytes at most.
    Short(usize),
    /// It answers an error.
    Fail(io::Error),
    /// The power goes while it is done.
    PowerGoes,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Fail(io::ErrorKind),
    Short(usize),
}

/// The faults to come.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    seed: u64,
    operations: u64,
    crash_at: Option<u64>,
    powered_off: bool,
    at: BTreeMap<u64, Fault>,
    next: Vec<(Operation, u32, io::ErrorKind)>,
}

impl Faults {
    pub(super) fn with_seed(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// None to come, and nothing counted.
    pub(super) fn none_left(&self) -> Self {
        Self::with_seed(self.seed)
    }

    pub(super) fn operations(&self) -> u64 {
        self.operations
    }

    pub(super) fn is_powered_off(&self) -> bool {
        self.powered_off
    }

    pub(super) fn crash_at(&mut self, operation: u64) {
        self.crash_at = Some(operation);
        self.powered_off |= operation < self.operations;
    }

    pub(super) fn fail_at(&mut self, operation: u64, kind: io::ErrorKind) {
        self.at.insert(operation, Fault::Fail(kind));
    }

    pub(super) fn short_write_at(&mut self, operation: u64, bytes: usize) {
        self.at.insert(operation, Fault::Short(bytes));
    }

    pub(super) fn fail_next(&mut self, operation: Operation, times: u32, kind: io::ErrorKind) {
        self.next.push((operation, times, kind));
    }

    /// Chance for the operation that was admitted last. It hangs on the number alone, so that how
    /// often chance was asked before changes nothing.
    pub(super) fn chance(&self) -> Rng {
        Rng::with_seed(self.seed ^ self.operations.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Numbers a call, and says what becomes of it; an error where the power is gone already.
    pub(super) fn admit(&mut self, operation: Operation) -> io::Result<Outcome> {
        if self.powered_off {
            return Err(power_gone());
        }
        if operation.is_numbered() {
            let number = self.operations;
            self.operations += 1;
            if self.crash_at == Some(number) {
                self.powered_off = true;
                return Ok(Outcome::PowerGoes);
            }
            match self.at.remove(&number) {
                Some(Fault::Fail(kind)) => return Ok(Outcome::Fail(made_to_fail(kind))),
                Some(Fault::Short(bytes)) => return Ok(Outcome::Short(bytes)),
                None => {}
            }
        }
        self.next.retain(|(_, times, _)| *times > 0);
        match self.next.iter_mut().find(|(kind, _, _)| *kind == operation) {
            Some((_, times, kind)) => {
                *times -= 1;
                Ok(Outcome::Fail(made_to_fail(*kind)))
            }
            None => Ok(Outcome::Go),
        }
    }
}

pub(super) fn power_gone() -> io::Error {
    io::Error::other("the power is gone")
}

fn made_to_fail(kind: io::ErrorKind) -> io::Error {
    io::Error::new(kind, "made to fail")
}
