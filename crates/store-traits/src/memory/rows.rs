//! One table: records of one type, in order, and what is looked up in them.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use tradekeep_models::record::{Record, Value};
use tradekeep_models::{Cursor, Day, ListQuery, Page, RecordFilter, TimeRange, Timestamp};

/// The values of some columns of a row.
pub(super) type Key = Vec<Value<'static>>;

#[derive(Debug)]
pub(super) struct Rows<R> {
    keys: KeyColumns,
    /// By the columns that rows are ordered by.
    in_order: BTreeMap<Key, Arc<R>>,
    /// By identity. There may be several of one: those that are further apart than a store looks.
    identities: HashMap<Key, Vec<Arc<R>>>,
    /// By the value in the column that no two subjects share.
    owners: HashMap<Value<'static>, Vec<Arc<R>>>,
    /// The version and time of the latest state of each subject.
    latest: HashMap<Key, State>,
}

/// What of a state makes it the latest: its version, then its time.
type State = (Value<'static>, Timestamp);

/// The columns that have a part in keys, by their indexes.
#[derive(Debug)]
struct KeyColumns {
    identity: Vec<usize>,
    subject: Vec<usize>,
    version: Option<usize>,
    unique: Option<usize>,
}

impl<R: Record> Default for Rows<R> {
    fn default() -> Self {
        let indexes = |names: &[&str]| names.iter().filter_map(|name| R::index_of(name)).collect();
        Self {
            keys: KeyColumns {
                identity: indexes(R::IDENTITY),
                subject: indexes(R::SUBJECT),
                version: R::index_of("version").filter(|_| !R::SUBJECT.is_empty()),
                unique: R::UNIQUE.and_then(R::index_of),
            },
            in_order: BTreeMap::new(),
            identities: HashMap::new(),
            owners: HashMap::new(),
            latest: HashMap::new(),
        }
    }
}

fn key<R: Record>(row: &R, columns: &[usize]) -> Key {
    columns.iter().map(|column| row.value(*column).into_owned()).collect()
}

impl<R: Record> Rows<R> {
    pub(super) fn len(&self) -> usize {
        self.in_order.len()
    }

    /// All, in order.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &R> {
        self.in_order.values().map(Arc::as_ref)
    }

    /// What is stored with the identity of any of these rows, or with its value in the column that no two subjects
    /// share.
    pub(super) fn met(&self, rows: &[R]) -> Vec<Arc<R>> {
        let same = |row: &R| self.identities.get(&key(row, &self.keys.identity));
        let owners = |row: &R| self.unique(row).and_then(|value| self.owners.get(&value));
        let met = |row| same(row).into_iter().chain(owners(row)).flatten();
        rows.iter().flat_map(met).cloned().collect()
    }

    /// What a row has in the column that no two subjects share, where the table has such.
    fn unique(&self, row: &R) -> Option<Value<'static>> {
        self.keys.unique.map(|column| row.value(column).into_owned())
    }

    /// Keeps a row that is new.
    pub(super) fn insert(&mut self, row: &R) {
        let stored = Arc::new(row.clone());
        let identity = key(row, &self.keys.identity);
        self.identities.entry(identity).or_default().push(Arc::clone(&stored));
        if let Some(value) = self.unique(row) {
            self.owners.entry(value).or_default().push(Arc::clone(&stored));
        }
        self.raise(row);
        self.in_order.insert(key(row, R::ORDER), stored);
    }

    /// The thing that a row is a state of, and what of it is compared; nothing of a row without states.
    fn state(&self, row: &R) -> Option<(Key, State)> {
        let version = row.value(self.keys.version?).into_owned();
        Some((key(row, &self.keys.subject), (version, row.ts())))
    }

    /// Takes note of a state that is the latest so far.
    fn raise(&mut self, row: &R) {
        let Some((subject, state)) = self.state(row) else {
            return;
        };
        let latest = self.latest.entry(subject).or_insert_with(|| state.clone());
        if *latest < state {
            *latest = state;
        }
    }

    /// Whether a row is the latest state there is; so is one without states.
    fn is_latest(&self, row: &R) -> bool {
        self.state(row).is_none_or(|(subject, state)| self.latest.get(&subject) == Some(&state))
    }

    /// Drops the rows of these days, and answers how many there were.
    pub(super) fn drop_days(&mut self, days: &[Day]) -> u64 {
        let before = self.len();
        let keep = |ts: Timestamp| !days.contains(&ts.day());
        self.in_order.retain(|_, row| keep(row.ts()));
        self.identities.retain(|_, rows| {
            rows.retain(|row| keep(row.ts()));
            !rows.is_empty()
        });
        self.owners.retain(|_, rows| {
            rows.retain(|row| keep(row.ts()));
            !rows.is_empty()
        });
        self.latest.clear();
        // What is the latest now may have been an earlier one before.
        let left = std::mem::take(&mut self.in_order);
        for row in left.values() {
            self.raise(row);
        }
        self.in_order = left;
        (before - self.len()) as u64
    }

    /// The rows of a range of time, in order; with `newest_first` those before the one at `after`,
    /// else those behind it.
    pub(super) fn range(
        &self,
        range: TimeRange,
        after: Option<Key>,
        newest_first: bool,
    ) -> impl DoubleEndedIterator<Item = (&Key, &R)> {
        // A time alone stands before every row of that time, and no value at all before everything.
        let at = |ts: Timestamp| vec![Value::Time(ts)];
        let mut first = range.from().map(at).unwrap_or_default();
        let mut end = range.to().map(at);
        match after {
            Some(after) if newest_first => end = end.into_iter().chain([after]).min(),
            Some(mut after) => {
                // With one more value it stands right behind itself.
                after.push(Value::Null);
                first = first.max(after);
            }
            None => {}
        }
        // A cursor may be from a list of another range; the map does not take such bounds.
        let empty = end.as_ref().is_some_and(|end| *end <= first);
        let end = end.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = (!empty).then(|| self.in_order.range((Bound::Included(first), end)));
        rows.into_iter().flatten().map(|(place, row)| (place, row.as_ref()))
    }

    /// What passes a filter, in order, of each thing the latest state.
    pub(super) fn matching<'a, F: RecordFilter<Record = R>>(
        &'a self,
        filter: &F,
    ) -> impl Iterator<Item = &'a R> + use<'a, R, F> {
        self.passing(&ListQuery::new(filter), self.range(filter.range(), None, false))
    }

    fn passing<'a, I: Iterator<Item = (&'a Key, &'a R)>>(
        &'a self,
        query: &ListQuery,
        rows: I,
    ) -> impl Iterator<Item = &'a R> + use<'a, R, I> {
        let (conditions, history) = (query.conditions.clone(), query.history);
        rows.map(|(_, row)| row)
            .filter(move |row| conditions.iter().all(|condition| condition.matches(*row)))
            .filter(move |row| history || self.is_latest(row))
    }

    /// A page of its rows.
    pub(super) fn page(&self, query: &ListQuery) -> Page<R, Cursor> {
        let after = query.after.as_ref().map(|cursor| cursor.values().to_vec());
        let rows = self.range(query.range, after, query.newest_first);
        let rows: Box<dyn Iterator<Item = (&Key, &R)>> =
            if query.newest_first { Box::new(rows.rev()) } else { Box::new(rows) };
        let passing = self.passing(query, rows);
        query.page(passing.take(query.limit + 1).cloned().collect())
    }
}
