//! Following what another process accepts.

use std::path::Path;
use std::time::Duration;

use super::{folder, manifest, name};
use crate::error::{IngestError, Result};
use crate::log::Follower;
use crate::tail::{Accepted, accepted};

/// Between two reads.
const POLL: Duration = Duration::from_millis(20);

/// The records that a spool accepts, in order, from a number on, as another process than the one that
/// holds it sees them: those that are there now, and those that come.
///
/// It goes on whatever becomes of the process that holds the spool, and begins where another one does.
/// Records that are delivered and removed before they were told are passed, with a warning. Where an
/// append fails for want of disk, it may tell records of it that are not in the spool afterwards.
#[derive(Debug)]
pub struct Follow {
    follower: Follower,
}

impl Follow {
    /// Follows the spool in the folder `data`, beginning with the first record numbered `from` or above
    /// that it still holds. What this program cannot read is passed.
    ///
    /// # Errors
    /// `NoSpool` where there is none; `Disk` when it cannot be read.
    pub fn open(data: &Path, from: u64) -> Result<Self> {
        let folder = folder(data)?;
        let name = name(&folder, manifest(&folder)?.as_ref())?;
        let follower = Follower::new(super::fs(), folder, name, from.saturating_sub(1));
        Ok(Self { follower })
    }

    /// The next record that is there; nothing where none has come yet.
    ///
    /// # Errors
    /// `Disk` when the spool cannot be read.
    pub fn next_held(&mut self) -> Result<Option<Accepted>> {
        loop {
            let next = self.follower.next();
            let next = next.map_err(IngestError::disk("the spool cannot be read"))?;
            let Some(frame) = next else { return Ok(None) };
            if let Some(accepted) = accepted(&frame) {
                return Ok(Some(accepted));
            }
        }
    }

    /// The next record; waits for it.
    ///
    /// # Errors
    /// `Disk` when the spool cannot be read.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Accepted> {
        loop {
            if let Some(accepted) = self.next_held()? {
                return Ok(accepted);
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
