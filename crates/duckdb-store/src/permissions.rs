//! Who may read the database: nobody else, as of the spool, unless an operator says otherwise.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use crate::wal;

/// Makes a folder, and those it is in, that nobody else may read; one that is there stays as it is.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Lets nobody else read a database that was made just now.
pub(crate) fn make_private(file: &Path) -> io::Result<()> {
    fs::set_permissions(file, Permissions::from_mode(0o600))
}

/// Gives the write-ahead log the permissions of its database: DuckDB makes it anew after each checkpoint, as it makes
/// any file.
pub(crate) fn match_log(file: &Path) {
    let mode = |path: &Path| Some(fs::metadata(path).ok()?.permissions().mode() & 0o777);
    let log = wal::path(file);
    // Where there is none, there is nothing to protect.
    let (Some(wanted), Some(found)) = (mode(file), mode(&log)) else { return };
    if found != wanted
        && let Err(error) = fs::set_permissions(&log, Permissions::from_mode(wanted))
    {
        tracing::warn!(%error, "the write-ahead log can be read by whom its database cannot");
    }
}
