//! One thing, one row: what each record of a batch is to what is stored and to what comes before it.

use std::collections::HashMap;
use std::time::Duration;

use tradekeep_models::record::{Record, Value};
use tradekeep_models::{
    Condition, ListQuery, MAX_LIMIT, Table, TimeRange, Timestamp, with_record_of,
};

use crate::{BadRow, RecordSource, Result};

/// How far apart in time a store looks for records that may be one and the same, unless its configuration says
/// otherwise: two days.
pub const DUPLICATE_WINDOW: Duration = Duration::from_secs(48 * 3_600);

/// What the records of a batch are, by their places in it. Those that are neither are duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdicts {
    /// New ones, in order.
    pub new: Vec<usize>,
    /// Conflicts, in order.
    pub conflicts: Vec<BadRow>,
}

/// Judges `rows` one after another, as if each was written alone: by what is `stored` of their identities and of
/// their values in the [column that only one thing may have](Record::UNIQUE), no further away in time than
/// `window`, and by the rows before it. Those that are refused do not count.
///
/// `stored` may hold more than that; what it lacks is not met.
pub fn judge<'a, R: Record>(
    rows: &'a [R],
    stored: impl IntoIterator<Item = &'a R>,
    window: Duration,
) -> Verdicts {
    let mut known = Known::new(window);
    stored.into_iter().for_each(|row| known.insert(row));
    let mut verdicts = Verdicts::default();
    for (index, row) in rows.iter().enumerate() {
        match known.verdict(row) {
            Verdict::Duplicate => {}
            Verdict::Conflict(reason) => verdicts.conflicts.push(BadRow { index, reason }),
            Verdict::New => {
                known.insert(row);
                verdicts.new.push(index);
            }
        }
    }
    verdicts
}

/// Whether `store` has this record: one of its identity, in the state that it is, that nothing in it contradicts.
///
/// # Errors
/// When the store cannot be read.
pub async fn is_stored<R: Record>(store: &dyn RecordSource, record: &R) -> Result<bool> {
    let mut query = ListQuery { history: true, limit: MAX_LIMIT, ..ListQuery::of(R::TABLE) };
    if !R::is_timeless() {
        let end = Timestamp::from_nanos(record.ts().as_nanos().saturating_add(1)).ok();
        query.range = TimeRange::new(record.ts(), end).unwrap_or(TimeRange::ALL);
    }
    let columns = R::IDENTITY.iter().filter(|column| **column != "ts");
    let equals = |column: &&'static str| Condition::AnyOf {
        columns: vec![*column],
        values: vec![record.named(column).into_owned()],
    };
    query.conditions = columns.map(equals).collect();
    let found = store.page(&query).await?.of_type::<R>().map(|page| page.items).unwrap_or_default();
    Ok(found.iter().any(|stored| record.is_again(stored)))
}

enum Verdict {
    New,
    Duplicate,
    Conflict(String),
}

type Key<'a> = Vec<Value<'a>>;

/// Records that others are compared with.
struct Known<'a, R> {
    window: u64,
    identities: HashMap<Key<'a>, Vec<&'a R>>,
    /// By the value in the column that only one thing may have.
    owners: HashMap<Value<'a>, Vec<&'a R>>,
}

impl<'a, R: Record> Known<'a, R> {
    fn new(window: Duration) -> Self {
        let window = u64::try_from(window.as_nanos()).unwrap_or(u64::MAX);
        Self { window, identities: HashMap::new(), owners: HashMap::new() }
    }

    fn insert(&mut self, row: &'a R) {
        self.identities.entry(key(row, R::IDENTITY)).or_default().push(row);
        if let Some(column) = R::UNIQUE {
            self.owners.entry(row.named(column)).or_default().push(row);
        }
    }

    fn is_near(&self, row: &R, other: &R) -> bool {
        row.ts().as_nanos().abs_diff(other.ts().as_nanos()) <= self.window
    }

    fn verdict(&self, row: &R) -> Verdict {
        let same = self.identities.get(&key(row, R::IDENTITY)).into_iter().flatten();
        let mut same = same.filter(|other| self.is_near(row, other)).peekable();
        if let Some(first) = same.peek().copied() {
            // Like any is enough: what was stored once can be sent again.
            return if same.any(|other| row.is_again(other)) {
                Verdict::Duplicate
            } else {
                Verdict::Conflict(other_content(row, first))
            };
        }
        let Some(column) = R::UNIQUE else { return Verdict::New };
        let mut owners = self.owners.get(&row.named(column)).into_iter().flatten();
        let is_other = |other: &&&R| {
            self.is_near(row, other) && key(row, R::SUBJECT) != key(**other, R::SUBJECT)
        };
        match owners.find(is_other) {
            Some(_) => {
                let thing = R::TABLE.word();
                Verdict::Conflict(format!("{column}: is the id of another {thing}"))
            }
            None => Verdict::New,
        }
    }
}

fn key<'a, R: Record>(row: &'a R, columns: &[&str]) -> Key<'a> {
    columns.iter().map(|column| row.named(column)).collect()
}

/// That a stored row of the same identity differs, and in what.
fn other_content<R: Record>(row: &R, stored: &R) -> String {
    contradicts(R::TABLE, &row.conflicts_in(stored))
}

/// What is said of a record that has the identity of a stored one, and another value in these columns.
#[must_use]
pub fn contradicts(table: Table, columns: &[&str]) -> String {
    let columns = columns.join(", ");
    if table == Table::Ticks {
        return format!(
            "trade_id: there is a trade of this id and time with other content: {columns}; where several have one \
             id, join it with what tells them apart: --map trade_id=COLUMN+COLUMN"
        );
    }
    let identity = with_record_of!(table, R => R::IDENTITY).join(", ");
    format!("{identity}: is stored with other content: {columns}")
}
