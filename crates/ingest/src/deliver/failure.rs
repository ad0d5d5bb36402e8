//! What to do about a batch that a sink failed to take.

use tradekeep_store_traits::{Act, BadRow, ErrorKind, StoreError};

use crate::dead_letter::Class;

/// What to do about a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureAction {
    /// Send the same again, after a while.
    Retry,
    /// Reject these rows, which become dead letters, and send the rest again.
    Reject(Class, Vec<BadRow>),
    /// Send it in halves; reject a single row, for a dead letter of this class.
    Split(Class),
    /// Ask the store how far it is, and go on from there.
    Reconnect,
    /// Stop until an operator repairs the store.
    Halt,
}

impl FailureAction {
    /// By the store's answer to a batch of `rows` rows.
    pub(crate) fn of(error: &StoreError, rows: usize) -> Self {
        match &error.act {
            Act::Retry { .. } | Act::Probe => Self::Retry,
            Act::BadRows(bad) if !bad.is_empty() && bad.iter().all(|row| row.index < rows) => {
                Self::Reject(Class::of(error.kind), bad.clone())
            }
            // It does not say which rows are bad.
            Act::BadRows(_) => Self::Split(Class::of(error.kind)),
            Act::Split => Self::Split(Class::TooLarge),
            Act::Resend => Self::Reconnect,
            Act::Never => match error.kind {
                ErrorKind::InvalidInput
                | ErrorKind::Conflict
                | ErrorKind::Expired
                | ErrorKind::Serialization
                | ErrorKind::Write => Self::Split(Class::of(error.kind)),
                // The store is at fault, and no record: none may become a dead letter.
                _ => Self::Halt,
            },
            // And what is not known here waits for somebody who knows it.
            Act::Halt | _ => Self::Halt,
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
        let bad = vec![BadRow::new(1, "r".into())];
        let outside = vec![BadRow::new(9, "r".into())];
        for (kind, act, action) in [
            (ErrorKind::Write, Act::Retry { after: None }, FailureAction::Retry),
            (ErrorKind::Write, Act::Probe, FailureAction::Retry),
            (
                ErrorKind::Conflict,
                Act::BadRows(bad.clone()),
                FailureAction::Reject(Class::Conflict, bad),
            ),
            (ErrorKind::InvalidInput, Act::BadRows(outside), FailureAction::Split(Class::Invalid)),
            (ErrorKind::InvalidInput, Act::BadRows(vec![]), FailureAction::Split(Class::Invalid)),
            (ErrorKind::Transaction, Act::Resend, FailureAction::Reconnect),
            (ErrorKind::Write, Act::Split, FailureAction::Split(Class::TooLarge)),
            (ErrorKind::Authentication, Act::Halt, FailureAction::Halt),
            (ErrorKind::Write, Act::Never, FailureAction::Split(Class::Refused)),
            (ErrorKind::Expired, Act::Never, FailureAction::Split(Class::Expired)),
            (ErrorKind::Connection, Act::Never, FailureAction::Halt),
            (ErrorKind::Schema, Act::Never, FailureAction::Halt),
        ] {
            let error = StoreError::new(kind, "test", "write", "no").with_act(act);
            assert_eq!(FailureAction::of(&error, 3), action, "{error:?}");
        }
    }
}
