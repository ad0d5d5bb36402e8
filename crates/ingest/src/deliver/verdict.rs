//! What to do about a batch that a sink did not take.

use tradekeep_store_traits::{Act, BadRow, ErrorKind, StoreError};

use crate::dead_letter::Class;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The same again, after a while.
    Again,
    /// These rows are dead letters; the rest again.
    Bad(Class, Vec<BadRow>),
    /// In halves; a single row is a dead letter of this class.
    Halves(Class),
    /// Nothing works before somebody mends it.
    Halt,
}

impl Verdict {
    /// Of the answer to a batch of `rows`.
    pub(crate) fn of(error: &StoreError, rows: usize) -> Self {
        match &error.act {
            Act::Retry { .. } | Act::Probe => Self::Again,
            Act::BadRows(bad) if !bad.is_empty() && bad.iter().all(|row| row.index < rows) => {
                Self::Bad(Class::of(error.kind), bad.clone())
            }
            // It says that there are bad rows, but not which.
            Act::BadRows(_) => Self::Halves(Class::of(error.kind)),
            Act::Split => Self::Halves(Class::TooLarge),
            Act::Halt => Self::Halt,
            Act::Never => match error.kind {
                ErrorKind::InvalidInput
                | ErrorKind::Conflict
                | ErrorKind::Expired
                | ErrorKind::Serialization
                | ErrorKind::Write => Self::Halves(Class::of(error.kind)),
                // That is about the store and not about what it was given: no record is at fault.
                _ => Self::Halt,
            },
        }
    }

    /// Whether an error that may pass can come from a row that poisons its batch.
    pub(crate) fn may_be_poison(error: &StoreError) -> bool {
        matches!(error.act, Act::Retry { .. })
            && matches!(error.kind, ErrorKind::Write | ErrorKind::Query | ErrorKind::Serialization)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_acts() {
        let bad = vec![BadRow { index: 1, reason: "r".into() }];
        let outside = vec![BadRow { index: 9, reason: "r".into() }];
        for (kind, act, verdict) in [
            (ErrorKind::Write, Act::Retry { after: None }, Verdict::Again),
            (ErrorKind::Write, Act::Probe, Verdict::Again),
            (ErrorKind::Conflict, Act::BadRows(bad.clone()), Verdict::Bad(Class::Conflict, bad)),
            (ErrorKind::InvalidInput, Act::BadRows(outside), Verdict::Halves(Class::Invalid)),
            (ErrorKind::InvalidInput, Act::BadRows(vec![]), Verdict::Halves(Class::Invalid)),
            (ErrorKind::Write, Act::Split, Verdict::Halves(Class::TooLarge)),
            (ErrorKind::Authentication, Act::Halt, Verdict::Halt),
            (ErrorKind::Write, Act::Never, Verdict::Halves(Class::Refused)),
            (ErrorKind::Expired, Act::Never, Verdict::Halves(Class::Expired)),
            (ErrorKind::Connection, Act::Never, Verdict::Halt),
            (ErrorKind::Schema, Act::Never, Verdict::Halt),
        ] {
            let error = StoreError::new(kind, "test", "write", "no").with_act(act);
            assert_eq!(Verdict::of(&error, 3), verdict, "{error:?}");
        }
    }
}
