//! One table: records of one type, in order, and what is looked up in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use tradekeep_models::record::{Record, Value};
use tradekeep_models::{Cursor, Day, ListQuery, Page, RecordFilter, TimeRange, Timestamp};

/// The values of some columns of a row.
pub(super) type Key = Vec<Value<'static>>;

/// First and last event time of a batch: what is stored between them is compared with it.
pub(super) type Window = (Timestamp, Timestamp);

#[derive(Debug)]
pub(super) struct Rows<R> {
    keys: KeyColumns,
    /// By the columns that rows are ordered by.
    in_order: BTreeMap<Key, Arc<R>>,
    /// By identity. There may be several of one: those that no batch met within its times.
    identities: HashMap<Key, Vec<Arc<R>>>,
    /// The highest version of each subject.
    highest: HashMap<Key, Value<'static>>,
    /// The values of the column that no two subjects share: when, and whose.
    taken: BTreeSet<(Value<'static>, Timestamp, Key)>,
}

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
            highest: HashMap::new(),
            taken: BTreeSet::new(),
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

    pub(super) fn identity(&self, row: &R) -> Key {
        key(row, &self.keys.identity)
    }

    /// The thing that a row is a version of.
    pub(super) fn subject(&self, row: &R) -> Key {
        key(row, &self.keys.subject)
    }

    /// What a row has in the column that no two subjects share, where the table has such.
    pub(super) fn unique(&self, row: &R) -> Option<Value<'static>> {
        self.keys.unique.map(|column| row.value(column).into_owned())
    }

    /// What is stored in the window with this identity.
    pub(super) fn of_identity(
        &self,
        identity: &Key,
        (first, last): Window,
    ) -> impl Iterator<Item = &R> {
        let rows = self.identities.get(identity).into_iter().flatten().map(Arc::as_ref);
        rows.filter(move |row| (first..=last).contains(&row.ts()))
    }

    /// Whether a row in the window has this value in the column that no two subjects share, and is
    /// of another subject.
    pub(super) fn is_taken(
        &self,
        value: &Value<'static>,
        subject: &Key,
        (first, last): Window,
    ) -> bool {
        self.taken
            .range((value.clone(), first, Key::new())..)
            .take_while(|(other, ts, _)| other == value && *ts <= last)
            .any(|(_, _, owner)| owner != subject)
    }

    /// Keeps a row that is new, with its identity.
    pub(super) fn insert(&mut self, identity: Key, row: &R) {
        let place = key(row, R::ORDER);
        let stored = Arc::new(row.clone());
        self.identities.entry(identity).or_default().push(Arc::clone(&stored));
        if let Some(value) = self.unique(row) {
            self.taken.insert((value, row.ts(), self.subject(row)));
        }
        self.raise(row);
        self.in_order.insert(place, stored);
    }

    /// Takes note of a version that is the highest so far.
    fn raise(&mut self, row: &R) {
        let Some(column) = self.keys.version else {
            return;
        };
        let version = row.value(column).into_owned();
        let highest = self.highest.entry(self.subject(row)).or_insert_with(|| version.clone());
        if *highest < version {
            *highest = version;
        }
    }

    /// Whether a row has the highest version there is; so has one without versions.
    fn is_highest(&self, row: &R) -> bool {
        self.keys.version.is_none_or(|column| {
            self.highest
                .get(&self.subject(row))
                .is_some_and(|highest| *highest == row.value(column))
        })
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
        self.taken.retain(|(_, ts, _)| keep(*ts));
        self.highest.clear();
        // What is the highest version now may have been a lower one before.
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

    /// What passes a filter, in order, of each thing the highest version.
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
            .filter(move |row| history || self.is_highest(row))
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
