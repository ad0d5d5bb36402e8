//! Deduplication by identity: which rows of a batch are stored already.

use arrow::array::{Array, AsArray, RecordBatch};
use duckdb::{ToSql, Transaction};
use tradekeep_models::Table;
use tradekeep_store_traits::Inner;

use crate::error::classify;
use crate::sql;
use crate::write::plan::Plan;

/// A search for stored ticks names its symbols up to so many; with more it reads those of all symbols.
const NAMED_SYMBOLS: usize = 16;

/// First rows of the identities that are stored within the times of the batch.
pub(crate) fn stored(plan: &Plan, transaction: &Transaction<'_>) -> Inner<Vec<usize>> {
    let mut hits = Vec::new();
    scan_stored(plan, transaction, &plan.shape.identity, |stored| {
        hits.extend(plan.meet(stored)?.into_iter().flatten());
        Ok(())
    })?;
    Ok(hits)
}

/// Hands these columns of what is stored within the times of the batch to `take`, a batch at a time.
pub(crate) fn scan_stored(
    plan: &Plan,
    transaction: &Transaction<'_>,
    columns: &[usize],
    take: impl FnMut(&RecordBatch) -> Inner<()>,
) -> Inner<()> {
    let symbols = symbols(plan);
    let text = sql::within(plan.shape.table, &plan.shape.names(columns), symbols.len());
    let mut values: Vec<&dyn ToSql> = vec![&plan.span.0, &plan.span.1];
    values.extend(symbols.iter().map(|symbol| symbol as &dyn ToSql));
    scan(transaction, &text, &values, take)
}

pub(crate) fn texts(column: &dyn Array) -> impl Iterator<Item = &str> {
    column.as_string_opt::<i32>().into_iter().flat_map(|texts| texts.iter().flatten())
}

pub(crate) fn text_at(batch: &RecordBatch, column: usize, row: usize) -> &str {
    batch.column(column).as_string_opt::<i32>().map_or("", |texts| texts.value(row))
}

/// The symbols of a batch of ticks, where they are few.
fn symbols(plan: &Plan) -> Vec<String> {
    if plan.shape.table != Table::Ticks {
        return Vec::new();
    }
    let symbol = plan.rows.schema().index_of("symbol").unwrap_or_default();
    let mut symbols: Vec<&str> = Vec::new();
    for symbol in texts(plan.rows.column(symbol)) {
        // Most rows repeat the one before.
        if symbols.last() != Some(&symbol) && !symbols.contains(&symbol) {
            if symbols.len() == NAMED_SYMBOLS {
                return Vec::new();
            }
            symbols.push(symbol);
        }
    }
    symbols.into_iter().map(str::to_owned).collect()
}

/// Hands each batch of a statement about stored rows to `take`. Streamed: what is stored in the
/// batch's span may be far more than the batch.
pub(crate) fn scan(
    transaction: &Transaction<'_>,
    text: &str,
    values: &[&dyn ToSql],
    mut take: impl FnMut(&RecordBatch) -> Inner<()>,
) -> Inner<()> {
    let mut statement = transaction.prepare(text).map_err(classify)?;
    drop(statement.stream_arrow(values).map_err(classify)?);
    while let Some(stored) = statement.step().map_err(classify)? {
        take(&RecordBatch::from(stored))?;
    }
    Ok(())
}
