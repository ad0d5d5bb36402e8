//! What stores that speak SQL have alike: values that are bound, conditions on rows, values out of rows, and the
//! answers made of them. No I/O.
//!
//! The texts of statements, versions and pages are each store's own, for they really differ. What a statement
//! has to answer so that [`answers`] understands it stands there: the order of its columns.

pub mod answers;
mod conditions;
mod row;

pub use conditions::{Conditions, Dialect};
pub use row::{Row, only_row, record};

use std::fmt::Write as _;

use tradekeep_models::{Buckets, Interval, TimeUnit};

/// A statement's text, and the value of each `$n` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sql {
    /// The text.
    pub text: String,
    /// The value of `$1`, of `$2`, and so on.
    pub values: Vec<Bind>,
}

impl Sql {
    /// A statement that binds nothing.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }
}

/// A value that is bound. Every value there is goes as one of these: a decimal and a UUID as their text, a time
/// as its nanoseconds, and the [`Dialect`] says what the text of the statement makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
}

/// The number of the bucket that holds a time, as [`Interval::index`] counts: in SQL that divides whole numbers
/// by `divide`, and has the time in `nanos` as its nanoseconds, and the months since 1970 in `months`.
#[must_use]
pub fn bucket(interval: Interval, divide: &str, nanos: &str, months: &str) -> String {
    match interval.buckets() {
        Buckets::Nanos { width, offset: 0 } => format!("{nanos} {divide} {width}"),
        Buckets::Nanos { width, offset } => format!("({nanos} + {offset}) {divide} {width}"),
        Buckets::Months { width } => format!("({months}) {divide} {width}"),
    }
}

/// The place in [`TimeUnit::ALL`] of the coarsest unit in which a time is whole, which has so many `nanos`.
#[must_use]
pub fn unit(nanos: &str) -> String {
    let mut text = "CASE".to_owned();
    for (place, unit) in TimeUnit::ALL.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, " WHEN {nanos} % {} = 0 THEN {place}", unit.nanos());
    }
    text + " END"
}

/// For each bound of a histogram the latency that is the most below it. All there are fit in 63 bits.
#[must_use]
pub fn most_below(bounds_ns: &[u64]) -> Vec<i64> {
    let below = |bound: &u64| i64::try_from(*bound).map_or(i64::MAX, |bound| bound - 1);
    bounds_ns.iter().map(below).collect()
}
