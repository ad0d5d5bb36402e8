//! The suite that every store passes: a case for each promise of the traits.
//!
//! A case takes a fresh, empty store and panics where a promise is broken. [`run`] makes a test
//! program of all cases; [`cases`] lists them for a harness of your own. What a store leaves out it says by
//! its [`Capabilities`], and the cases that need it are reported as ignored.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a conformance case is a test"
)]

mod analysis;
mod buckets;
mod candles;
mod crowd;
mod events;
mod executions;
mod identity;
mod latencies;
mod lists;
mod maintenance;
mod metrics;
pub(crate) mod operations;
mod partitions;
mod performance;
mod positions;
mod records;
mod samples;
mod sink;
mod stored_candles;
mod suite;
mod ticks;
mod trades;
mod versions;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tradekeep_models::record::Record;
use tradekeep_models::{
    Cursor, Decimal, Interval, ListQuery, Market, Name, Page, StreamId, Symbol, Tick, TickBuilder,
    TickFilter, TimeRange, Timestamp, TraderId, Venue,
};

use crate::{
    Ack, Act, BadRow, Batch, Capabilities, Delivery, ErrorKind, Result, Saved, SeriesStore, Stage,
    StoreError, Table,
};

pub use self::suite::{Fresh, run, trials};

type Store = Arc<dyn SeriesStore>;
type CaseFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The name of a capability, and how to see whether a store has it.
type Need = (&'static str, fn(Capabilities) -> bool);

/// One promise, tried.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its name: `candles::late_tick_corrects_its_candle`.
    pub name: &'static str,
    need: Option<Need>,
    test: fn(Store) -> CaseFuture,
}

impl Case {
    /// Tries it on a fresh, empty store.
    ///
    /// # Panics
    /// When the store breaks the promise.
    pub async fn run(&self, store: Store) {
        (self.test)(store).await;
    }

    /// Why a store need not pass that can do so much with each table; nothing where it must.
    #[must_use]
    pub fn excuse(&self, can: impl Fn(Table) -> Capabilities) -> Option<String> {
        let (name, has) = self.need?;
        let all = Table::ALL.iter().all(|table| has(can(*table)));
        (!all).then(|| format!("this store does not promise `{name}`"))
    }
}

/// Lists functions of a module as cases; those behind a `;` need the capability named there.
macro_rules! list_cases {
    ($module:ident: $($name:ident),+ $(; $need:ident: $($needy:ident),+)* $(,)?) => {
        /// The cases of this file.
        pub(super) fn cases() -> Vec<super::Case> {
            vec![
                $(super::Case {
                    name: concat!(stringify!($module), "::", stringify!($name)),
                    need: None,
                    test: |store| Box::pin($name(store)),
                },)+
                $($(super::Case {
                    name: concat!(stringify!($module), "::", stringify!($needy)),
                    need: Some((stringify!($need), |capabilities| capabilities.$need)),
                    test: |store| Box::pin($needy(store)),
                },)+)*
            ]
        }
    };
}
use list_cases;

/// All cases.
#[must_use]
pub fn cases() -> Vec<Case> {
    [
        sink::cases(),
        ticks::cases(),
        candles::cases(),
        partitions::cases(),
        records::cases(),
        lists::cases(),
        trades::cases(),
        versions::cases(),
        identity::cases(),
        performance::cases(),
        executions::cases(),
        positions::cases(),
        stored_candles::cases(),
        metrics::cases(),
        buckets::cases(),
        latencies::cases(),
        analysis::cases(),
        events::cases(),
        maintenance::cases(),
        operations::cases(),
        crowd::cases(),
    ]
    .concat()
}

// What the cases are written with.

/// 2024-08-08, a Thursday.
const DAY: i64 = 1_723_075_200;

fn at(second: i64, nanos: i64) -> Timestamp {
    Timestamp::from_nanos((DAY + second) * 1_000_000_000 + nanos).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn market(name: &str) -> Market {
    Market::new(name).unwrap()
}

fn venue(name: &str) -> Venue {
    Venue::new(name).unwrap()
}

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn trader(name: &str) -> TraderId {
    TraderId::new(name).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// From second `from` up to, but without, second `to`.
fn between(from: i64, to: i64) -> TimeRange {
    TimeRange::new(at(from, 0), at(to, 0)).unwrap()
}

fn interval(text: &str) -> Interval {
    text.parse().unwrap()
}

/// A tick to be completed: `X` on `v`, 1 at 100.
fn draft(ts: Timestamp) -> TickBuilder {
    Tick::builder(symbol("X"), ts).venue(venue("v")).price(100.into()).quantity(1.into())
}

fn tick(ts: Timestamp, price: &str, quantity: &str) -> Tick {
    draft(ts).price(price.parse().unwrap()).quantity(quantity.parse().unwrap()).build().unwrap()
}

/// `count` ticks, one a second.
fn seconds(count: i64) -> Vec<Tick> {
    (0..count).map(|second| draft(at(second, 0)).build().unwrap()).collect()
}

fn in_order(mut ticks: Vec<Tick>) -> Vec<Tick> {
    ticks.sort_by(|a, b| a.order().cmp(&b.order()));
    ticks
}

/// A page, with its records by their type.
async fn page_of<R: Record>(store: &Store, query: &ListQuery) -> Result<Page<R, Cursor>> {
    Ok(store.page(query).await?.of_type().unwrap())
}

/// What all pages from `query` on hold. Each cursor goes through its text, as users send it.
async fn pages<R: Record>(store: &Store, mut query: ListQuery) -> Vec<R> {
    let mut all = Vec::new();
    loop {
        let page = page_of(store, &query).await.unwrap();
        assert!(page.items.len() <= query.limit);
        all.extend(page.items);
        let Some(next) = page.next else {
            return all;
        };
        let next = query.cursor(&next.to_string()).unwrap();
        assert_ne!(query.after.as_ref(), Some(&next), "pages go on");
        query.after = Some(next);
    }
}

fn everything() -> TickFilter {
    TickFilter::default()
}

fn saved(inserted: u64, duplicates: u64) -> Saved {
    Saved { inserted, duplicates }
}

/// The rows that an error names, which is of that kind and left nothing behind.
fn bad_rows(error: StoreError, kind: ErrorKind) -> Vec<BadRow> {
    assert_eq!((error.kind, error.delivery), (kind, Delivery::NotApplied), "{error}");
    match error.act {
        Act::BadRows(rows) => rows,
        act => unreachable!("{act:?} where rows are to be named"),
    }
}

/// Writes a batch, and waits until it is applied.
async fn applied(store: &Store, batch: &Batch) -> Result<Ack> {
    let ack = store.write(batch).await?;
    assert_eq!(store.settle(&[ack.token]).await?, [Stage::Applied]);
    Ok(ack)
}

/// The places of those rows in the batch.
fn bad_places(error: StoreError, kind: ErrorKind) -> Vec<usize> {
    bad_rows(error, kind).iter().map(|row| row.index).collect()
}

/// Expects nothing applied to `table` from the first epoch of stream `s`, or, where the store keeps no
/// watermarks, that it says so.
async fn assert_no_watermark(store: &Store, table: Table) {
    let stream = StreamId::new("s").unwrap();
    for answer in
        [store.watermark(&stream, 1, table).await, store.durable_watermark(&stream, 1, table).await]
    {
        if store.capabilities(table).watermarks {
            assert_eq!(answer.unwrap(), None, "{table}");
        } else {
            assert_eq!(answer.unwrap_err().kind, ErrorKind::Unsupported, "{table}");
        }
    }
}

/// Equal but for what adding floats in another order changes.
fn assert_close(found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(error <= 1e-12 * expected.abs(), "{found} is not {expected}");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let names: HashSet<_> = cases().iter().map(|case| case.name).collect();
        assert_eq!(names.len(), cases().len());
    }

    #[test]
    fn only_what_needs_it_is_excused() {
        let excused = |capabilities: Capabilities| -> Vec<_> {
            cases().into_iter().filter_map(|case| case.excuse(|_| capabilities)).collect()
        };
        let all = Capabilities::all();
        assert_eq!(excused(all), Vec::<String>::new());
        let without = excused(all.without_watermarks());
        assert!(without.iter().all(|reason| reason == "this store does not promise `watermarks`"));
        assert!(!without.is_empty() && without.len() < cases().len() / 2);
    }
}
