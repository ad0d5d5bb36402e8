//! Pages of things that have states: the first rows of the list, and then all states of what they are of.

use std::collections::{HashMap, HashSet};

use tradekeep_models::record::{Record, Value};
use tradekeep_models::{ListQuery, Table, Timestamp};
use tradekeep_store_traits::Inner;

use super::{Behind, Way};
use crate::QuestDbStore;
use crate::sql::{Conditions, sink};

/// Things that are looked up for a page at most: more are found sooner by reading all.
const MOST_LOOKED_UP: usize = 1_000;
/// Rows that are read for each thing of a page, since some are of one thing, or not its latest state.
const ROWS: usize = 4;

impl QuestDbStore {
    /// Whether a page is read by looking up the states of its things.
    pub(super) fn is_looked_up(&self, query: &ListQuery) -> bool {
        query.latest_only() && id(query.table).is_some() && query.limit <= MOST_LOOKED_UP
    }

    /// Enough of what a query asks for to make a page, in no order: each thing once, in the state that is its latest
    /// when its states are read, which is after the rows were.
    pub(super) async fn latest<R: Record>(&self, query: &ListQuery) -> Inner<Vec<R>> {
        let rows = Conditions::listed(&self.dialect, query);
        let mut way = Way { limit: ROWS * query.limit, ..Way::of(query) };
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut is_first = true;
        loop {
            // Once: what is behind the cursor is a matter of the first rows alone.
            let behind = self.behind(rows.clone(), way, |row: &R| {
                if is_first { query.is_behind_cursor(row) } else { Some(row.ts()) != way.after }
            });
            let Behind { rows: next, is_all } = behind.await?;
            let times = || next.iter().map(R::ts);
            let last = if query.newest_first { times().min() } else { times().max() };
            for state in self.states_of(next).await? {
                // One whose latest state is further on comes up there.
                let is_here =
                    is_all || last.is_some_and(|last| !is_beyond(state.ts(), last, query));
                if is_here
                    && query.is_behind_cursor(&state)
                    && matches(query, &state)
                    && seen.insert(thing(&state))
                {
                    found.push(state);
                }
            }
            if is_all || found.len() > query.limit {
                return Ok(found);
            }
            (way.after, is_first) = (last, false);
        }
    }

    /// The latest states of the things that `rows` are of.
    async fn states_of<R: Record>(&self, rows: Vec<R>) -> Inner<Vec<R>> {
        let Some(id) = id(R::TABLE) else { return Ok(rows) };
        let ids: HashSet<Value<'_>> = rows.iter().map(|row| row.named(id)).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let everywhere = (0, Timestamp::MAX.as_nanos());
        let mut latest: HashMap<Value<'static>, R> = HashMap::new();
        for ids in ids.chunks(sink::MOST_VALUES) {
            let sql = sink::with_values::<R>(&self.table(R::TABLE), everywhere, id, ids);
            for state in self.records::<R>(sql).await? {
                let known = latest.entry(thing(&state)).or_insert_with(|| state.clone());
                if height(known) < height(&state) {
                    *known = state;
                }
            }
        }
        Ok(latest.into_values().collect())
    }
}

/// The one column that says what thing a row is a state of; nothing where there are several, or no states.
fn id(table: Table) -> Option<&'static str> {
    match table.subject() {
        [id] => Some(id),
        _ => None,
    }
}

fn thing<R: Record>(row: &R) -> Value<'static> {
    id(R::TABLE).map_or(Value::Null, |id| row.named(id).into_owned())
}

/// What of a state makes it the latest.
fn height<R: Record>(row: &R) -> (Value<'_>, Timestamp) {
    (row.named("version"), row.ts())
}

/// Whether a time is further on in a list than another.
fn is_beyond(ts: Timestamp, last: Timestamp, query: &ListQuery) -> bool {
    if query.newest_first { ts < last } else { ts > last }
}

fn matches<R: Record>(query: &ListQuery, row: &R) -> bool {
    query.range.contains(row.ts())
        && query.conditions.iter().all(|condition| condition.matches(row))
}
