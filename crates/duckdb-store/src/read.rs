//! Pages out.

use arrow::array::RecordBatch;
use duckdb::{Connection, ToSql, params_from_iter};
use tradekeep_formats::arrow::ticks_from_batch;
use tradekeep_models::{Candle, CandleCursor, CandleQuery, Page, Tick, TickCursor, TickQuery};
use tradekeep_store_traits::{Result, TickSeries};

use crate::error::{classify, conversion};
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

pub(crate) fn ticks(connection: &Connection, wanted: &TickQuery) -> Result<Page<Tick, TickCursor>> {
    const OP: &str = "ticks";
    let statement = sql::ticks(wanted);
    let batches = query(OP, connection, &statement.text, statement.values)?;
    let mut ticks = Vec::with_capacity(wanted.limit + 1);
    for batch in &batches {
        ticks.extend(ticks_from_batch(batch).map_err(|error| conversion(OP, error))?);
    }
    Ok(wanted.page(ticks))
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
