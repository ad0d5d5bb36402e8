//! The oracle: compares what a store answers with what was sent, whole rows, and knows nothing of how
//! either came about.
//!
//! Rows are lines of NDJSON. Two lines are one row when their columns have the same text, in any order;
//! a column that is `null` is a column left out. So a store whose rows come over some other path (a
//! client of its own, a dump) only has to spell values as the files do: see `docs/records.md`.

pub mod command;
mod report;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::value::RawValue;
use thiserror::Error;

pub use self::report::{Found, Report};

/// What was promised of a row that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// There was a receipt: the row has to be there.
    Kept,
    /// It was sent, but nobody heard of it (the writer was killed): it may be there, whole, or not.
    Open,
}

/// What makes an answer impossible. Names lines by their number, from 1, and no row's values.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OracleError {
    /// A line is not a JSON object, or lacks a column of the identity.
    #[error("line {line} of what was {of} is not a row: {reason}")]
    NotARow {
        /// `sent` or `stored`.
        of: &'static str,
        /// Which line.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Two different rows were sent with one identity: which of them is right, only a store's contract
    /// says. A row that is to be refused does not belong to what was sent.
    #[error("line {line} of what was sent contradicts line {before}, with the same identity")]
    Contradiction {
        /// The later line.
        line: u64,
        /// The earlier line.
        before: u64,
    },
}

/// Compares what was `sent` with what is `stored`, by the columns that tell rows apart.
///
/// A row that was sent twice is to be there once.
///
/// ```
/// use tradekeep_tests::oracle::{Promise, compare};
///
/// let sent = [r#"{"id":1,"price":"2.5"}"#, r#"{"id":2,"price":"3"}"#];
/// let stored = [r#"{"price":"2.5","id":1}"#, r#"{"id":1,"price":"2.5"}"#];
/// let report = compare(&["id"], sent.map(|row| (row, Promise::Kept)), stored)?;
/// assert_eq!((report.lost.count, report.doubled.count), (1, 1));
/// assert!(!report.is_clean());
/// # Ok::<(), tradekeep_tests::oracle::OracleError>(())
/// ```
///
/// # Errors
/// See [`OracleError`].
pub fn compare<S: AsRef<str>, T: AsRef<str>>(
    identity: &[&str],
    sent: impl IntoIterator<Item = (S, Promise)>,
    stored: impl IntoIterator<Item = T>,
) -> Result<Report, OracleError> {
    let mut oracle = Oracle::new(identity);
    for (line, promise) in sent {
        oracle.sent(line.as_ref(), promise)?;
    }
    for line in stored {
        oracle.stored(line.as_ref())?;
    }
    Ok(oracle.report())
}

/// [`compare`], line by line: first all that was sent, then all that is stored.
#[derive(Debug)]
pub struct Oracle {
    identity: Vec<String>,
    rows: Vec<Sent>,
    /// Where in `rows`.
    places: HashMap<String, usize>,
    /// Rows stored that were not sent: how often.
    strangers: HashMap<String, u64>,
    lines: u64,
    report: Report,
}

#[derive(Debug)]
struct Sent {
    row: String,
    line: u64,
    promise: Promise,
    stored: u64,
}

impl Oracle {
    /// Nothing sent, nothing stored. `identity`: the columns that tell rows apart.
    #[must_use]
    pub fn new(identity: &[&str]) -> Self {
        Self {
            identity: identity.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
            places: HashMap::new(),
            strangers: HashMap::new(),
            lines: 0,
            report: Report::default(),
        }
    }

    /// A row that was sent. Sent again, the stronger promise holds.
    ///
    /// # Errors
    /// See [`OracleError`].
    pub fn sent(&mut self, line: &str, promise: Promise) -> Result<(), OracleError> {
        self.lines += 1;
        let (identity, row) = self.read(line).map_err(|reason| self.not_a_row("sent", reason))?;
        match self.places.entry(identity) {
            Entry::Vacant(place) => {
                place.insert(self.rows.len());
                self.rows.push(Sent { row, line: self.lines, promise, stored: 0 });
            }
            Entry::Occupied(place) => {
                let before = &mut self.rows[*place.get()];
                if before.row != row {
                    let line = self.lines;
                    return Err(OracleError::Contradiction { line, before: before.line });
                }
                if promise == Promise::Kept {
                    before.promise = promise;
                }
            }
        }
        self.report.sent = self.rows.len() as u64;
        Ok(())
    }

    /// A row that is stored.
    ///
    /// # Errors
    /// See [`OracleError`].
    pub fn stored(&mut self, line: &str) -> Result<(), OracleError> {
        self.report.stored += 1;
        let (identity, row) = self.read(line).map_err(|reason| self.not_a_row("stored", reason))?;
        let report = &mut self.report;
        let before = if let Some(&place) = self.places.get(&identity) {
            let sent = &mut self.rows[place];
            sent.stored += 1;
            if sent.row != row {
                report.changed.add(|| format!("sent {}, stored {row}", sent.row));
            }
            sent.stored - 1
        } else {
            let times = self.strangers.entry(identity).or_default();
            *times += 1;
            if *times == 1 {
                report.unexpected.add(|| row.clone());
            }
            *times - 1
        };
        if before > 0 {
            report.doubled.add(|| row.clone());
        }
        Ok(())
    }

    /// What came of it.
    #[must_use]
    pub fn report(self) -> Report {
        let Self { rows, strangers, mut report, .. } = self;
        for Sent { row, promise, .. } in rows.iter().filter(|sent| sent.stored == 0) {
            match promise {
                Promise::Kept => report.lost.add(|| row.clone()),
                Promise::Open => report.open_and_absent += 1,
            }
        }
        let there = rows.iter().filter(|sent| sent.stored > 0).count();
        report.distinct = (there + strangers.len()) as u64;
        report
    }

    fn not_a_row(&self, of: &'static str, reason: String) -> OracleError {
        let line = if of == "sent" { self.lines } else { self.report.stored };
        OracleError::NotARow { of, line, reason }
    }

    /// The identity and the row, in one spelling.
    fn read(&self, line: &str) -> Result<(String, String), String> {
        // Without the message of serde_json, which may quote a value.
        let columns: BTreeMap<String, &RawValue> = serde_json::from_str(line)
            .map_err(|error| format!("{:?} error at byte {}", error.classify(), error.column()))?;
        let columns: BTreeMap<String, String> = columns
            .into_iter()
            .filter(|(_, value)| value.get() != "null")
            .map(|(name, value)| (name, spelled(value.get())))
            .collect();
        let mut identity = String::new();
        for name in &self.identity {
            let value = columns.get(name).ok_or_else(|| format!("it has no {name}"))?;
            identity.push_str(value);
            // Ends a value for sure: JSON has no such byte, strings escape it.
            identity.push('\n');
        }
        let row: Vec<String> =
            columns.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
        Ok((identity, format!("{{{}}}", row.join(","))))
    }
}

/// Strings with the escapes they need and no other; anything else byte for byte, so that `1` and `1.0`
/// stay two things.
fn spelled(value: &str) -> String {
    match serde_json::from_str::<String>(value) {
        Ok(text) => quoted(&text),
        Err(_) => value.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
