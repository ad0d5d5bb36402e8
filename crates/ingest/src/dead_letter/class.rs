//! Why a record was given up.

use std::fmt;
use std::str::FromStr;

use tradekeep_models::InvalidInput;
use tradekeep_store_traits::ErrorKind;

macro_rules! classes {
    ($($(#[$doc:meta])* $class:ident = $text:literal),+ $(,)?) => {
        /// Why a record was given up, in a word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Class {
            $($(#[$doc])* $class),+
        }

        impl Class {
            /// Every class.
            pub const ALL: &'static [Self] = &[$(Self::$class),+];

            /// Its name in files and on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$class => $text),+
                }
            }
        }
    };
}

classes! {
    /// It breaks a rule of the store.
    Invalid = "invalid",
    /// Another record with its identity, and other content, is stored.
    Conflict = "conflict",
    /// The store takes no record of that size.
    TooLarge = "too_large",
    /// The store refuses it for another reason.
    Refused = "refused",
    /// The store fails again and again when it is in a batch, and works without it.
    Suspect = "suspect",
    /// What stands in the spool is of a kind or version that this program does not know.
    Undecodable = "undecodable",
    /// It belongs to a day that retention has dropped.
    Expired = "expired",
}

impl Class {
    /// Of records that a sink named as bad.
    pub(crate) const fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidInput | ErrorKind::Serialization => Self::Invalid,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Expired => Self::Expired,
            _ => Self::Refused,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Class {
    type Err = InvalidInput;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidInput> {
        let known = || Self::ALL.iter().map(|class| class.as_str()).collect::<Vec<_>>().join(", ");
        let found = Self::ALL.iter().find(|class| class.as_str() == text).copied();
        found.ok_or_else(|| InvalidInput::new("class", format!("is none of {}", known())))
    }
}
