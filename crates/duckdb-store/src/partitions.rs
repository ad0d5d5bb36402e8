//! Days: list, size, drop.

use std::fs;
use std::path::Path;

use duckdb::Connection;
use tradekeep_models::{Day, NANOS_PER_DAY};
use tradekeep_store_traits::sql::Row;
use tradekeep_store_traits::{Delivery, Inner, Partition, Table};

use crate::error::classify;
use crate::read::ask;
use crate::rows::Cells;
use crate::{sql, wal};

/// Bytes of a row in the write-ahead log: the estimate where there is no file to measure.
const ROW_BYTES: u64 = 72;

/// The days that have rows; `file` is the database's, to measure.
pub(crate) fn of(
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
        .map(|(day, rows)| {
            Partition::builder().day(day).rows(rows).bytes(share(on_disk, rows, all)).build()
        })
        .collect())
}

/// The part of so many bytes on disk that `rows` of `all` rows take: spread evenly, in the estimate.
pub(crate) fn share(on_disk: Option<u64>, rows: u64, all: u64) -> u64 {
    match on_disk {
        Some(bytes) if bytes > 0 && all > 0 => {
            u64::try_from(u128::from(bytes) * u128::from(rows) / u128::from(all)).unwrap_or(bytes)
        }
        _ => rows * ROW_BYTES,
    }
}

/// The database's file and its write-ahead log. Their sizes only: opening them would end DuckDB's
/// lock on them.
pub(crate) fn bytes_on_disk(file: &Path) -> u64 {
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
