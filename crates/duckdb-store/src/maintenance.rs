//! What the tables hold, and putting them in order.

use std::path::Path;
use std::time::Duration;

use duckdb::Connection;
use tradekeep_models::with_record_of;
use tradekeep_store_traits::sql::{Row as _, only_row};
use tradekeep_store_traits::{Delivery, Inner, Table, TableStats};

use crate::error::classify;
use crate::partitions::{bytes_on_disk, share};
use crate::read::ask;
use crate::sql;

/// What each table holds; `file` is the database's, to measure.
pub(crate) fn table_stats(connection: &Connection, file: Option<&Path>) -> Inner<Vec<TableStats>> {
    let extent = |table: &Table| {
        let row = only_row(ask(connection, sql::stats::extent(*table))?)?;
        Ok((*table, row.count(0)?, row.maybe_time(1)?, row.maybe_time(2)?))
    };
    let extents: Vec<_> = Table::ALL.iter().map(extent).collect::<Inner<_>>()?;
    let all = extents.iter().map(|(_, rows, ..)| rows).sum();
    let on_disk = file.map(bytes_on_disk);
    let stats = |(table, rows, first_ts, last_ts)| {
        TableStats::builder()
            .table(table)
            .rows(rows)
            .bytes(share(on_disk, rows, all))
            .maybe_first_ts(first_ts)
            .maybe_last_ts(last_ts)
            .build()
    };
    Ok(extents.into_iter().map(stats).collect())
}

/// Removes what is told again within the window, which an earlier version stored twice, writes every table that is not
/// in order of time anew, and checkpoints: row groups of a short time each are what queries by time skip.
pub(crate) fn optimize(connection: &mut Connection, window: Duration) -> Inner<()> {
    let window = i64::try_from(window.as_nanos()).unwrap_or(i64::MAX);
    let transaction = connection.transaction().map_err(classify)?;
    for table in Table::ALL {
        if let Some(told_again) = with_record_of!(table, R => sql::told_again::<R>()) {
            transaction.execute(&told_again, [window]).map_err(classify)?;
        }
        if only_row(ask(&transaction, sql::disorder(*table))?)?.int(0)? > 0 {
            transaction.execute_batch(&sql::rewrite(*table)).map_err(classify)?;
        }
    }
    transaction.commit().map_err(|error| classify(error).with_delivery(Delivery::Unknown))?;
    connection.execute_batch("CHECKPOINT").map_err(classify)
}
