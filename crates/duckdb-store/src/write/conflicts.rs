//! Records whose content counts: what a batch may meet is looked up, and `judge` says what each record is to it.

use std::time::Duration;

use arrow::array::RecordBatch;
use duckdb::Transaction;
use hashbrown::HashMap;
use tradekeep_formats::arrow::records_from_batch;
use tradekeep_models::record::{Kind, Record};
use tradekeep_models::{Timestamp, with_record_of};
use tradekeep_store_traits::{BadRow, Inner, RecentValues, Records, Table, judge};

use crate::error::conversion;
use crate::sql;
use crate::write::dedup::{scan, stored, text_at, texts};
use crate::write::plan::Plan;
use crate::write::recent::may_be_stored;

/// Leaves only those rows in `plan` that are new, and answers those that conflict. No stored row is later than
/// `newest`.
pub(crate) fn resolve(
    plan: &mut Plan,
    transaction: &Transaction<'_>,
    recent: &mut HashMap<Table, RecentValues>,
    newest: i64,
    window: Duration,
) -> Inner<Vec<BadRow>> {
    let mut met = Records::empty(plan.shape.table);
    // Rows later than all that is stored meet nothing.
    if plan.span.0 <= newest {
        at_their_times(plan, transaction, &mut met)?;
    }
    let reach = i64::try_from(window.as_nanos()).unwrap_or(i64::MAX);
    let first = plan.span.0.saturating_sub(reach);
    if let Some(column) = plan.shape.sought.filter(|_| first <= newest) {
        let values = may_be_stored(plan, column, transaction, recent, (first, reach))?;
        if !values.is_empty() {
            let last = plan.span.1.saturating_add(reach);
            within_window(plan, transaction, (column, values), (first, last), &mut met)?;
        }
    }
    if met.is_empty() && plan.repeats.is_empty() && !is_shared(plan) {
        return Ok(Vec::new());
    }
    let rows = records_from_batch(plan.shape.table, &plan.rows).map_err(conversion)?;
    let verdicts = with_record_of!(plan.shape.table, R => {
        let rows = R::from_records(rows).unwrap_or_default();
        judge(&rows, &R::from_records(met).unwrap_or_default(), window)
    });
    plan.keep_only(&verdicts.new);
    Ok(verdicts.conflicts)
}

/// Adds the stored rows that have the identity, time included, of a row of the batch.
fn at_their_times(plan: &Plan, transaction: &Transaction<'_>, met: &mut Records) -> Inner<()> {
    if stored(plan, transaction)?.is_empty() {
        return Ok(());
    }
    let all: Vec<usize> = (0..plan.rows.num_columns()).collect();
    let text = sql::within(plan.shape.table, &plan.shape.names(&all), 0);
    scan(transaction, &text, &[&plan.span.0, &plan.span.1], |found| {
        let identity = found.project(&plan.shape.identity).map_err(conversion)?;
        let hits = plan.meet(&identity)?.into_iter().map(|hit| hit.is_some()).collect::<Vec<_>>();
        let found = arrow::compute::filter_record_batch(found, &hits.into()).map_err(conversion)?;
        add(plan, &found, met)
    })
}

/// Adds the stored rows that have one of these values in this column, between two moments.
fn within_window(
    plan: &Plan,
    transaction: &Transaction<'_>,
    (column, values): (usize, Vec<&str>),
    (first, last): (i64, i64),
    met: &mut Records,
) -> Inner<()> {
    let column = &plan.shape.table.columns()[column];
    let (first, last) = (first.max(0), last.min(Timestamp::MAX.as_nanos()));
    let text = sql::sought(plan.shape.table, column.name, column.kind == Kind::Uuid);
    let values = values.join(sql::SEPARATOR);
    scan(transaction, &text, &[&first, &last, &values], |found| add(plan, found, met))
}

fn add(plan: &Plan, found: &RecordBatch, met: &mut Records) -> Inner<()> {
    let found = records_from_batch(plan.shape.table, found).map_err(conversion)?;
    // They are of its table.
    let _ = met.extend(found);
    Ok(())
}

/// Whether two things of the batch share what only states of one may.
fn is_shared(plan: &Plan) -> bool {
    let Some(unique) = plan.shape.unique else { return false };
    let mut owners: HashMap<&str, Vec<&str>> = HashMap::new();
    let values = texts(plan.rows.column(unique)).enumerate();
    values.into_iter().any(|(row, value)| {
        let subject: Vec<_> =
            plan.shape.subject.iter().map(|at| text_at(&plan.rows, *at, row)).collect();
        *owners.entry(value).or_insert_with(|| subject.clone()) != subject
    })
}
