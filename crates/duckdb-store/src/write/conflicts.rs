//! Records that contradict one another: the same identity with other content, or one subject with the
//! id of another.

use arrow::row::Rows;
use duckdb::Transaction;
use hashbrown::{HashMap, HashSet};
use tradekeep_store_traits::{BadRow, Inner};

use crate::error::conversion;
use crate::sql;
use crate::write::dedup::{scan, stored, text_at, texts};
use crate::write::plan::Plan;
use crate::write::shape::Shape;

/// Drops the rows from `plan` that are stored already, and answers those that conflict: with what
/// `transaction` sees within the times of the batch, or with a row before them. Each row is judged as if
/// the bad ones before it were not there.
pub(crate) fn resolve(
    plan: &mut Plan,
    transaction: Option<&Transaction<'_>>,
) -> Inner<Vec<BadRow>> {
    let hits: HashSet<usize> = match transaction {
        None => HashSet::new(),
        Some(transaction) => stored(plan, transaction)?.into_iter().collect(),
    };
    let mut owners = owners(plan, transaction)?;
    if hits.is_empty() && plan.repeats.is_empty() && plan.shape.unique.is_none() {
        return Ok(Vec::new());
    }
    let comparison = Comparison::new(plan, transaction.filter(|_| !hits.is_empty()))?;
    let repeats: HashMap<usize, usize> = plan.repeats.iter().copied().collect();
    let mut accepted: HashMap<usize, usize> = HashMap::new();
    let mut bad = Vec::new();
    for row in 0..plan.rows.num_rows() {
        let first = repeats.get(&row).copied().unwrap_or(row);
        let known = if hits.contains(&first) {
            Some(comparison.is_stored[row])
        } else {
            accepted.get(&first).map(|earlier| comparison.equal(row, *earlier))
        };
        match known {
            Some(true) => plan.drop_row(row),
            Some(false) => bad.push(BadRow::new(row, other_content(plan))),
            None => match owner_conflict(plan, row, &mut owners) {
                Some(reason) => bad.push(BadRow::new(row, reason)),
                None => drop(accepted.insert(first, row)),
            },
        }
    }
    Ok(bad)
}

fn other_content(plan: &Plan) -> String {
    let names = plan.shape.names(&plan.shape.identity).join(", ");
    format!("{names}: is stored with other content")
}

/// The rows of a batch compared with each other, and with the stored ones.
struct Comparison {
    /// Needed only where an identity comes twice.
    contents: Option<Rows>,
    /// Whether a row is stored as it is.
    is_stored: Vec<bool>,
}

impl Comparison {
    fn new(plan: &Plan, transaction: Option<&Transaction<'_>>) -> Inner<Self> {
        let mut is_stored = vec![false; plan.rows.num_rows()];
        if transaction.is_none() && plan.repeats.is_empty() {
            return Ok(Self { contents: None, is_stored });
        }
        let all: Vec<usize> = (0..plan.rows.num_columns()).collect();
        let converter = Shape::converter(&plan.rows.schema(), &all).map_err(conversion)?;
        let contents = converter.convert_columns(plan.rows.columns()).map_err(conversion)?;
        let mut same_identity: HashMap<usize, Vec<usize>> = HashMap::new();
        for (row, first) in &plan.repeats {
            same_identity.entry(*first).or_default().push(*row);
        }
        if let Some(transaction) = transaction {
            let text = sql::within(plan.shape.table, &plan.shape.names(&all), 0);
            scan(transaction, &text, plan.span, &[], |found| {
                let identity = found.project(&plan.shape.identity).map_err(conversion)?;
                let theirs = converter.convert_columns(found.columns()).map_err(conversion)?;
                for (place, first) in plan.meet(&identity)?.into_iter().enumerate() {
                    let Some(first) = first else { continue };
                    let repeats = same_identity.get(&first).into_iter().flatten().copied();
                    for row in std::iter::once(first).chain(repeats) {
                        let same = contents.row(row).as_ref() == theirs.row(place).as_ref();
                        is_stored[row] |= same;
                    }
                }
                Ok(())
            })?;
        }
        Ok(Self { contents: Some(contents), is_stored })
    }

    fn equal(&self, row: usize, other: usize) -> bool {
        self.contents.as_ref().is_some_and(|rows| rows.row(row) == rows.row(other))
    }
}

/// For each value of the column that only versions of one subject share: the subjects that have it.
type Owners = HashMap<String, Vec<String>>;

/// The stored owners of the values in the batch.
fn owners(plan: &Plan, transaction: Option<&Transaction<'_>>) -> Inner<Owners> {
    let mut owners = Owners::new();
    let (Some(unique), Some(transaction)) = (plan.shape.unique, transaction) else {
        return Ok(owners);
    };
    let mut places = vec![unique];
    places.extend(&plan.shape.subject);
    let text = sql::within(plan.shape.table, &plan.shape.names(&places), 0);
    let wanted: HashSet<&str> = texts(plan.rows.column(unique)).collect();
    scan(transaction, &text, plan.span, &[], |stored| {
        for row in 0..stored.num_rows() {
            let value = text_at(stored, 0, row);
            if wanted.contains(value) {
                let subject: Vec<_> =
                    (1..places.len()).map(|at| text_at(stored, at, row)).collect();
                owners.entry(value.to_owned()).or_default().push(subject.join("\n"));
            }
        }
        Ok(())
    })?;
    Ok(owners)
}

/// Why a row may not have its value in that column: another subject has it. Else its subject owns it from
/// now on.
fn owner_conflict(plan: &Plan, row: usize, owners: &mut Owners) -> Option<String> {
    let unique = plan.shape.unique?;
    let subject: Vec<_> =
        plan.shape.subject.iter().map(|at| text_at(&plan.rows, *at, row)).collect();
    let subject = subject.join("\n");
    let others = owners.entry(text_at(&plan.rows, unique, row).to_owned()).or_default();
    if others.iter().any(|other| *other != subject) {
        let name = plan.shape.table.columns()[unique].name;
        let thing = plan.shape.table.as_str().trim_end_matches('s');
        return Some(format!("{name}: is the id of another {thing}"));
    }
    if others.is_empty() {
        others.push(subject);
    }
    None
}
