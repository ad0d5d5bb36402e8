//! The operations on bytes.

use std::collections::BTreeSet;
use std::io;

use super::{Id, Operation, Outcome, State, power_gone};

/// Files are held in memory, so a length that is read from damaged bytes must not be tried.
const LONGEST_FILE: usize = 1 << 30;

impl State {
    pub(in crate::fs::sim) fn write_at(
        &mut self,
        id: Id,
        buffer: &[u8],
        offset: u64,
    ) -> io::Result<usize> {
        let outcome = self.faults.admit(Operation::WriteAt)?;
        let granted = self.granted(id, buffer.len(), offset);
        // A write that fails, or that the power ends, has got anywhere.
        let some = self.faults.chance().usize(..=*granted.as_ref().unwrap_or(&0));
        let (count, answer) = match outcome {
            Outcome::Go => (granted?, Ok(())),
            Outcome::Short(bytes) => (granted?.min(bytes), Ok(())),
            Outcome::Fail(error) => (some, Err(error)),
            Outcome::PowerGoes => (some, Err(power_gone())),
        };
        if count > 0 {
            let at = held_in_memory(offset)?;
            self.node(id)?.write_at(&buffer[..count], at);
        }
        answer.map(|()| count)
    }

    pub(in crate::fs::sim) fn sync(&mut self, id: Id) -> io::Result<()> {
        match self.faults.admit(Operation::Sync)? {
            Outcome::Go | Outcome::Short(_) => {
                self.node(id)?.sync();
                Ok(())
            }
            Outcome::Fail(error) => {
                self.node(id)?.fail_sync();
                Err(error)
            }
            // What it was to write back stays dirty, so any of it may survive.
            Outcome::PowerGoes => Err(power_gone()),
        }
    }

    pub(in crate::fs::sim) fn set_len(&mut self, id: Id, len: u64) -> io::Result<()> {
        self.change(Operation::SetLen, |state| {
            let len = held_in_memory(len)?;
            let room = state.room();
            let node = state.node(id)?;
            if room < len.saturating_sub(node.data().len()) as u64 {
                return Err(disk_full());
            }
            node.set_len(len);
            Ok(())
        })
    }

    /// How many of the `count` bytes at `offset` there is room for.
    pub(super) fn granted(&mut self, id: Id, count: usize, offset: u64) -> io::Result<usize> {
        if count == 0 {
            return Ok(0);
        }
        let at = held_in_memory(offset)?;
        let end = held_in_memory(offset.saturating_add(count as u64))?;
        let len = self.node(id)?.data().len();
        if end <= len {
            return Ok(count);
        }
        let room = usize::try_from(self.room()).unwrap_or(usize::MAX);
        match end.min(len.saturating_add(room)).saturating_sub(at) {
            0 => Err(disk_full()),
            granted => Ok(granted),
        }
    }

    /// Bytes that are free. A file that is removed and open takes its room still.
    pub(super) fn room(&self) -> u64 {
        let named: BTreeSet<&Id> = self.names.files.values().collect();
        let used: u64 = self
            .nodes
            .iter()
            .filter(|(id, node)| node.handles > 0 || named.contains(id))
            .map(|(_, node)| node.data().len() as u64)
            .sum();
        self.capacity.saturating_sub(used)
    }
}

pub(super) fn held_in_memory(len: u64) -> io::Result<usize> {
    usize::try_from(len)
        .ok()
        .filter(|len| *len <= LONGEST_FILE)
        .ok_or_else(|| io::ErrorKind::FileTooLarge.into())
}

pub(super) fn disk_full() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "the disk is full")
}
