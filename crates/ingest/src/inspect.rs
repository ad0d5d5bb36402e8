//! Inspects a spool from any process, beside the one that holds it: nothing in the folder is touched.

mod follow;
mod status;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use follow::Follow;
pub use status::{LaneHeld, Oldest, SinkHeld, SpoolStatus, status};
pub use verify::{Damage, LogVerified, SlotsVerified, Unreadable, Verified, verify};

use crate::config::IngestConfig;
use crate::dead_letter::{DeadLetter, DeadLetterFilter, DeadLetters, Replayed};
use crate::error::{IngestError, Result};
use crate::fs::{FileSystem, RealFs};
use crate::log::{Access, Log};
use crate::slots::Slots;
use crate::spool::manifest::{self, Manifest};

/// The dead letters in the folder `data` that `filter` means, oldest first.
///
/// # Errors
/// `Disk` when they cannot be read.
pub fn dead_letters(data: &Path, filter: &DeadLetterFilter) -> Result<Vec<DeadLetter>> {
    match letters(data)? {
        Some(letters) => letters.list(filter),
        None => Ok(Vec::new()),
    }
}

/// What a replay of the letters that `filter` means would do.
///
/// # Errors
/// `Disk` when they cannot be read.
pub fn replayable(data: &Path, filter: &DeadLetterFilter) -> Result<Replayed> {
    match letters(data)? {
        Some(letters) => letters.replayable(filter, |_, _, _| true),
        None => Ok(Replayed::default()),
    }
}

/// Who holds the spool in the folder `data`; nobody where there is none.
///
/// # Errors
/// `Disk` when the lock cannot be read.
pub fn holder(data: &Path) -> Result<Option<String>> {
    let folder = IngestConfig::new(data).spool_folder();
    RealFs::holder(&folder.join("lock")).map_err(disk(&folder))
}

/// The journal of dead letters, where there is one.
fn letters(data: &Path) -> Result<Option<DeadLetters>> {
    let folder = IngestConfig::new(data).dead_letter_folder();
    if !is_there(&folder)? {
        return Ok(None);
    }
    DeadLetters::open(&fs(), &folder, Access::ReadOnly).map(Some)
}

/// The folder of the spool, which is there.
pub(crate) fn folder(data: &Path) -> Result<PathBuf> {
    let folder = IngestConfig::new(data).spool_folder();
    if is_there(&folder.join(manifest::FILE))? || name(&folder, None)?.is_some() {
        Ok(folder)
    } else {
        Err(IngestError::NoSpool { folder })
    }
}

/// The manifest in the spool's folder, where it is whole.
fn manifest(folder: &Path) -> Result<Option<Manifest>> {
    let content = Slots::peek(&RealFs, &folder.join(manifest::FILE), manifest::SLOT);
    Ok(content.map_err(disk(folder))?.as_deref().and_then(Manifest::read))
}

/// The name of the spool's log.
fn name(folder: &Path, manifest: Option<&Manifest>) -> Result<Option<String>> {
    match manifest {
        Some(manifest) => Ok(Some(manifest.log.clone())),
        None if is_there(folder)? => Log::name_in(&RealFs, folder).map_err(disk(folder)),
        None => Ok(None),
    }
}

/// An error where the system does not say: what may not be looked at is not nothing.
fn is_there(path: &Path) -> Result<bool> {
    path.try_exists().map_err(disk(path))
}

pub(crate) fn fs() -> Arc<dyn FileSystem> {
    Arc::new(RealFs)
}

fn disk(folder: &Path) -> impl FnOnce(std::io::Error) -> IngestError {
    IngestError::disk(format!("{}: it cannot be looked at", folder.display()))
}
