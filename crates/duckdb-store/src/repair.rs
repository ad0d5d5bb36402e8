//! Repairing a write-ahead log: what was in it is kept in quarantine, and the trouble is reported.

use std::fs;
use std::path::Path;

use tradekeep_store_traits::{Act, ErrorKind, Failure, Inner, Trouble};

use crate::wal;

/// What DuckDB 1.5.6 says of a write-ahead log whose content is wrong. Whatever else may fail while
/// it is replayed (memory, disk, rights) leaves the log where it is.
const WAL_DAMAGE: [&str; 3] =
    ["Corrupt WAL", "does not match stored checksum", "Invalid WAL entry type"];

/// What it says of one that follows another database, or another state of this one: an older copy, or a newer.
const WAL_OF_ANOTHER: [&str; 2] =
    ["WAL does not match database file", "does not match the database file"];

/// Why the write-ahead log has to be moved away before the database can be opened, where that is so.
pub(crate) fn wal_damage(error: &Failure, file: &Path) -> Option<&'static str> {
    let said = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
    names_wal_damage(&said, file).filter(|_| wal::path(file).exists())
}

/// The file's path is cut out first: a folder may have any name.
fn names_wal_damage(said: &str, file: &Path) -> Option<&'static str> {
    let said = said.replace(&*file.to_string_lossy(), "");
    let is_of_another = WAL_OF_ANOTHER.iter().any(|of_another| said.contains(of_another));
    let is_damaged = WAL_DAMAGE.iter().any(|damage| said.contains(damage))
        || (said.contains("Failure while replaying WAL file")
            && said.contains("Serialization Error"));
    if is_of_another {
        Some("is of another database, or of another state of this one")
    } else {
        is_damaged.then_some("was damaged")
    }
}

/// The trouble to report of a torn log that was copied.
pub(crate) fn torn_trouble(copy: &Path) -> Trouble {
    tracing::warn!(log = %copy.display(), "the write-ahead log ended within a transaction; it was copied");
    Trouble::new(
        format!(
            "the write-ahead log ended within a transaction, as after a kill, or was cut: what it had \
             is copied to {}",
            copy.display()
        ),
        "import the latest files again: what is stored is not doubled",
    )
}

/// Moves the write-ahead log out of the way, where nothing else will touch it.
pub(crate) fn quarantine(file: &Path, why: &str) -> Inner<Trouble> {
    let log = wal::path(file);
    let moved = wal::quarantine_path(file)
        .and_then(|moved_to| fs::rename(&log, &moved_to).map(|()| moved_to));
    let moved_to = moved.map_err(|io| {
        let context =
            format!("the write-ahead log {} {why}, and cannot be moved away: {io}", log.display());
        Failure::new(ErrorKind::Connection, context).with_act(Act::Halt).with_source(io)
    })?;
    tracing::warn!(log = %moved_to.display(), why, "the write-ahead log was moved away");
    Ok(Trouble::new(
        format!(
            "the write-ahead log {why}, and is now {}: what was written since the last \
             checkpoint is missing",
            moved_to.display()
        ),
        "import the latest files again: what is stored is not doubled",
    ))
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
            (
                "This WAL was created for this database file, but the WAL checkpoint iteration does not match the \
                 database file.",
                true,
            ),
            ("Serialization Error: field id mismatch", true),
            ("Out of Memory Error: failed to allocate", false),
            ("IO Error: No space left on device", false),
            ("IO Error: Too many open files", false),
        ] {
            assert_eq!(
                names_wal_damage(&format!("{replay}{said}"), file).is_some(),
                damage,
                "{said}"
            );
        }
        let refusal = format!(
            "IO Error: The file \"{}\" exists, but it is not a valid DuckDB database file!",
            file.display()
        );
        assert_eq!(names_wal_damage(&refusal, file), None, "the folder's name says nothing");
    }
}
