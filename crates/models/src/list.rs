//! Lists of records: filters, limits, cursors, in one form for every record and store.

use std::cmp::Ordering;
use std::fmt;

use uuid::Uuid;

use crate::query::{bad_cursor, check_limit, decode, encode};
use crate::record::{Column, Record, Value};
use crate::{
    InvalidInput, Labels, MAX_LIMIT, Page, Records, Table, TimeRange, Timestamp, Told, with_records,
};

/// What a row must fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Any of these columns holds any of these values.
    AnyOf {
        /// The columns, by name.
        columns: Vec<&'static str>,
        /// The values; none of them null.
        values: Vec<Value<'static>>,
    },
    /// The column `labels` has this label.
    Label {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Of ticks: it [may be told otherwise](Told::is_unlike) than so.
    Unlike(Told),
}

impl Condition {
    pub(crate) fn text(column: &'static str, value: impl AsRef<str>) -> Self {
        let value = Value::Text(value.as_ref().to_owned().into());
        Self::AnyOf { columns: vec![column], values: vec![value] }
    }

    pub(crate) fn uuid(column: &'static str, id: Uuid) -> Self {
        Self::AnyOf { columns: vec![column], values: vec![Value::Uuid(id)] }
    }

    /// Refuses columns that `table` does not have, and values of other types than theirs.
    fn check(&self, table: Table) -> Result<(), InvalidInput> {
        let wrong = |what: String| Err(InvalidInput::new("condition", what));
        let (names, values): (&[&str], &[_]) = match self {
            Self::AnyOf { columns, values } => (columns, values),
            Self::Label { .. } => (&["labels"], &[]),
            Self::Unlike(_) => (&["aggregated"], &[]),
        };
        for name in names {
            let Some(column) = table.column(name) else {
                return wrong(format!("{table} have no column of that name"));
            };
            if values.iter().any(|value| value.kind() != Some(column.kind)) {
                return wrong(format!("{} of {table} is of type {}", column.name, column.kind));
            }
        }
        Ok(())
    }

    /// Whether `record` fulfils it.
    #[must_use]
    pub fn matches<R: Record>(&self, record: &R) -> bool {
        match self {
            Self::AnyOf { columns, values } => columns.iter().any(|column| {
                let found = record.named(column);
                !found.is_null() && values.contains(&found)
            }),
            Self::Label { name, value } => match record.named("labels") {
                Value::Text(json) => json.contains(&Labels::pair(name, value)),
                _ => false,
            },
            Self::Unlike(told) => {
                told.is_unlike(record.ts(), record.named("aggregated") == Value::Bool(true))
            }
        }
    }
}

/// A typed filter of one kind of record: all parts that are set must match, text as a whole and byte for
/// byte.
pub trait RecordFilter: Clone + Default + fmt::Debug + Send + Sync + 'static {
    /// What it filters.
    type Record: Record;

    /// Only event times in this range.
    fn range(&self) -> TimeRange;

    /// Everything else that a row must fulfil.
    fn conditions(&self) -> Vec<Condition>;

    /// Whether `record` passes.
    #[must_use]
    fn matches(&self, record: &Self::Record) -> bool {
        self.range().contains(record.ts())
            && self.conditions().iter().all(|condition| condition.matches(record))
    }
}

/// A page of the records of one table, in their order: by time, then identity.
///
/// ```
/// use tradekeep_models::{ListQuery, Table, TradeFilter, TraderId};
///
/// let mut query = ListQuery::new(&TradeFilter {
///     trader_id: Some(TraderId::new("arb-1")?),
///     ..TradeFilter::default()
/// });
/// query.limit = 100;
/// assert_eq!(query.table, Table::Trades);
/// assert!(query.newest_first && query.validate().is_ok());
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// The table whose records are listed.
    pub table: Table,
    /// Only event times in this range.
    pub range: TimeRange,
    /// Everything else that a row must fulfil.
    pub conditions: Vec<Condition>,
    /// Rows at most, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Only rows behind this one, from the page before; the filter holds as well.
    pub after: Option<Cursor>,
    /// Whether to begin with the newest.
    pub newest_first: bool,
    /// Whether to list every state, and not only the latest of each thing.
    pub history: bool,
}

impl ListQuery {
    /// The first page of what passes `filter`, in the order usual for these records.
    #[must_use]
    pub fn new<F: RecordFilter>(filter: &F) -> Self {
        let conditions = filter.conditions();
        Self { range: filter.range(), conditions, ..Self::of(F::Record::TABLE) }
    }

    /// The first page of a whole table, in the order usual for its records.
    #[must_use]
    pub const fn of(table: Table) -> Self {
        Self {
            table,
            range: TimeRange::ALL,
            conditions: Vec::new(),
            limit: MAX_LIMIT,
            after: None,
            newest_first: table.newest_first(),
            history: false,
        }
    }

    /// Whether rows are to be compared with other states of their thing: there are such, and the latest alone is
    /// asked for.
    #[must_use]
    pub const fn latest_only(&self) -> bool {
        !self.history && !self.table.subject().is_empty()
    }

    /// Its conditions in two: those that hold of a thing in all its states or in none, and the others.
    #[must_use]
    pub fn conditions_by_subject(&self) -> (Vec<&Condition>, Vec<&Condition>) {
        let subject = self.table.subject();
        self.conditions.iter().partition(|condition| match condition {
            Condition::AnyOf { columns, .. } => columns.iter().all(|name| subject.contains(name)),
            Condition::Label { .. } | Condition::Unlike(_) => false,
        })
    }

    /// Checks limit, conditions and cursor.
    ///
    /// # Errors
    /// When the limit is out of range, a condition is about a column that the table does not have, or of
    /// another type, or the cursor is another query's.
    pub fn validate(&self) -> Result<(), InvalidInput> {
        check_limit(self.limit)?;
        self.conditions.iter().try_for_each(|condition| condition.check(self.table))?;
        match &self.after {
            Some(cursor) if !cursor.fits(self.table, self.newest_first) => Err(bad_cursor()),
            _ => Ok(()),
        }
    }

    /// Reads the text of a cursor of this query.
    ///
    /// # Errors
    /// When it is none.
    pub fn cursor(&self, text: &str) -> Result<Cursor, InvalidInput> {
        Cursor::parse(text, self.table, self.newest_first)
    }

    /// How `a` and `b`, of its table, stand to each other in the order of this query.
    #[must_use]
    pub fn compare<R: Record>(&self, a: &R, b: &R) -> Ordering {
        // Time is what every order begins with, and nearly always what decides.
        let order = a.ts().cmp(&b.ts()).then_with(|| {
            let mut each = R::ORDER.iter().map(|column| a.value(*column).cmp(&b.value(*column)));
            each.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        if self.newest_first { order.reverse() } else { order }
    }

    /// Whether `record`, of its table, comes behind the cursor.
    #[must_use]
    pub fn is_behind_cursor<R: Record>(&self, record: &R) -> bool {
        let Some(cursor) = &self.after else {
            return true;
        };
        let each = R::ORDER.iter().zip(&cursor.values);
        let mut each = each.map(|(column, at)| record.value(*column).cmp(at));
        let order = each.find(|order| order.is_ne());
        order == Some(if self.newest_first { Ordering::Less } else { Ordering::Greater })
    }

    /// The page made of `records`, of its table: up to `limit + 1` that match, behind the cursor, in order.
    #[must_use]
    pub fn page_of(&self, records: Records) -> RecordPage {
        with_records!(records, rows => self.page(rows).into())
    }

    /// The same of records of one type.
    #[must_use]
    pub fn page<R: Record>(&self, mut rows: Vec<R>) -> Page<R, Cursor> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| more).map(|last| Cursor::at(last, self.newest_first));
        Page { items: rows, next }
    }
}

/// One page of the records of a table: what a store answers to a [`ListQuery`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RecordPage {
    /// The records, in order.
    pub records: Records,
    /// Where to go on; nothing when this page ends the list.
    pub next: Option<Cursor>,
}

impl RecordPage {
    /// A page with these records, and where to go on.
    #[must_use]
    pub const fn new(records: Records, next: Option<Cursor>) -> Self {
        Self { records, next }
    }

    /// The same page with its records by their type.
    ///
    /// # Errors
    /// The records, where they are of another kind.
    pub fn of_type<R: Record>(self) -> Result<Page<R, Cursor>, Records> {
        Ok(Page { items: R::from_records(self.records)?, next: self.next })
    }
}

impl<R: Record> From<Page<R, Cursor>> for RecordPage {
    fn from(page: Page<R, Cursor>) -> Self {
        Self { records: R::into_records(page.items), next: page.next }
    }
}

/// A place in an ordered list of records. Opaque text to users; it stays valid while the store does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    kind: String,
    values: Vec<Value<'static>>,
}

impl Cursor {
    /// The place of `record` in a list with that order.
    #[must_use]
    pub fn at<R: Record>(record: &R, newest_first: bool) -> Self {
        let value = |column: &usize| record.value(*column).into_owned();
        let values = R::ORDER.iter().map(value).collect();
        Self { kind: Self::kind(R::TABLE, newest_first), values }
    }

    /// The values of the columns that rows are ordered by, as [`Table::order`] lists them; the first is a time.
    #[must_use]
    pub fn values(&self) -> &[Value<'static>] {
        &self.values
    }

    /// The time it stands at.
    #[must_use]
    pub fn ts(&self) -> Option<Timestamp> {
        match self.values.first() {
            Some(Value::Time(ts)) => Some(*ts),
            _ => None,
        }
    }

    fn kind(table: Table, newest_first: bool) -> String {
        format!("{table}{}", if newest_first { "-" } else { "+" })
    }

    fn fits(&self, table: Table, newest_first: bool) -> bool {
        self.kind == Self::kind(table, newest_first)
    }

    fn parse(text: &str, table: Table, newest_first: bool) -> Result<Self, InvalidInput> {
        let kind = Self::kind(table, newest_first);
        let parts = decode(&kind, text)?;
        if parts.len() != table.order().count() {
            return Err(bad_cursor());
        }
        let value = |(column, part): (&Column, &String)| {
            Value::parse(column.kind, part).map_err(|_| bad_cursor())
        };
        let values: Result<_, InvalidInput> = table.order().zip(&parts).map(value).collect();
        Ok(Self { kind, values: values? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&dyn fmt::Display> = self.values.iter().map(|value| value as _).collect();
        encode(&self.kind, &parts, f)
    }
}
