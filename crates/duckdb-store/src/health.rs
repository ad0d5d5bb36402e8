//! How the store is doing.

use std::fs;
use std::path::Path;

use tradekeep_store_traits::sql::Sql;
use tradekeep_store_traits::{At, ErrorKind, Health, Inner, Trouble};

use crate::database::Database;
use crate::error::classify;
use crate::read::ask;
use crate::readers::Readers;
use crate::session::Session;
use crate::write::Writer;
use crate::{STORE, schema};

/// Free space under which the disk is called nearly full.
const LITTLE_SPACE: u64 = 512 << 20;

/// Tries a read, through the lease as any reader, and a write that changes nothing where the database is
/// open to write; nobody else is kept waiting for the answer.
pub(crate) async fn health(
    database: &Database,
    readers: &Readers,
    writer: &Writer,
    folder: Option<&Path>,
) -> Health {
    let mut troubles = database.troubles();
    let mut note = |cause: String, remedy: &str| troubles.push(Trouble::new(cause, remedy));
    let read = readers
        .run(|connection| {
            let wrong = schema::troubles(connection)?;
            if wrong.is_empty() {
                ask(connection, Sql::plain("SELECT ts FROM ticks LIMIT 1"))?;
            }
            Ok((connection.version().map_err(classify)?, wrong))
        })
        .await
        .at(STORE, "health");
    let wrong = read.as_ref().map_or(Vec::new(), |(_, wrong)| wrong.clone());
    let (is_whole, read) = (wrong.is_empty(), read.map(|(version, _)| version));
    let write = if database.is_writing() { try_write(writer).await } else { Ok(()) };
    let write = write.at(STORE, "health");
    for error in [read.as_ref().err(), write.as_ref().err()].into_iter().flatten() {
        let remedy = match error.kind {
            ErrorKind::Conflict => "ask again when that process has let go of it",
            _ => "mend what the cause names, then ask again",
        };
        note(error.to_string(), remedy);
    }
    if let Some(folder) = folder.filter(|folder| !folder.exists() && !database.may_write()) {
        let cause = format!("the folder {} cannot be made", folder.display());
        note(cause, "name another one, or ask for the right to make it");
    }
    let folder_writable =
        folder.filter(|folder| folder.exists()).is_none_or(|folder| match try_file(folder) {
            Ok(()) => true,
            // Who looks at it is not who writes to it.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => false,
            Err(error) => {
                let cause = format!("{} cannot be written: {error}", folder.display());
                note(cause, "free some space, or ask for the right to write there");
                false
            }
        });
    if let Some(free) = folder.and_then(free_space).filter(|free| *free < LITTLE_SPACE) {
        let cause = format!("only {} MiB are free on the disk of the database", free >> 20);
        note(cause, "free some space, or drop old days");
    }
    troubles.extend(wrong);
    Health::builder()
        .store(STORE)
        .maybe_version(read.as_ref().ok().cloned())
        .readable(read.is_ok() && is_whole)
        .writable(
            read.is_ok() && is_whole && write.is_ok() && folder_writable && database.may_write(),
        )
        .troubles(troubles)
        .build()
}

async fn try_write(writer: &Writer) -> Inner<()> {
    let nothing = |session: &mut Session| {
        let done = session.connection.execute_batch("BEGIN; ROLLBACK");
        done.map_err(classify)
    };
    writer.run(nothing).await
}

/// Writes a file beside the database, as the write-ahead log is written, and removes it.
fn try_file(folder: &Path) -> std::io::Result<()> {
    // Another process may try at the same moment.
    let path = folder.join(format!(".health.{}", std::process::id()));
    let written = fs::write(&path, [0; 4096]);
    match fs::remove_file(&path) {
        // So may another call of this one.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => written,
        removed => written.and(removed),
    }
}

fn free_space(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}
