//! Which table holds which record.

use std::fmt;
use std::str::FromStr;

use crate::record::{Column, Record};
use crate::{InvalidInput, for_each_record, with_record_of};

macro_rules! tables {
    ($(
        $(#[$doc:meta])*
        $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;
    )+) => {
        /// A kind of record, and the table that holds it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Table {
            $($(#[$doc])* $table),+
        }

        impl Table {
            /// Every table.
            pub const ALL: &'static [Self] = &[$(Self::$table),+];

            /// Its name in every store: `ticks`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$table => $name),+
                }
            }

            /// The word for one of its records, as a line of JSON says it: `tick`.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$table => $word),+
                }
            }

            /// The number that stands for it in files; it never changes.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self {
                    $(Self::$table => $number),+
                }
            }
        }
    };
}

for_each_record!(tables);

impl Table {
    /// The table that a number stands for; nothing where this program knows of none.
    #[must_use]
    pub fn of_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|table| table.number() == number)
    }

    /// The columns of its records.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        with_record_of!(self, R => R::COLUMNS)
    }

    /// The column called `name`; nothing where there is none.
    #[must_use]
    pub fn column(self, name: &str) -> Option<&'static Column> {
        self.columns().iter().find(|column| column.name == name)
    }

    /// The columns that tell its records apart.
    #[must_use]
    pub const fn identity(self) -> &'static [&'static str] {
        with_record_of!(self, R => R::IDENTITY)
    }

    /// Of these, the ones that all states of one thing share; empty where its records have no states.
    #[must_use]
    pub const fn subject(self) -> &'static [&'static str] {
        with_record_of!(self, R => R::SUBJECT)
    }

    /// Whether a thing has all its states at one time, so that their versions alone tell them apart.
    #[must_use]
    pub fn is_timed(self) -> bool {
        self.subject().contains(&"ts")
    }

    /// The columns that its records are ordered by: time, then identity, as a rule.
    pub fn order(self) -> impl Iterator<Item = &'static Column> + Clone {
        let order: &'static [usize] = with_record_of!(self, R => R::ORDER);
        order.iter().filter_map(move |index| self.columns().get(*index))
    }

    /// Whether lists of its records begin with the newest unless asked otherwise.
    #[must_use]
    pub const fn newest_first(self) -> bool {
        with_record_of!(self, R => R::NEWEST_FIRST)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Table {
    type Err = InvalidInput;

    /// Reads its name.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let known = || Self::ALL.iter().map(|table| table.as_str()).collect::<Vec<_>>().join(", ");
        let found = Self::ALL.iter().find(|table| table.as_str() == text).copied();
        found.ok_or_else(|| InvalidInput::new("table", format!("is none of {}", known())))
    }
}
