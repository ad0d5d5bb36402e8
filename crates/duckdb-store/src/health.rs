//! Days: list, size, drop; and how the store is doing.

use std::fs;
use std::path::Path;

use duckdb::Connection;
use tradekeep_models::{Day, NANOS_PER_DAY};
use tradekeep_store_traits::sql::{Row, Sql, only_row};
use tradekeep_store_traits::{
    At, Delivery, ErrorKind, Health, Inner, Partition, Table, TableStats, Trouble,
};

use crate::database::Database;
use crate::error::classify;
use crate::read::ask;
use crate::readers::Readers;
use crate::rows::Cells;
use crate::session::Session;
use crate::writer::Writer;
use crate::{STORE, sql, wal};

/// Bytes of a row in the write-ahead log: the estimate where there is no file to measure.
const ROW_BYTES: u64 = 72;

/// The days that have ticks; `file` is the database's, to measure.
pub(crate) fn partitions(
    connection: &Connection,
    table: Table,
    file: Option<&Path>,
) -> Inner<Vec<Partition>> {
    let day = |row: Cells| {
        let day = Day::new(row.int(0)?).map_err(|error| row.broken(&error.to_string()))?;
        Ok((day, row.count(1)?))
    };
    let days = ask(connection, sql::days(table))?.into_iter().map(day);
    let days = days.collect::<Inner<Vec<_>>>()?;
    let all = days.iter().map(|(_, rows)| rows).sum();
    let on_disk = file.map(bytes_on_disk);
    Ok(days
        .into_iter()
        .map(|(day, rows)| Partition { day, rows, bytes: share(on_disk, rows, all) })
        .collect())
}

/// What each table holds; `file` is the database's, to measure.
pub(crate) fn table_stats(connection: &Connection, file: Option<&Path>) -> Inner<Vec<TableStats>> {
    let extent = |table: &Table| {
        let row = only_row(ask(connection, sql::stats::extent(*table))?)?;
        Ok((*table, row.count(0)?, row.maybe_time(1)?, row.maybe_time(2)?))
    };
    let extents: Vec<_> = Table::ALL.iter().map(extent).collect::<Inner<_>>()?;
    let all = extents.iter().map(|(_, rows, ..)| rows).sum();
    let on_disk = file.map(bytes_on_disk);
    let stats = |(table, rows, first_ts, last_ts)| TableStats {
        table,
        rows,
        bytes: share(on_disk, rows, all),
        first_ts,
        last_ts,
    };
    Ok(extents.into_iter().map(stats).collect())
}

/// The part of so many bytes on disk that `rows` of `all` rows take: spread evenly, in the estimate.
fn share(on_disk: Option<u64>, rows: u64, all: u64) -> u64 {
    match on_disk {
        Some(bytes) if bytes > 0 && all > 0 => {
            u64::try_from(u128::from(bytes) * u128::from(rows) / u128::from(all)).unwrap_or(bytes)
        }
        _ => rows * ROW_BYTES,
    }
}

/// Writes every table that is not in order of time anew, and checkpoints: row groups of a short time
/// each are what queries by time skip.
pub(crate) fn optimize(connection: &mut Connection) -> Inner<()> {
    let transaction = connection.transaction().map_err(classify)?;
    for table in Table::ALL {
        if only_row(ask(&transaction, sql::disorder(*table))?)?.int(0)? > 0 {
            transaction.execute_batch(&sql::rewrite(*table)).map_err(classify)?;
        }
    }
    transaction.commit().map_err(|error| classify(error).with_delivery(Delivery::Unknown))?;
    connection.execute_batch("CHECKPOINT").map_err(classify)
}

/// The database's file and its write-ahead log. Their sizes only: opening them would end DuckDB's
/// lock on them.
fn bytes_on_disk(file: &Path) -> u64 {
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    size(file) + size(&wal::path(file))
}

/// Deletes these days in one transaction.
pub(crate) fn drop_days(connection: &mut Connection, table: Table, days: &[Day]) -> Inner<u64> {
    let transaction = connection.transaction().map_err(classify)?;
    let mut dropped = 0;
    for day in days {
        let start = day.start().as_nanos();
        dropped += transaction
            .execute(&sql::drop_day(table), [start, start + NANOS_PER_DAY])
            .map_err(classify)?;
    }
    transaction.commit().map_err(|error| classify(error).with_delivery(Delivery::Unknown))?;
    Ok(dropped as u64)
}

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
    let mut note = |cause: String, remedy: &str| {
        troubles.push(Trouble { cause, remedy: remedy.into() });
    };
    let read = readers
        .run(|connection| {
            ask(connection, Sql::plain("SELECT ts FROM ticks LIMIT 1"))?;
            connection.version().map_err(classify)
        })
        .await
        .at(STORE, "health");
    let write = if database.is_writing() { try_write(writer).await } else { Ok(()) };
    let write = write.at(STORE, "health");
    for error in [read.as_ref().err(), write.as_ref().err()].into_iter().flatten() {
        let remedy = match error.kind {
            ErrorKind::Conflict => "ask again when that process has let go of it",
            _ => "close the store and open it again",
        };
        note(error.to_string(), remedy);
    }
    let folder_writable = folder.is_none_or(|folder| match try_file(folder) {
        Ok(()) => true,
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
    Health {
        store: STORE,
        version: read.as_ref().ok().cloned(),
        readable: read.is_ok(),
        writable: read.is_ok() && write.is_ok() && folder_writable && database.may_write(),
        troubles,
    }
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
