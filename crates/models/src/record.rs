//! What a record is to everything that moves one: named, typed columns, one row of values, an identity.
//!
//! Each record type is declared once, by `record!`; files, stores and documents go by its columns.

pub(crate) mod cell;
#[cfg(feature = "serde")]
pub(crate) mod json;
mod macros;
pub(crate) mod order;
mod value;

pub(crate) use cell::Cell;
pub(crate) use macros::{record, text_enum};
pub use value::Value;

use std::fmt;

use crate::{InvalidInput, Records, Table, Timestamp};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8, ordered by its bytes; also names of variants, labels and JSON.
    Text,
    /// A whole number of 64 bits, signed.
    Int,
    /// A finite number in double precision.
    Float,
    /// True or false.
    Bool,
    /// A [`Decimal`](crate::Decimal).
    Decimal,
    /// A [`Timestamp`].
    Time,
    /// A UUID, ordered by its bytes; in files and documents its text in lower case with hyphens.
    Uuid,
}

impl Kind {
    /// Its name in documents: `text`, `integer`, `float`, `boolean`, `decimal`, `time`, `uuid`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "integer",
            Self::Float => "float",
            Self::Bool => "boolean",
            Self::Decimal => "decimal",
            Self::Time => "time",
            Self::Uuid => "uuid",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One column of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in every store and file: `executed_price`.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether every row has a value; else it may be [`Value::Null`].
    pub required: bool,
    /// Whether a row without it takes a default.
    pub default: bool,
    /// Whether its text is a JSON object, as of labels: files that can nest write it as one.
    pub json: bool,
    /// The unit of a number, where it has one: `lamports`.
    pub unit: Option<&'static str>,
    /// What it holds.
    pub doc: &'static str,
}

/// What names a record when its source does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// Nothing: the source has to.
    Given,
    /// The column is a UUID, made of other columns: of the first of these lists of which the row has all.
    /// Where it has none, it is made of the whole row, where `or_row` says so.
    Uuid {
        /// The column that is missing.
        column: &'static str,
        /// What it is made of.
        of: &'static [&'static [&'static str]],
        /// Whether a row that has none of these is named by all its columns.
        or_row: bool,
    },
    /// `stream` and `seq` are made of the whole row.
    Position,
}

/// What a record is that has the identity of another one, and other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contradiction {
    /// The same record again.
    Duplicate,
    /// A conflict, whatever differs.
    Conflict,
    /// A conflict where one of these columns has another value, else the same record again. A value that only one of
    /// the two has is no difference.
    ConflictIn(&'static [&'static str]),
}

impl Contradiction {
    /// Whether any other content is a conflict.
    #[must_use]
    pub const fn is_possible(self) -> bool {
        !matches!(self, Self::Duplicate)
    }
}

/// A record of a series: an event at a time, which never changes once it is stored.
///
/// A thing that changes has *states*, each a row of its own, and reads answer with the latest unless asked for
/// history: the one of the highest version, and of that version the one of the latest time.
pub trait Record: Clone + PartialEq + std::fmt::Debug + Send + Sync + Sized + 'static {
    /// The table it is kept in.
    const TABLE: Table;
    /// Its columns; one of them is `ts`.
    const COLUMNS: &'static [Column];
    /// The columns that together tell it from every other record of its table; all required.
    const IDENTITY: &'static [&'static str];
    /// The columns that rows are ordered by, by their index in [`COLUMNS`](Self::COLUMNS): time, then
    /// identity, as a rule.
    const ORDER: &'static [usize];
    /// Of these, the ones that all states of one thing share; empty where a record has no states.
    /// The columns `version` and `ts` tell them apart.
    const SUBJECT: &'static [&'static str] = &[];
    /// The column that only states of one subject may share, besides the identity.
    const UNIQUE: Option<&'static str> = None;
    /// What a record is that has the identity of a stored one, and other content. The first one stored stays.
    const CONTRADICTION: Contradiction = Contradiction::Duplicate;
    /// What names it when its source does not.
    const NAMING: Naming = Naming::Given;
    /// Whether lists begin with the newest unless asked otherwise.
    const NEWEST_FIRST: bool = false;

    /// Its time, as its caller gave it.
    fn ts(&self) -> Timestamp;

    /// The value in a column, by its index in [`COLUMNS`](Self::COLUMNS); null past the last.
    fn value(&self, column: usize) -> Value<'_>;

    /// The record of a row, whose values are in the order of [`COLUMNS`](Self::COLUMNS). A missing
    /// value that has a default takes it.
    ///
    /// # Errors
    /// When a value is missing, of another type, or out of the range of its field.
    fn from_row(row: Vec<Value<'_>>) -> Result<Self, InvalidInput>;

    /// Checks what the types of the fields leave open.
    ///
    /// # Errors
    /// For the first field that breaks a rule.
    fn validate(&self) -> Result<(), InvalidInput>;

    /// These records, as what goes into a store.
    fn into_records(rows: Vec<Self>) -> Records;

    /// Records that are of this kind.
    ///
    /// # Errors
    /// The same records, where they are of another kind.
    fn from_records(records: Records) -> Result<Vec<Self>, Records>;

    /// Whether it is one thing whatever its time: its identity does not hold it. Stores then look for it among those
    /// of about its time, the *duplicate window*.
    #[must_use]
    fn is_timeless() -> bool {
        !Self::IDENTITY.contains(&"ts")
    }

    /// The column by whose value a store looks for it among those of about its time, and not by its time alone: the
    /// identity of what is one thing whatever its time, else what only states of one thing may share.
    #[must_use]
    fn sought() -> Option<&'static str> {
        if Self::is_timeless() { Self::IDENTITY.first().copied() } else { Self::UNIQUE }
    }

    /// The columns by which `other`, which has the same identity, is a conflict; none where it is the same record.
    #[must_use]
    fn conflicts_in(&self, other: &Self) -> Vec<&'static str> {
        let differs = |name: &&'static str| self.named(name) != other.named(name);
        let has_both = |name: &&str| !self.named(name).is_null() && !other.named(name).is_null();
        match Self::CONTRADICTION {
            Contradiction::Duplicate => Vec::new(),
            Contradiction::Conflict => {
                Self::COLUMNS.iter().map(|column| column.name).filter(differs).collect()
            }
            Contradiction::ConflictIn(columns) => {
                columns.iter().copied().filter(differs).filter(has_both).collect()
            }
        }
    }

    /// Whether `other`, which has the same identity, is the same record, and not a conflict.
    #[must_use]
    fn is_again(&self, other: &Self) -> bool {
        match Self::CONTRADICTION {
            Contradiction::Duplicate => true,
            Contradiction::Conflict => self == other,
            Contradiction::ConflictIn(_) => self.conflicts_in(other).is_empty(),
        }
    }

    /// The index of a column; nothing where there is none of that name.
    #[must_use]
    fn index_of(name: &str) -> Option<usize> {
        Self::COLUMNS.iter().position(|column| column.name == name)
    }

    /// The value in the column called `name`; null where there is none.
    fn named(&self, name: &str) -> Value<'_> {
        Self::index_of(name).map_or(Value::Null, |column| self.value(column))
    }
}
