//! Acquiring the lease, and opening the database under it.

use std::path::Path;
use std::time::{Duration, Instant};

use tradekeep_store_traits::{Act, ErrorKind, Failure, Inner};

use super::{Database, Stamp};
use crate::lease::{Access, Lease};
use crate::open::{self, Opened, Opening};

/// The lease that was acquired, with the database that was opened under it.
pub(super) struct Acquired {
    pub(super) access: Access,
    pub(super) opened: Opened,
    /// Whether nobody may have written since this process last did, or put another file in its place.
    pub(super) unchanged: bool,
    /// What opening took, after the wait for the lease.
    pub(super) opening: Duration,
}

impl Database {
    /// Acquires the lease, by `deadline` at most, and opens the database, which was `left` as it says there.
    pub(super) fn acquire_and_open(
        &self,
        wanted: Access,
        first: bool,
        left: Option<Stamp>,
        deadline: Instant,
    ) -> Inner<Acquired> {
        let Some(file) = &self.file else {
            let opened = open::in_memory(&self.config)?;
            return Ok(Acquired {
                access: Access::Write,
                opened,
                unchanged: true,
                opening: Duration::ZERO,
            });
        };
        let may_repair = self.may_write();
        let opening = Opening { config: &self.config, file, first, deadline };
        if wanted == Access::Read {
            self.acquire_lease(Access::Read, deadline)?;
            let start = Instant::now();
            let unchanged = left == Some(Stamp::of(file));
            match opening.for_reading(may_repair).inspect_err(|_| self.release_lease())? {
                Some(opened) => {
                    let access = Access::Read;
                    return Ok(Acquired { access, opened, unchanged, opening: start.elapsed() });
                }
                None => self.release_lease(),
            }
        }
        if !may_repair {
            return Err(may_not_write(file));
        }
        let unchanged =
            self.acquire_lease(Access::Write, deadline)? && left == Some(Stamp::of(file));
        let start = Instant::now();
        let opened = opening.for_writing().inspect_err(|_| self.release_lease())?;
        Ok(Acquired { access: Access::Write, opened, unchanged, opening: start.elapsed() })
    }

    /// What there is to read where nothing was ever stored: reading makes no database.
    pub(super) fn open_nothing(&self) -> Inner<Acquired> {
        let (start, opened) = (Instant::now(), open::in_memory(&self.config)?);
        Ok(Acquired { access: Access::Read, opened, unchanged: true, opening: start.elapsed() })
    }

    fn acquire_lease(&self, access: Access, deadline: Instant) -> Inner<bool> {
        self.lease().map_or(Ok(false), |lease| lease.acquire(access, deadline))
    }

    pub(super) fn release_lease(&self) {
        if let Some(lease) = self.lease() {
            lease.release();
        }
    }

    /// Whether the database may be written, as far as the rights to its files tell.
    pub(crate) fn may_write(&self) -> bool {
        use rustix::fs::{Access as Right, access};
        let Some(file) = &self.file else { return true };
        // Asked of the system: opening the file would end DuckDB's lock on it. A folder that is not there is
        // made where the one above may be written.
        let folder = file.ancestors().skip(1).find(|folder| folder.exists());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        self.lease.get().is_none_or(|lease| lease.as_ref().is_some_and(Lease::may_write))
            && folder.is_dir()
            && access(folder, Right::WRITE_OK).is_ok()
    }
}

fn may_not_write(file: &Path) -> Failure {
    let context = format!(
        "{}: the database may not be written: ask for the right to write to its folder",
        file.display()
    );
    Failure::new(ErrorKind::Authentication, context).with_act(Act::Halt)
}
