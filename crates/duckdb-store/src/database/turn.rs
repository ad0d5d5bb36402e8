//! Taking the turn, and opening the database for it.

use std::path::Path;
use std::time::{Duration, Instant};

use tradekeep_store_traits::{Act, ErrorKind, Result, StoreError};

use super::Database;
use crate::STORE;
use crate::lease::{Access, Lease};
use crate::open::{self, Opened, Opening};

/// What a turn begins with.
pub(super) struct Entered {
    pub(super) access: Access,
    pub(super) opened: Opened,
    /// Whether no other process may have written since this one last did.
    pub(super) alone: bool,
    /// What opening took, after the wait for the turn.
    pub(super) opening: Duration,
}

impl Database {
    /// Waits for the turn until `deadline`, and opens the database.
    pub(super) fn enter_and_open(
        &self,
        wanted: Access,
        first: bool,
        deadline: Instant,
    ) -> Result<Entered> {
        let Some(file) = &self.file else {
            let opened = open::in_memory(&self.config)?;
            return Ok(Entered {
                access: Access::Write,
                opened,
                alone: true,
                opening: Duration::ZERO,
            });
        };
        let mendable = self.may_write();
        let opening = Opening { config: &self.config, file, first, deadline };
        if wanted == Access::Read {
            self.take_turn(Access::Read, deadline)?;
            let start = Instant::now();
            match opening.for_reading(mendable).inspect_err(|_| self.end_turn())? {
                Some(opened) => {
                    let access = Access::Read;
                    return Ok(Entered { access, opened, alone: true, opening: start.elapsed() });
                }
                None => self.end_turn(),
            }
        }
        if !mendable {
            return Err(may_not_write(file));
        }
        let alone = self.take_turn(Access::Write, deadline)?;
        let start = Instant::now();
        let opened = opening.for_writing().inspect_err(|_| self.end_turn())?;
        Ok(Entered { access: Access::Write, opened, alone, opening: start.elapsed() })
    }

    fn take_turn(&self, access: Access, deadline: Instant) -> Result<bool> {
        self.lease.as_ref().map_or(Ok(false), |lease| lease.enter(access, deadline))
    }

    pub(super) fn end_turn(&self) {
        if let Some(lease) = &self.lease {
            lease.leave();
        }
    }

    /// Whether the database may be written, as far as the rights to its files tell.
    pub(crate) fn may_write(&self) -> bool {
        use rustix::fs::{Access as Right, access};
        let Some(file) = &self.file else { return true };
        // Asked of the system: opening the file would end DuckDB's lock on it.
        self.lease.as_ref().is_some_and(Lease::may_write)
            && file.parent().is_some_and(|folder| access(folder, Right::WRITE_OK).is_ok())
    }
}

fn may_not_write(file: &Path) -> StoreError {
    let context = format!(
        "{}: the database may not be written: ask for the right to write to its folder",
        file.display()
    );
    StoreError::new(ErrorKind::Authentication, STORE, "open", context).with_act(Act::Halt)
}
