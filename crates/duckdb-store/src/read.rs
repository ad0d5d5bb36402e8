//! Pages out.

pub(crate) mod stats;

use arrow::array::RecordBatch;
use duckdb::{Connection, ToSql, params_from_iter};
use tradekeep_formats::arrow::records_from_batch;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, ListQuery, Page, RecordPage, Records, Table,
};
use tradekeep_store_traits::{Result, TickSeries};

use crate::error::{classify, conversion};
use crate::rows::cells::only_row;
use crate::sql::Sql;
use crate::{rows, sql};

/// Runs a statement to its end: a result left open would keep the database from checkpointing.
///
/// It is planned anew each time, and so is every statement of this crate: DuckDB 1.5.6 plans by
/// the statistics of the moment, and a prepared statement that is run again after the table has
/// grown gives wrong text without an error (`docs/adr/0003-no-statement-is-reused.md`).
pub(crate) fn query<V: ToSql>(
    op: &'static str,
    connection: &Connection,
    text: &str,
    values: impl IntoIterator<Item = V>,
) -> Result<Vec<RecordBatch>> {
    let duckdb = |error| classify(op, error);
    let mut statement = connection.prepare(text).map_err(duckdb)?;
    statement.execute(params_from_iter(values)).map_err(duckdb)?;
    let mut batches = Vec::new();
    while let Some(batch) = statement.step().map_err(duckdb)? {
        batches.push(RecordBatch::from(batch));
    }
    Ok(batches)
}

pub(crate) fn candles(
    connection: &Connection,
    wanted: &CandleQuery,
) -> Result<Page<Candle, CandleCursor>> {
    let statement = sql::candles(wanted);
    let batches = query("candles", connection, &statement.text, statement.values)?;
    let candles: Result<Vec<_>> =
        batches.iter().map(|batch| rows::candles(wanted, batch)).collect();
    Ok(wanted.page(candles?.concat()))
}

pub(crate) fn series(connection: &Connection) -> Result<Vec<TickSeries>> {
    let batches = query::<i64>("series", connection, sql::SERIES, [])?;
    let series: Result<Vec<_>> = batches.iter().map(rows::series).collect();
    Ok(series?.concat())
}

/// Runs a statement with its values.
fn ask(op: &'static str, connection: &Connection, statement: Sql) -> Result<Vec<RecordBatch>> {
    query(op, connection, &statement.text, statement.values)
}

/// Runs a read, the whole of it, as of one moment; every read of this crate is run so.
///
/// Its statements then agree with each other, and with their plans. Outside a transaction a statement is
/// planned in one and run in the next: what another connection commits between them is seen by a plan
/// that was made without it, and DuckDB 1.5.6 answers wrong text and numbers without an error.
pub(crate) fn at_one_moment<T>(
    op: &'static str,
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    let duckdb = |error| classify(op, error);
    let transaction = connection.unchecked_transaction().map_err(duckdb)?;
    let answer = read(&transaction)?;
    transaction.commit().map_err(duckdb)?;
    Ok(answer)
}

/// Whether rows of `table` may not be the highest version of what they are of.
fn versions(op: &'static str, connection: &Connection, table: Table) -> Result<bool> {
    let found = query::<i64>(op, connection, &sql::has_versions(table), [])?;
    Ok(only_row(op, &found)?.int(0)? > 0)
}

/// A page of records.
pub(crate) fn page(connection: &Connection, wanted: &ListQuery) -> Result<RecordPage> {
    let op = wanted.table.as_str();
    let versions = wanted.highest_only() && versions(op, connection, wanted.table)?;
    let mut records = Records::empty(wanted.table);
    for batch in ask(op, connection, sql::list(wanted, versions))? {
        let more = records_from_batch(wanted.table, &batch);
        // They are of its table.
        let _ = records.extend(more.map_err(|error| conversion(op, error))?);
    }
    Ok(wanted.page_of(records))
}
