//! Lists of records: filters, limits, cursors, in one form for every record and store.

use std::cmp::Ordering;
use std::fmt;

use crate::query::{bad_cursor, check_limit, decode, encode};
use crate::record::{Record, Value};
use crate::{InvalidInput, Labels, MAX_LIMIT, Page, TimeRange};

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
}

impl Condition {
    pub(crate) fn text(column: &'static str, value: impl AsRef<str>) -> Self {
        let value = Value::Text(value.as_ref().to_owned().into());
        Self::AnyOf { columns: vec![column], values: vec![value] }
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

/// A page of records, ordered by time, then identity.
///
/// ```
/// use tradekeep_models::{ListQuery, TradeFilter, TraderId};
///
/// let mut query = ListQuery::new(TradeFilter {
///     trader_id: Some(TraderId::new("arb-1")?),
///     ..TradeFilter::default()
/// });
/// query.limit = 100;
/// assert!(query.newest_first && query.validate().is_ok());
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery<F: RecordFilter> {
    /// Which records.
    pub filter: F,
    /// Rows at most, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Only rows behind this one, from the page before; the filter holds as well.
    pub after: Option<Cursor>,
    /// Whether to begin with the newest.
    pub newest_first: bool,
    /// Whether to list every version, and not only the highest of each thing.
    pub history: bool,
}

impl<F: RecordFilter> ListQuery<F> {
    /// The first page of what passes `filter`, in the order usual for these records.
    #[must_use]
    pub fn new(filter: F) -> Self {
        let newest_first = F::Record::NEWEST_FIRST;
        Self { filter, limit: MAX_LIMIT, after: None, newest_first, history: false }
    }

    /// Checks limit and cursor.
    ///
    /// # Errors
    /// When the limit is out of range, or the cursor is another query's.
    pub fn validate(&self) -> Result<(), InvalidInput> {
        check_limit(self.limit)?;
        match &self.after {
            Some(cursor) if !cursor.fits::<F::Record>(self.newest_first) => Err(bad_cursor()),
            _ => Ok(()),
        }
    }

    /// Reads the text of a cursor of this query.
    ///
    /// # Errors
    /// When it is none.
    pub fn cursor(&self, text: &str) -> Result<Cursor, InvalidInput> {
        Cursor::parse::<F::Record>(text, self.newest_first)
    }

    /// How `a` and `b` stand to each other in the order of this query.
    #[must_use]
    pub fn compare(&self, a: &F::Record, b: &F::Record) -> Ordering {
        // Time is what every order begins with, and nearly always what decides.
        let order = a.ts().cmp(&b.ts()).then_with(|| {
            let columns = F::Record::order();
            columns.iter().map(|name| a.named(name)).cmp(columns.iter().map(|n| b.named(n)))
        });
        if self.newest_first { order.reverse() } else { order }
    }

    /// Whether `record` comes behind the cursor.
    #[must_use]
    pub fn is_behind_cursor(&self, record: &F::Record) -> bool {
        let Some(cursor) = &self.after else {
            return true;
        };
        let columns = F::Record::order();
        let order =
            columns.iter().map(|name| record.named(name)).cmp(cursor.values.iter().cloned());
        order == if self.newest_first { Ordering::Less } else { Ordering::Greater }
    }

    /// The page made of `rows`: up to `limit + 1` matching rows behind the cursor, in order.
    #[must_use]
    pub fn page(&self, mut rows: Vec<F::Record>) -> Page<F::Record, Cursor> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| more).map(|last| Cursor::at(last, self.newest_first));
        Page { items: rows, next }
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
        let values = R::order().iter().map(|name| record.named(name).into_owned()).collect();
        Self { kind: Self::kind::<R>(newest_first), values }
    }

    /// The values of the columns that rows are ordered by, as [`Record::order`] lists them.
    #[must_use]
    pub fn values(&self) -> &[Value<'static>] {
        &self.values
    }

    fn kind<R: Record>(newest_first: bool) -> String {
        format!("{}{}", R::TABLE.as_str(), if newest_first { "-" } else { "+" })
    }

    fn fits<R: Record>(&self, newest_first: bool) -> bool {
        self.kind == Self::kind::<R>(newest_first)
    }

    fn parse<R: Record>(text: &str, newest_first: bool) -> Result<Self, InvalidInput> {
        let kind = Self::kind::<R>(newest_first);
        let parts = decode(&kind, text)?;
        let columns = R::order();
        if parts.len() != columns.len() {
            return Err(bad_cursor());
        }
        let value = |(name, part): (&&str, &String)| {
            let place = R::place(name).ok_or_else(bad_cursor)?;
            Value::parse(R::COLUMNS[place].kind, part).map_err(|_| bad_cursor())
        };
        let values: Result<_, InvalidInput> = columns.iter().zip(&parts).map(value).collect();
        Ok(Self { kind, values: values? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&dyn fmt::Display> = self.values.iter().map(|value| value as _).collect();
        encode(&self.kind, &parts, f)
    }
}

/// A page of our own trades.
pub type TradeQuery = ListQuery<crate::TradeFilter>;
/// A page of our own orders.
pub type OrderQuery = ListQuery<crate::OrderFilter>;
/// A page of executions.
pub type FillQuery = ListQuery<crate::FillFilter>;
/// A page of positions.
pub type PositionQuery = ListQuery<crate::PositionFilter>;
/// A page of metrics.
pub type MetricQuery = ListQuery<crate::MetricFilter>;
/// A page of latencies.
pub type LatencyQuery = ListQuery<crate::LatencyFilter>;
/// A page of MEV events.
pub type MevQuery = ListQuery<crate::MevFilter>;
/// A page of system events.
pub type SystemEventQuery = ListQuery<crate::SystemEventFilter>;
/// A page of reports of nodes.
pub type NodeHealthQuery = ListQuery<crate::NodeHealthFilter>;
