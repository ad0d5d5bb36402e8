//! Days: list, size, drop; and how the store is doing.

use std::fs;
use std::path::Path;

use duckdb::Connection;
use tradekeep_models::{Day, NANOS_PER_DAY};
use tradekeep_store_traits::{
    Delivery, ErrorKind, Health, Partition, Result, Table, TableStats, Trouble,
};

use crate::database::Database;
use crate::error::classify;
use crate::read::query;
use crate::readers::Readers;
use crate::rows::cells::only_row;
use crate::session::Session;
use crate::writer::Writer;
use crate::{STORE, rows, sql, wal};

/// Bytes of a row in the write-ahead log: the estimate where there is no file to measure.
const ROW_BYTES: u64 = 72;

/// The days that have ticks; `file` is the database's, to measure.
pub(crate) fn partitions(
    connection: &Connection,
    table: Table,
    file: Option<&Path>,
) -> Result<Vec<Partition>> {
    let batches = query::<i64>("partitions", connection, &sql::days(table), [])?;
    let days: Result<Vec<_>> = batches.iter().map(rows::days).collect();
    let days = days?.concat();
    let all = days.iter().map(|(_, rows)| rows).sum();
    let on_disk = file.map(bytes_on_disk);
    Ok(days
        .into_iter()
        .map(|(day, rows)| Partition { day, rows, bytes: share(on_disk, rows, all) })
        .collect())
}

/// What each table holds; `file` is the database's, to measure.
pub(crate) fn table_stats(connection: &Connection, file: Option<&Path>) -> Result<Vec<TableStats>> {
    const OP: &str = "table_stats";
    let extent = |table: &Table| {
        let found = query::<i64>(OP, connection, &sql::stats::extent(*table), [])?;
        let row = only_row(OP, &found)?;
        Ok((*table, row.count(0)?, row.maybe_time(1)?, row.maybe_time(2)?))
    };
    let extents: Vec<_> = Table::ALL.iter().map(extent).collect::<Result<_>>()?;
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
pub(crate) fn optimize(connection: &mut Connection) -> Result<()> {
    let duckdb = |error| classify("optimize", error);
    let transaction = connection.transaction().map_err(duckdb)?;
    for table in Table::ALL {
        let found = query::<i64>("optimize", &transaction, &sql::disorder(*table), [])?;
        if only_row("optimize", &found)?.int(0)? > 0 {
            transaction.execute_batch(&sql::rewrite(*table)).map_err(duckdb)?;
        }
    }
    transaction.commit().map_err(|error| duckdb(error).with_delivery(Delivery::Unknown))?;
    connection.execute_batch("CHECKPOINT").map_err(duckdb)
}

/// The database's file and its write-ahead log. Their sizes only: opening them would end DuckDB's
/// lock on them.
fn bytes_on_disk(file: &Path) -> u64 {
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    size(file) + size(&wal::path(file))
}

/// Deletes these days in one transaction.
pub(crate) fn drop_days(connection: &mut Connection, table: Table, days: &[Day]) -> Result<u64> {
    let duckdb = |error| classify("drop_partitions", error);
    let transaction = connection.transaction().map_err(duckdb)?;
    let mut dropped = 0;
    for day in days {
        let start = day.start().as_nanos();
        dropped += transaction
            .execute(&sql::drop_day(table), [start, start + NANOS_PER_DAY])
            .map_err(duckdb)?;
    }
    transaction.commit().map_err(|error| duckdb(error).with_delivery(Delivery::Unknown))?;
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
        .run("health", |connection| {
            query::<i64>("health", connection, "SELECT ts FROM ticks LIMIT 1", [])?;
            connection.version().map_err(|error| classify("health", error))
        })
        .await;
    let write = if database.is_writing() { try_write(writer).await } else { Ok(()) };
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

async fn try_write(writer: &Writer) -> Result<()> {
    let nothing = |session: &mut Session| {
        let done = session.connection.execute_batch("BEGIN; ROLLBACK");
        done.map_err(|error| classify("health", error))
    };
    writer.run("health", nothing).await
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
