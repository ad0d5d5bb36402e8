//! Opening a database safely: nothing that is there is lost, whatever state it is in.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use duckdb::{Config, Connection};
use tradekeep_store_traits::{Act, ErrorKind, Result, StoreError, Trouble};

use crate::claim::{self, Claim};
use crate::error::classify;
use crate::{DuckDbConfig, STORE, log, schema, sql};

const OP: &str = "open";

/// The database's file in its folder.
pub(crate) const FILE: &str = "tradekeep.duckdb";

/// An open database, and what had to be done to open it.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// To be held as long as any connection is open.
    pub(crate) claim: Option<Claim>,
    pub(crate) trouble: Option<Trouble>,
}

/// Opens the database of `config`, sets it up where it is empty, and locks its settings.
///
/// A damaged write-ahead log is moved to `quarantine/` and the database opened as of its last
/// checkpoint; a damaged database is left as it is.
pub(crate) fn open(config: &DuckDbConfig) -> Result<Opened> {
    let file = config.folder().map(database_file).transpose()?;
    let claim = file.as_deref().map(|file| claim::wait(file, config.open_wait())).transpose()?;
    let mut trouble = None;
    let mut connection = match &file {
        None => connect(config, None)?,
        Some(file) => {
            // DuckDB would delete a log that it finds without its database.
            if !file.exists() && log::of(file).exists() {
                trouble = Some(quarantine_log(file, "was there without its database")?);
            }
            // Before DuckDB opens it, and removes the end of its log.
            let copy = log::copy_loose_end(file).map_err(|error| {
                let context = format!("the write-ahead log cannot be copied: {error}");
                StoreError::new(ErrorKind::Connection, STORE, OP, context).with_source(error)
            })?;
            let opened = connect_patiently(config, file);
            match (&opened, copy) {
                (Ok(_), Some(copy)) => trouble = Some(loose_end(&copy)),
                // Its log is still there, or another process is writing it.
                (Err(_), Some(copy)) => drop(fs::remove_file(copy)),
                (_, None) => {}
            }
            match opened {
                Err(error) if is_log_damage(&error, file) => {
                    trouble = Some(quarantine_log(file, "was damaged")?);
                    connect_patiently(config, file)?
                }
                outcome => outcome?,
            }
        }
    };
    schema::set_up(&mut connection)?;
    if let Some(file) = &file {
        check_length(&connection, file)?;
    }
    connection
        .execute_batch("SET lock_configuration = true")
        .map_err(|error| classify(OP, error))?;
    Ok(Opened { connection, claim, trouble })
}

/// The database's file in `folder`, which is made where it does not exist.
fn database_file(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).map_err(|error| {
        let context =
            format!("the folder {} cannot be made: {error}; name another one", folder.display());
        StoreError::new(ErrorKind::Connection, STORE, OP, context).with_source(error)
    })?;
    Ok(folder.join(FILE))
}

/// Refuses a file that ends before the last block of its tables: DuckDB opens it, and fails where it
/// happens to read what is missing. The count of blocks in its header is no help, since free blocks at
/// the end are cut off without it.
fn check_length(connection: &Connection, file: &Path) -> Result<()> {
    let needed: u64 = connection
        .query_row(sql::LENGTH, [], |row| row.get(0))
        .map_err(|error| classify(OP, error))?;
    let length = fs::metadata(file).map_or(0, |found| found.len());
    if length >= needed {
        return Ok(());
    }
    // Closing must not write what it could not read.
    connection
        .execute_batch("PRAGMA disable_checkpoint_on_shutdown")
        .map_err(|error| classify(OP, error))?;
    let context = format!(
        "{}: the database file ends too early: it has {length} of {needed} bytes; restore a backup, \
         or move the whole folder away and import again; it was not changed",
        file.display(),
    );
    Err(StoreError::new(ErrorKind::Connection, STORE, OP, context).with_act(Act::Halt))
}

fn connect(config: &DuckDbConfig, file: Option<&Path>) -> Result<Connection> {
    let duckdb = |error| classify(OP, error);
    let settings = config
        .settings()
        .into_iter()
        .try_fold(Config::default(), |settings, (name, value)| settings.with(name, value))
        .map_err(duckdb)?;
    match file {
        None => Connection::open_in_memory_with_flags(settings),
        Some(file) => Connection::open_with_flags(file, settings),
    }
    .map_err(|error| {
        let mut error = classify(OP, error);
        if let Some(file) = file {
            error.context = format!("{}: {}", file.display(), error.context);
        }
        error
    })
}

/// Waits, within bounds, for another process to let go of the file.
fn connect_patiently(config: &DuckDbConfig, file: &Path) -> Result<Connection> {
    let deadline = Instant::now() + config.open_wait();
    loop {
        match connect(config, Some(file)) {
            Err(error) if error.kind == ErrorKind::Conflict && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(20));
            }
            outcome => return outcome,
        }
    }
}

/// What DuckDB 1.5.6 says of a write-ahead log whose content is wrong. Whatever else may fail while
/// it is replayed (memory, disk, rights) leaves the log where it is.
const LOG_DAMAGE: [&str; 4] = [
    "Corrupt WAL",
    "does not match stored checksum",
    "WAL does not match database file",
    "Invalid WAL entry type",
];

fn is_log_damage(error: &StoreError, file: &Path) -> bool {
    let said = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
    names_log_damage(&said, file) && log::of(file).exists()
}

/// The folder may have any name: only what DuckDB says beside it counts.
fn names_log_damage(said: &str, file: &Path) -> bool {
    let said = said.replace(&*file.to_string_lossy(), "");
    LOG_DAMAGE.iter().any(|damage| said.contains(damage))
        || (said.contains("Failure while replaying WAL file")
            && said.contains("Serialization Error"))
}

/// What to say of a copied log.
fn loose_end(copy: &Path) -> Trouble {
    tracing::warn!(log = %copy.display(), "the write-ahead log ended within a transaction; it was copied");
    Trouble {
        cause: format!(
            "the write-ahead log ended within a transaction, as after a kill, or was cut: what it had \
             is copied to {}",
            copy.display()
        ),
        remedy: "import the latest files again: what is stored is not doubled".into(),
    }
}

/// Moves the write-ahead log out of the way, where nothing else will touch it.
fn quarantine_log(file: &Path, why: &str) -> Result<Trouble> {
    let log = log::of(file);
    let moved = log::refuge(file).and_then(|refuge| fs::rename(&log, &refuge).map(|()| refuge));
    let refuge = moved.map_err(|io| {
        let context =
            format!("the write-ahead log {} {why}, and cannot be moved away: {io}", log.display());
        StoreError::new(ErrorKind::Connection, STORE, OP, context)
            .with_act(Act::Halt)
            .with_source(io)
    })?;
    tracing::warn!(log = %refuge.display(), why, "the write-ahead log was moved away");
    Ok(Trouble {
        cause: format!(
            "the write-ahead log {why}, and is now {}: what was written since the last \
             checkpoint is missing",
            refuge.display()
        ),
        remedy: "import the latest files again: what is stored is not doubled".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_damage_moves_the_log() {
        let file = Path::new("/data/WAL does not match database file/tradekeep.duckdb");
        let replay = "IO Error: Failure while replaying WAL file \"x.wal\": ";
        for (said, damage) in [
            ("Corrupt WAL file: entry size exceeded remaining data in file", true),
            ("WAL does not match database file.", true),
            ("Serialization Error: field id mismatch", true),
            ("Out of Memory Error: failed to allocate", false),
            ("IO Error: No space left on device", false),
            ("IO Error: Too many open files", false),
        ] {
            assert_eq!(names_log_damage(&format!("{replay}{said}"), file), damage, "{said}");
        }
        let refusal = format!(
            "IO Error: The file \"{}\" exists, but it is not a valid DuckDB database file!",
            file.display()
        );
        assert!(!names_log_damage(&refusal, file), "the folder's name says nothing");
    }
}
