//! Which file the database is: another one may be put in its place, open or closed.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::wal;

/// The file behind a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// Nothing where there is none.
    pub(super) fn of(file: &Path) -> Option<Self> {
        fs::metadata(file).ok().map(|found| Self { device: found.dev(), inode: found.ino() })
    }
}

/// The database's file and its log, as they were left: what nobody has written to since has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    id: Option<FileId>,
    database: Option<(u64, i64, i64)>,
    log: Option<(u64, i64, i64)>,
}

impl Stamp {
    pub(super) fn of(file: &Path) -> Self {
        let written = |found: Metadata| (found.len(), found.mtime(), found.mtime_nsec());
        Self {
            id: FileId::of(file),
            database: fs::metadata(file).ok().map(written),
            log: fs::metadata(wal::path(file)).ok().map(written),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_its_place_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tradekeep.duckdb");
        assert_eq!(FileId::of(&file), None);
        fs::write(&file, "a").unwrap();
        let (id, stamp) = (FileId::of(&file), Stamp::of(&file));
        assert_eq!((FileId::of(&file), Stamp::of(&file)), (id, stamp));
        fs::write(wal::path(&file), "b").unwrap();
        assert_ne!(Stamp::of(&file), stamp, "its log counts");
        fs::write(folder.path().join("other"), "a").unwrap();
        fs::rename(folder.path().join("other"), &file).unwrap();
        assert_ne!(FileId::of(&file), id);
    }
}
