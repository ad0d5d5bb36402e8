//! Records that are the same where their identity is, and a conflict where a few columns of them differ, or none: these
//! are read with the identity, and compared as they come.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, DynComparator, RecordBatch, make_comparator};
use arrow::compute::SortOptions;
use duckdb::Transaction;
use hashbrown::HashMap;
use tradekeep_store_traits::{BadRow, Inner, contradicts};

use crate::error::conversion;
use crate::write::dedup::scan_stored;
use crate::write::plan::Plan;

/// Leaves only those rows in `plan` that are new, and answers those that are not `alike` what has their identity. No
/// stored row is later than `newest`.
pub(crate) fn resolve(
    plan: &mut Plan,
    alike: &[usize],
    transaction: &Transaction<'_>,
    newest: i64,
) -> Inner<Vec<BadRow>> {
    let mut again: HashMap<usize, Vec<usize>> = HashMap::new();
    for (row, first) in &plan.repeats {
        again.entry(*first).or_default().push(*row);
    }
    let (mut bad, mut stored) = (Vec::new(), Vec::new());
    // Rows later than all that is stored meet nothing.
    if plan.span.0 <= newest {
        let identity: Vec<_> = (0..plan.shape.identity.len()).collect();
        let columns = [&*plan.shape.identity, alike].concat();
        let places: Vec<_> = (identity.len()..columns.len()).collect();
        scan_stored(plan, transaction, &columns, |found| {
            let compared = Compared::new((&plan.rows, alike), (found, &places))?;
            let identities = found.project(&identity).map_err(conversion)?;
            for (theirs, hit) in plan.meet(&identities)?.into_iter().enumerate() {
                let Some(first) = hit else { continue };
                stored.push(first);
                let told = again.remove(&first).unwrap_or_default();
                for row in std::iter::once(first).chain(told) {
                    bad.extend(compared.judge(plan, row, theirs));
                }
            }
            Ok(())
        })?;
    }
    if !again.is_empty() {
        let compared = Compared::new((&plan.rows, alike), (&plan.rows, alike))?;
        for (first, rows) in &again {
            bad.extend(rows.iter().filter_map(|row| compared.judge(plan, *row, *first)));
        }
    }
    stored.into_iter().for_each(|row| plan.drop_row(row));
    bad.sort_by_key(|row| row.index);
    Ok(bad)
}

/// The columns of two batches that have to be alike.
struct Compared(Vec<Column>);

struct Column {
    place: usize,
    order: DynComparator,
    one: ArrayRef,
    other: ArrayRef,
}

impl Compared {
    fn new(
        (one, places): (&RecordBatch, &[usize]),
        (other, theirs): (&RecordBatch, &[usize]),
    ) -> Inner<Self> {
        let mut columns = Vec::with_capacity(places.len());
        for (place, their) in places.iter().zip(theirs) {
            let (one, other) = (one.column(*place).clone(), other.column(*their).clone());
            let order =
                make_comparator(&*one, &*other, SortOptions::default()).map_err(conversion)?;
            columns.push(Column { place: *place, order, one, other });
        }
        Ok(Self(columns))
    }

    /// What is wrong with a row that has the identity of another one; nothing where it is the same again. A value
    /// that only one of the two has is no difference.
    fn judge(&self, plan: &Plan, row: usize, other: usize) -> Option<BadRow> {
        let differs = |column: &&Column| {
            column.one.is_valid(row)
                && column.other.is_valid(other)
                && (column.order)(row, other) != Ordering::Equal
        };
        let differing: Vec<_> = self.0.iter().filter(differs).map(|column| column.place).collect();
        let reason = || contradicts(plan.shape.table, &plan.shape.names(&differing));
        (!differing.is_empty()).then(|| BadRow::new(row, reason()))
    }
}
