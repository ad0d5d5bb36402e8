//! The error of every store: what went wrong, whether it may have happened, what to do.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use derive_setters::Setters;
use tradekeep_models::{DecimalError, InvalidInput, Records, Timestamp};

/// What went wrong, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The store cannot be reached, opened, or went away.
    Connection,
    /// No answer in time.
    Timeout,
    /// Every connection is in use.
    PoolExhausted,
    /// A read failed.
    Query,
    /// A write failed.
    Write,
    /// A transaction could not be committed.
    Transaction,
    /// Setting up or upgrading the store failed.
    Migration,
    /// The store's tables are not what this version expects.
    Schema,
    /// A record could not be turned into the store's form.
    Serialization,
    /// A stored row could not be turned into a record.
    Deserialization,
    /// The store refused who we are, or what we may do.
    Authentication,
    /// There is no such thing.
    NotFound,
    /// It is there already, with other content, or somebody else holds it.
    Conflict,
    /// The caller's input breaks a rule.
    InvalidInput,
    /// It belongs to a day that retention has dropped.
    Expired,
    /// This store does not do that.
    Unsupported,
}

impl ErrorKind {
    /// Its name in metrics and JSON: `pool_exhausted`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::PoolExhausted => "pool_exhausted",
            Self::Query => "query",
            Self::Write => "write",
            Self::Transaction => "transaction",
            Self::Migration => "migration",
            Self::Schema => "schema",
            Self::Serialization => "serialization",
            Self::Deserialization => "deserialization",
            Self::Authentication => "authentication",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::InvalidInput => "invalid_input",
            Self::Expired => "expired",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Whether a failed write may have been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// Nothing of it was stored.
    NotApplied,
    /// It may have been stored: send the same batch again, identity keeps it single.
    Unknown,
}

/// A row that a store refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadRow {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// Why, without its values.
    pub reason: String,
}

impl BadRow {
    /// The row at a place of the batch, and why.
    #[must_use]
    pub const fn new(index: usize, reason: String) -> Self {
        Self { index, reason }
    }

    /// Checks every record of a batch.
    ///
    /// # Errors
    /// All that break a rule, with field and reason.
    pub fn check(records: &Records) -> std::result::Result<(), Vec<Self>> {
        let broken =
            |(index, error): (usize, InvalidInput)| Self { index, reason: error.to_string() };
        records.validate().map_err(|bad| bad.into_iter().map(broken).collect())
    }

    /// A record whose time is before the retention floor of its table.
    #[must_use]
    pub fn expired(index: usize, floor: Timestamp) -> Self {
        Self { index, reason: format!("ts: is before the retention floor, {floor}") }
    }
}

/// What to do about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Try again, after the time given where one is known.
    Retry {
        /// How long to wait at least.
        after: Option<Duration>,
    },
    /// Set these rows aside and send the rest.
    BadRows(Vec<BadRow>),
    /// Send it in smaller batches.
    Split,
    /// The store stands elsewhere than it should: ask it how far it is, and go on from there.
    Resend,
    /// Stop and call for help: nothing will work until it is repaired.
    Halt,
    /// The store is down or full: probe it until it is back.
    Probe,
    /// Do not try again: the answer will be the same.
    Never,
}

/// What went wrong inside a store: a [`StoreError`] that is still to be told which store and operation it is
/// of. A store says that once, where it answers its caller, by [`at`](Self::at).
///
/// ```
/// use tradekeep_store_traits::{Act, At, ErrorKind, Failure};
///
/// fn read() -> Result<(), Failure> {
///     let context = "the server is starting: try again";
///     Err(Failure::new(ErrorKind::Connection, context).with_act(Act::Retry { after: None }))
/// }
///
/// let error = read().at("abacus", "candles").unwrap_err();
/// assert_eq!(error.to_string(), "abacus candles: the server is starting: try again");
/// ```
#[derive(Setters)]
#[setters(prefix = "with_", generate = false)]
#[non_exhaustive]
pub struct Failure {
    /// As [`StoreError::kind`].
    pub kind: ErrorKind,
    /// As [`StoreError::delivery`].
    #[setters(generate)]
    pub delivery: Delivery,
    /// As [`StoreError::act`].
    #[setters(generate)]
    pub act: Act,
    /// As [`StoreError::context`].
    pub context: String,
    /// As [`StoreError::source`].
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// One that will not go away by itself and left nothing behind.
    pub fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        let (delivery, context) = (Delivery::NotApplied, context.into());
        Self { kind, delivery, act: Act::Never, context, source: None }
    }

    /// The caller's mistake, found before any I/O.
    #[must_use]
    pub fn invalid(error: InvalidInput) -> Self {
        Self::new(ErrorKind::InvalidInput, error.to_string())
    }

    /// A sum that no decimal holds.
    #[must_use]
    pub fn too_large(error: &DecimalError) -> Self {
        Self::new(ErrorKind::Query, format!("a sum {error}: ask for a shorter range"))
    }

    /// Rows that keep a batch from being stored, which are to be set aside.
    #[must_use]
    pub fn bad_rows(kind: ErrorKind, mut rows: Vec<BadRow>) -> Self {
        rows.sort_by_key(|row| row.index);
        let first = rows.first().map_or("", |row| row.reason.as_str());
        let context = match rows.len() {
            1 => format!("a row cannot be stored: {first}; correct it or leave it out"),
            count => {
                format!(
                    "{count} rows cannot be stored, the first: {first}; correct or leave them out"
                )
            }
        };
        Self::new(kind, context).with_act(Act::BadRows(rows))
    }

    /// With the driver's error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The error of `store` in `op`.
    #[must_use]
    pub fn at(self, store: &'static str, op: &'static str) -> StoreError {
        let Self { kind, delivery, act, context, source } = self;
        StoreError { kind, delivery, act, store, op, context, source }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("kind", &self.kind)
            .field("delivery", &self.delivery)
            .field("act", &self.act)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

/// What is done inside a store.
pub type Inner<T> = std::result::Result<T, Failure>;

/// Tells what went wrong inside a store where it was.
pub trait At<T> {
    /// The answer of `store` in `op`.
    ///
    /// # Errors
    /// The same one.
    fn at(self, store: &'static str, op: &'static str) -> Result<T>;
}

impl<T> At<T> for Inner<T> {
    fn at(self, store: &'static str, op: &'static str) -> Result<T> {
        self.map_err(|failure| failure.at(store, op))
    }
}

/// A store's failure.
///
/// Its text is one line that names cause and remedy; neither secrets nor row values are in it. Nor are they
/// in its `Debug`, which leaves out the source: a driver may quote either.
#[derive(Setters)]
#[setters(prefix = "with_", generate = false)]
#[non_exhaustive]
pub struct StoreError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// Whether the write may have happened; `NotApplied` for reads.
    #[setters(generate)]
    pub delivery: Delivery,
    /// What to do.
    #[setters(generate)]
    pub act: Act,
    /// Which store: `duckdb`, `memory`.
    pub store: &'static str,
    /// What it was doing, by the name of the method: `write`, `open`. Of a page it is what is listed: `trades`,
    /// `candles`, `metric_buckets`.
    pub op: &'static str,
    /// Cause and remedy, for people.
    pub context: String,
    /// The driver's own error.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// An error of `store` in `op` that will not go away by itself and left nothing behind.
    pub fn new(
        kind: ErrorKind,
        store: &'static str,
        op: &'static str,
        context: impl Into<String>,
    ) -> Self {
        Failure::new(kind, context).at(store, op)
    }

    /// Whether trying again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.act, Act::Retry { .. } | Act::Probe)
    }

    /// Whether trying the same again is useless.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        !self.is_transient()
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("kind", &self.kind)
            .field("delivery", &self.delivery)
            .field("act", &self.act)
            .field("store", &self.store)
            .field("op", &self.op)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.store, self.op, self.context)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

/// What every store call answers.
pub type Result<T> = std::result::Result<T, StoreError>;
