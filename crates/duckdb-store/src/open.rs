//! Opening a database safely: nothing that is there is lost, whatever state it is in.
//!
//! An opening to read changes nothing at all, whatever it finds: other processes may read at the same time.
//! What has to be made or repaired is left to an opening to write, which is exclusive.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use duckdb::{AccessMode, Config, Connection};
use tradekeep_store_traits::{Act, ErrorKind, Failure, Inner, Trouble};

use crate::error::classify;
use crate::lease::Access;
use crate::permissions::{make_private, match_log, private_folder};
use crate::repair::{quarantine, torn_trouble, wal_damage};
use crate::{DuckDbConfig, schema, sql, wal};

/// The database's file in its folder.
pub(crate) const FILE: &str = "tradekeep.duckdb";

/// An open database, and what had to be done to open it.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) trouble: Option<Trouble>,
}

/// How to open a database file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening<'a> {
    pub(crate) config: &'a DuckDbConfig,
    pub(crate) file: &'a Path,
    /// Whether this store opens it for the first time, and not again after it released the lease.
    pub(crate) first: bool,
    /// How long to wait for a process that has it open outside the lease.
    pub(crate) deadline: Instant,
}

/// The database's file in `folder`, which is made where it does not exist.
pub(crate) fn database_file(folder: &Path) -> Inner<PathBuf> {
    private_folder(folder).map_err(|error| {
        let context =
            format!("the folder {} cannot be made: {error}; name another one", folder.display());
        Failure::new(ErrorKind::Connection, context).with_source(error)
    })?;
    let file = folder.join(FILE);
    match fs::read_link(&file) {
        Ok(target) => Err(linked(&file, &target)),
        Err(_) => Ok(file),
    }
}

/// A database in memory.
pub(crate) fn in_memory(config: &DuckDbConfig) -> Inner<Opened> {
    let mut connection = connect(config, None, Access::Write)?;
    schema::set_up(&mut connection)?;
    lock_settings(connection, None)
}

impl Opening<'_> {
    /// Opens it to read, and changes nothing. Answers nothing where it must first be made, repaired or
    /// upgraded, or fails in a way that an opening for writing may repair; with `may_repair` false, where
    /// nobody may write, it is opened as it is.
    pub(crate) fn for_reading(self, may_repair: bool) -> Inner<Option<Opened>> {
        let Self { file, .. } = self;
        if may_repair && (!file.exists() || wal::has_cut_checkpoint(file)) {
            return Ok(None);
        }
        let torn = wal::is_torn(&wal::path(file)).unwrap_or(false);
        if may_repair && torn {
            return Ok(None);
        }
        let trouble = torn.then(|| {
            Trouble::new(
                "the write-ahead log ends within a transaction, as after a kill: what is behind \
                    its last whole one is not shown",
                "open the store once where it may be written",
            )
        });
        let mut connection = match self.connect_patiently(Access::Read) {
            Err(error) if may_repair && error.kind != ErrorKind::Conflict => return Ok(None),
            outcome => outcome?,
        };
        if !schema::is_current(&connection) {
            if may_repair {
                return Ok(None);
            }
            schema::set_up(&mut connection)?;
        }
        if self.first {
            check_length(&connection, file)?;
        }
        lock_settings(connection, trouble).map(Some)
    }

    /// Opens it to write, and sets it up where it is empty. Nobody else has it open.
    ///
    /// A damaged write-ahead log is moved to `quarantine/` and the database opened as of its last
    /// checkpoint; a damaged database is left as it is.
    pub(crate) fn for_writing(self) -> Inner<Opened> {
        let Self { file, first, .. } = self;
        let mut trouble = None;
        let is_new = !file.exists();
        if is_new {
            if !first {
                return Err(gone(file));
            }
            // DuckDB would delete a log that it finds without its database.
            if wal::path(file).exists() {
                trouble = Some(quarantine(file, "was there without its database")?);
            }
        }
        // Before DuckDB opens it, and removes the end of its log.
        let copy = wal::copy_if_torn(file).map_err(|error| {
            let context = format!("the write-ahead log cannot be copied: {error}");
            Failure::new(ErrorKind::Connection, context).with_source(error)
        })?;
        let opened = self.connect_patiently(Access::Write);
        match (&opened, &copy) {
            (Ok(_), Some(copy)) => trouble = Some(torn_trouble(copy)),
            // No copy is needed: the log is still there, or another process writes to it.
            (Err(_), Some(copy)) => drop(fs::remove_file(copy)),
            (_, None) => {}
        }
        let mut connection = match opened {
            Err(error) => {
                let Some(why) = wal_damage(&error, file) else { return Err(error) };
                trouble = Some(quarantine(file, why)?);
                self.connect_patiently(Access::Write)?
            }
            Ok(connection) => connection,
        };
        if is_new && let Err(error) = make_private(file) {
            tracing::warn!(%error, "others may read the database");
        }
        if first || !schema::is_current(&connection) {
            schema::set_up(&mut connection)?;
        }
        match_log(file);
        if first || trouble.is_some() {
            check_length(&connection, file)?;
        }
        if trouble.is_some() {
            // So that the next reader finds a whole log; what it was before is in quarantine.
            checkpoint(&connection).unwrap_or_else(|error| {
                tracing::warn!(%error, "a repaired log cannot be checkpointed: it will be repaired again");
            });
        }
        lock_settings(connection, trouble)
    }

    /// Waits, within bounds, for a process that does not take turns to let go of the file.
    fn connect_patiently(self, access: Access) -> Inner<Connection> {
        loop {
            match connect(self.config, Some(self.file), access) {
                Err(error)
                    if error.kind == ErrorKind::Conflict && Instant::now() < self.deadline =>
                {
                    thread::sleep(Duration::from_millis(20));
                }
                outcome => return outcome,
            }
        }
    }
}

fn connect(config: &DuckDbConfig, file: Option<&Path>, access: Access) -> Inner<Connection> {
    let mode = match access {
        Access::Read => AccessMode::ReadOnly,
        Access::Write => AccessMode::ReadWrite,
    };
    let settings = Config::default().access_mode(mode).map_err(classify)?;
    let settings = config
        .settings()
        .into_iter()
        .try_fold(settings, |settings, (name, value)| settings.with(name, value))
        .map_err(classify)?;
    match file {
        None => Connection::open_in_memory_with_flags(settings),
        Some(file) => Connection::open_with_flags(file, settings),
    }
    .map_err(|error| {
        let mut error = classify(error);
        if let Some(file) = file {
            error.context = format!("{}: {}", file.display(), error.context);
        }
        error
    })
}

/// Moves the log into the database file.
pub(crate) fn checkpoint(connection: &Connection) -> Inner<()> {
    connection.execute_batch("CHECKPOINT").map_err(classify)
}

/// Locks the database's settings: no statement can change them from here on.
fn lock_settings(connection: Connection, trouble: Option<Trouble>) -> Inner<Opened> {
    // A checkpoint is asked for where it is worth its time, see `database/release.rs`.
    connection
        .execute_batch("PRAGMA disable_checkpoint_on_shutdown; SET lock_configuration = true")
        .map_err(classify)?;
    Ok(Opened { connection, trouble })
}

/// Refuses a file that ends before the last block of its tables: DuckDB opens it, and fails where it
/// happens to read what is missing. The count of blocks in its header is no help, since free blocks at
/// the end are cut off without it.
fn check_length(connection: &Connection, file: &Path) -> Inner<()> {
    let needed: u64 = connection.query_row(sql::LENGTH, [], |row| row.get(0)).map_err(classify)?;
    let length = fs::metadata(file).map_or(0, |found| found.len());
    if length >= needed {
        return Ok(());
    }
    // Closing must not write what it could not read.
    connection.execute_batch("PRAGMA disable_checkpoint_on_shutdown").map_err(classify)?;
    let context = format!(
        "{}: the database file ends too early: it has {length} of {needed} bytes; restore a backup, \
         or move the whole folder away and import again; it was not changed",
        file.display(),
    );
    Err(Failure::new(ErrorKind::Connection, context).with_act(Act::Halt))
}

/// The database is a link: processes that name the folder of the file itself would not take turns with this one, and
/// its log would lie in either.
fn linked(file: &Path, target: &Path) -> Failure {
    let context = format!(
        "{}: the database file is a link to {}: name the folder that holds the file itself",
        file.display(),
        target.display()
    );
    Failure::new(ErrorKind::InvalidInput, context)
}

/// The database is gone: opening would make a new one, and what was stored be missing without an error.
fn gone(file: &Path) -> Failure {
    let context = format!(
        "{}: the database is no longer there: put it back, or close the store and open it again to \
         begin an empty one",
        file.display()
    );
    Failure::new(ErrorKind::Connection, context).with_act(Act::Halt)
}
