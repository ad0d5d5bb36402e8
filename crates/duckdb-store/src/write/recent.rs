//! Which values of a batch may be stored within the duplicate window, by what the writer remembers of it.

use arrow::array::RecordBatch;
use duckdb::Transaction;
use hashbrown::HashMap;
use tradekeep_store_traits::{Inner, RecentValues, Table};

use crate::error::classify;
use crate::sql;
use crate::write::dedup::{scan, text_at, texts};
use crate::write::plan::Plan;
use crate::write::shape::Shape;

/// The values of `plan` in the column that is sought which may be stored with a time from `first` on, by something
/// else than what has them in the batch. `reach` is how much further back the writer remembers them.
pub(crate) fn may_be_stored<'a>(
    plan: &'a Plan,
    column: usize,
    transaction: &Transaction<'_>,
    recent: &mut HashMap<Table, RecentValues>,
    (first, reach): (i64, i64),
) -> Inner<Vec<&'a str>> {
    let table = plan.shape.table;
    if !recent.get(&table).is_some_and(|recent| recent.covers(first)) {
        recent.remove(&table);
        if let Some(values) = read(&plan.shape, column, transaction, first.saturating_sub(reach))? {
            recent.insert(table, values);
        }
    }
    let values = texts(plan.rows.column(column));
    let Some(recent) = recent.get(&table) else { return Ok(values.collect()) };
    let may_meet = |(row, value): &(usize, &str)| {
        recent.may_meet(*value, owner(&plan.shape, &plan.rows, &plan.shape.subject, *row))
    };
    Ok(values.enumerate().filter(may_meet).map(|(_, value)| value).collect())
}

/// Adds rows that are stored from now on.
pub(crate) fn remember(
    shape: &Shape,
    rows: &RecordBatch,
    recent: &mut HashMap<Table, RecentValues>,
) {
    let (Some(column), Some(recent)) = (shape.sought, recent.get_mut(&shape.table)) else { return };
    add(shape, rows, column, &shape.subject, recent);
}

/// What is stored: of the whole table where that is little, else with a time from `first` on; nothing where that is
/// too much too.
fn read(
    shape: &Shape,
    column: usize,
    transaction: &Transaction<'_>,
    first: i64,
) -> Inner<Option<RecentValues>> {
    let most = i64::try_from(RecentValues::MOST).unwrap_or(i64::MAX);
    let count = |first: i64| {
        let text = sql::since(shape.table, &["count(*)"]);
        transaction.query_row(&text, [first], |row| row.get::<_, i64>(0)).map_err(classify)
    };
    let from = if count(0)? <= most { 0 } else { first };
    if from > 0 && count(from)? > most {
        return Ok(None);
    }
    let mut recent = RecentValues::new(from);
    let places: Vec<_> = std::iter::once(column).chain(owners(shape).iter().copied()).collect();
    let text = sql::since(shape.table, &shape.names(&places));
    let subject: Vec<_> = (1..places.len()).collect();
    scan(transaction, &text, &[&from], |found| {
        add(shape, found, 0, &subject, &mut recent);
        Ok(())
    })?;
    Ok(Some(recent))
}

fn add(
    shape: &Shape,
    rows: &RecordBatch,
    column: usize,
    subject: &[usize],
    recent: &mut RecentValues,
) {
    for (row, value) in texts(rows.column(column)).enumerate() {
        recent.insert(value, owner(shape, rows, subject, row));
    }
}

/// What says whose a value is: nothing where it is a whole identity, which whoever has it meets.
fn owners(shape: &Shape) -> &[usize] {
    if shape.unique.is_some() { &shape.subject } else { &[] }
}

fn owner<'a>(
    shape: &Shape,
    rows: &'a RecordBatch,
    subject: &[usize],
    row: usize,
) -> Option<Vec<&'a str>> {
    shape.unique?;
    Some(subject.iter().map(|column| text_at(rows, *column, row)).collect())
}
