//! The operations on names.

use std::io;
use std::path::Path;

use super::bytes::{disk_full, held_in_memory};
use super::{Change, Id, Operation, State};

impl State {
    pub(in crate::fs::sim) fn create_dir_all(&mut self, folder: &Path) -> io::Result<()> {
        self.change(Operation::CreateDirAll, |state| {
            if state.names.is_file(folder) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            if folder.ancestors().any(|above| state.names.is_file(above)) {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            state.make_folders(folder);
            Ok(())
        })
    }

    /// Answers the file, which counts as open once.
    pub(in crate::fs::sim) fn create(&mut self, path: &Path, len: u64) -> io::Result<Id> {
        self.change(Operation::Create, |state| {
            if state.names.is_file(path) || state.names.is_folder(path) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.names.expect_folder_of(path)?;
            let len = held_in_memory(len)?;
            if state.room() < len as u64 {
                return Err(disk_full());
            }
            let id = state.make_file(path);
            if len > 0 {
                state.node(id)?.set_len(len);
            }
            state.opened(id)
        })
    }

    /// Answers the file, which counts as open once.
    pub(in crate::fs::sim) fn open(&mut self, path: &Path) -> io::Result<Id> {
        self.look(Operation::Open)?;
        let id = self.names.file(path)?;
        self.opened(id)
    }

    pub(in crate::fs::sim) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(Operation::Rename, |state| {
            state.names.file(from)?;
            if from.parent() != to.parent() {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "the names are of different folders",
                ));
            }
            if state.names.is_folder(to) {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            state.record(Change::Rename { from: from.to_owned(), to: to.to_owned() });
            Ok(())
        })
    }

    pub(in crate::fs::sim) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.change(Operation::Remove, |state| {
            state.names.file(path)?;
            state.record(Change::Remove { path: path.to_owned() });
            Ok(())
        })
    }

    pub(in crate::fs::sim) fn sync_dir(&mut self, folder: &Path) -> io::Result<()> {
        self.change(Operation::SyncDir, |state| {
            state.names.expect_folder(folder)?;
            state.journal.settle_folder(folder);
            state.sweep();
            Ok(())
        })
    }

    /// Answers the file that is locked now, which counts as open once.
    pub(in crate::fs::sim) fn lock(&mut self, path: &Path, holder: &str) -> io::Result<Id> {
        self.change(Operation::Lock, |state| {
            let id = if state.names.is_file(path) {
                state.names.file(path)?
            } else {
                state.names.expect_folder_of(path)?;
                if state.names.is_folder(path) {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                state.make_file(path)
            };
            if state.locked.contains(&id) {
                let by = String::from_utf8_lossy(state.node(id)?.data()).trim().to_owned();
                return Err(io::Error::new(io::ErrorKind::WouldBlock, by));
            }
            state.node(id)?.set_len(0);
            if state.granted(id, holder.len(), 0)? < holder.len() {
                return Err(disk_full());
            }
            state.node(id)?.write_at(holder.as_bytes(), 0);
            state.locked.insert(id);
            state.opened(id)
        })
    }
}
