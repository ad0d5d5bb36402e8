//! The suite that every store passes: a case for each promise of the traits.
//!
//! A case takes a fresh, empty store and panics where a promise is broken. [`run`] makes a test
//! program of all cases; [`cases`] lists them for a harness of your own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a conformance case is a test"
)]

mod candles;
mod partitions;
mod sink;
mod ticks;

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use tradekeep_models::{Interval, Symbol, Tick, TickBuilder, TickFilter, Timestamp, Venue};

use crate::{Result, SeriesStore};

type Store = Arc<dyn SeriesStore>;
type CaseFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One promise, tried.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its name: `ticks::late_tick_corrects_its_candle`.
    pub name: &'static str,
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
}

/// Lists functions of a module as cases.
macro_rules! list_cases {
    ($module:ident: $($name:ident),+ $(,)?) => {
        /// The cases of this file.
        pub(super) fn cases() -> Vec<super::Case> {
            vec![$(super::Case {
                name: concat!(stringify!($module), "::", stringify!($name)),
                test: |store| Box::pin($name(store)),
            }),+]
        }
    };
}
use list_cases;

/// All cases.
#[must_use]
pub fn cases() -> Vec<Case> {
    [sink::cases(), ticks::cases(), candles::cases(), partitions::cases()].concat()
}

/// The `main` of a test program that runs all cases, each on a store that `open` makes for it.
pub fn run<F, Opened>(open: F) -> ExitCode
where
    F: Fn() -> Opened + Clone + Send + 'static,
    Opened: Future<Output = Result<Store>>,
{
    let trial = |case: Case| {
        let open = open.clone();
        Trial::test(case.name, move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async move {
                let store = open().await.map_err(Failed::from)?;
                case.run(store).await;
                Ok(())
            })
        })
    };
    let trials = cases().into_iter().map(trial).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
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

fn venue(name: &str) -> Venue {
    Venue::new(name).unwrap()
}

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
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

fn everything() -> TickFilter {
    TickFilter::default()
}
