//! The guard of identity: which rows of a batch are stored already, and which contradict what is.

use arrow::array::{Array, AsArray, RecordBatch};
use duckdb::{ToSql, Transaction};
use hashbrown::{HashMap, HashSet};
use tradekeep_models::Table;
use tradekeep_store_traits::{BadRow, Result};

use crate::error::{classify, conversion};
use crate::sql;
use crate::write::OP;
use crate::write::plan::Plan;
use crate::write::shape::Shape;

/// Symbols up to which the search for stored ticks names them; past that it reads all.
const NAMED_SYMBOLS: usize = 16;

/// Strikes out the rows that `transaction` sees stored, and answers those that contradict them.
pub(crate) fn strike_stored(plan: &mut Plan, transaction: &Transaction<'_>) -> Result<Vec<BadRow>> {
    let symbols = symbols(plan);
    let names = plan.shape.names(&plan.shape.identity);
    let text = sql::within(plan.shape.table, &names, symbols.len());
    let mut hits = Vec::new();
    scan(transaction, &text, plan.span, &symbols, |stored| {
        hits.extend(plan.meet(stored)?.into_iter().flatten());
        Ok(())
    })?;
    let mut bad = Vec::new();
    if plan.shape.conflicts && !hits.is_empty() {
        bad = contradictions(plan, transaction)?;
    }
    for row in hits {
        plan.strike(row);
    }
    Ok(bad)
}

/// Rows whose identity is stored with other content.
fn contradictions(plan: &Plan, transaction: &Transaction<'_>) -> Result<Vec<BadRow>> {
    let arrow = |error| conversion(OP, error);
    let all: Vec<usize> = (0..plan.rows.num_columns()).collect();
    let converter = Shape::converter(&plan.rows.schema(), &all).map_err(arrow)?;
    let ours = converter.convert_columns(plan.rows.columns()).map_err(arrow)?;
    let text = sql::within(plan.shape.table, &plan.shape.names(&all), 0);
    let mut bad = Vec::new();
    scan(transaction, &text, plan.span, &[], |stored| {
        let identity = stored.project(&plan.shape.identity).map_err(arrow)?;
        let theirs = converter.convert_columns(stored.columns()).map_err(arrow)?;
        for (place, row) in plan.meet(&identity)?.into_iter().enumerate() {
            if let Some(row) = row
                && ours.row(row).as_ref() != theirs.row(place).as_ref()
            {
                bad.push(plan.bad(row));
            }
        }
        Ok(())
    })?;
    Ok(bad)
}

/// Rows that have the unique column of another thing: one earlier in the batch or, where `stored` is
/// to be looked at, one within the times of the batch.
pub(crate) fn not_unique(
    plan: &Plan,
    transaction: Option<&Transaction<'_>>,
) -> Result<Vec<BadRow>> {
    let Some(unique) = plan.shape.unique else {
        return Ok(Vec::new());
    };
    let mut places = vec![unique];
    places.extend(&plan.shape.subject);
    let mut owners: HashMap<String, Vec<String>> = HashMap::new();
    if let Some(transaction) = transaction {
        let text = sql::within(plan.shape.table, &plan.shape.names(&places), 0);
        let wanted: HashSet<&str> = texts(plan.rows.column(unique)).collect();
        scan(transaction, &text, plan.span, &[], |stored| {
            for row in 0..stored.num_rows() {
                let mut values = (0..places.len()).map(|at| text_at(stored, at, row));
                let value = values.next().unwrap_or_default();
                if wanted.contains(value) {
                    owners.insert(value.to_owned(), values.map(str::to_owned).collect());
                }
            }
            Ok(())
        })?;
    }
    let mut bad = Vec::new();
    for row in 0..plan.rows.num_rows() {
        let subject: Vec<String> =
            plan.shape.subject.iter().map(|at| text_at(&plan.rows, *at, row).to_owned()).collect();
        let value = text_at(&plan.rows, unique, row);
        let owner = owners.entry(value.to_owned()).or_insert_with(|| subject.clone());
        if *owner != subject {
            let name = plan.shape.table.columns()[unique].name;
            let reason = format!("{name}: is the id of another order");
            bad.push(BadRow { index: row, reason });
        }
    }
    Ok(bad)
}

fn texts(column: &dyn Array) -> impl Iterator<Item = &str> {
    column.as_string_opt::<i32>().into_iter().flat_map(|texts| texts.iter().flatten())
}

fn text_at(batch: &RecordBatch, column: usize, row: usize) -> &str {
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
fn scan(
    transaction: &Transaction<'_>,
    text: &str,
    span: (i64, i64),
    symbols: &[String],
    mut take: impl FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    let duckdb = |error| classify(OP, error);
    let mut values: Vec<&dyn ToSql> = vec![&span.0, &span.1];
    values.extend(symbols.iter().map(|symbol| symbol as &dyn ToSql));
    let mut statement = transaction.prepare(text).map_err(duckdb)?;
    drop(statement.stream_arrow(values.as_slice()).map_err(duckdb)?);
    while let Some(stored) = statement.step().map_err(duckdb)? {
        take(&RecordBatch::from(stored))?;
    }
    Ok(())
}
