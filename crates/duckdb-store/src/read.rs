//! Reads.

mod states;
pub(crate) mod stats;

use arrow::array::RecordBatch;
use duckdb::types::Value;
use duckdb::{Connection, params_from_iter};
use tradekeep_formats::arrow::records_from_batch;
use tradekeep_models::{Candle, CandleCursor, CandleQuery, ListQuery, Page, RecordPage, Records};
use tradekeep_store_traits::sql::{Bind, Sql, answers};
use tradekeep_store_traits::{Inner, TickSeries};

use crate::error::{classify, conversion};
use crate::rows::{Cells, rows_of};
use crate::sql::{self, Latest};

/// Runs a statement to its end: a result left open would keep the database from checkpointing.
///
/// It is planned anew each time, and so is every statement of this crate: DuckDB 1.5.6 plans by
/// the statistics of the moment, and a prepared statement that is run again after the table has
/// grown gives wrong text without an error (`docs/adr/0003-no-statement-is-reused.md`).
fn batches(connection: &Connection, sql: Sql) -> Inner<Vec<RecordBatch>> {
    let mut statement = connection.prepare(&sql.text).map_err(classify)?;
    let values = sql.values.into_iter().map(|value| match value {
        Bind::Text(text) => Value::Text(text),
        Bind::Int(number) => Value::BigInt(number),
    });
    statement.execute(params_from_iter(values)).map_err(classify)?;
    let mut batches = Vec::new();
    while let Some(batch) = statement.step().map_err(classify)? {
        batches.push(RecordBatch::from(batch));
    }
    Ok(batches)
}

/// The rows of a statement, run to its end.
pub(crate) fn ask(connection: &Connection, sql: Sql) -> Inner<Vec<Cells>> {
    Ok(rows_of(batches(connection, sql)?))
}

pub(crate) fn candles(
    connection: &Connection,
    wanted: &CandleQuery,
) -> Inner<Page<Candle, CandleCursor>> {
    let found = ask(connection, sql::candles(wanted))?;
    Ok(wanted.page(answers::candles(wanted, found)?))
}

pub(crate) fn series(connection: &Connection) -> Inner<Vec<TickSeries>> {
    answers::series(ask(connection, sql::series())?)
}

/// Runs a read, the whole of it, as of one moment; every read of this crate is run so.
///
/// Its statements then agree with each other, and with their plans. Outside a transaction a statement is
/// planned in one and run in the next: what another connection commits between them is seen by a plan
/// that was made without it, and DuckDB 1.5.6 answers wrong text and numbers without an error.
pub(crate) fn at_one_moment<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Inner<T>,
) -> Inner<T> {
    let transaction = connection.unchecked_transaction().map_err(classify)?;
    let answer = read(&transaction)?;
    transaction.commit().map_err(classify)?;
    Ok(answer)
}

/// A page of records.
pub(crate) fn page(connection: &Connection, wanted: &ListQuery) -> Inner<RecordPage> {
    Ok(wanted.page_of(states::page(connection, wanted)?))
}

/// The records of a page and one more.
fn records(connection: &Connection, wanted: &ListQuery, latest: Latest) -> Inner<Records> {
    let mut records = Records::empty(wanted.table);
    for batch in batches(connection, sql::list(wanted, latest))? {
        let more = records_from_batch(wanted.table, &batch).map_err(conversion)?;
        // They are of its table.
        let _ = records.extend(more);
    }
    Ok(records)
}
