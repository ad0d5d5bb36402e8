//! Which dead letters can be sent again.

use serde::{Deserialize, Serialize};
use tradekeep_store_traits::{Records, Table};

use super::{DeadLetterFilter, DeadLetters, DeadState};
use crate::error::Result;

/// What a replay did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Replayed {
    /// Letters that are in the spool again.
    pub replayed: u64,
    /// Letters that had been before, or were resolved.
    pub already: u64,
    /// Letters that cannot be read by this program.
    pub unreadable: u64,
}

impl DeadLetters {
    /// Gives `each` of the letters that a replay of `filter` puts into the spool, oldest first: id, table
    /// and record. `each` answers whether to go on.
    pub(crate) fn replayable(
        &self,
        filter: &DeadLetterFilter,
        mut each: impl FnMut(u64, Table, Records) -> bool,
    ) -> Result<Replayed> {
        // Letters that this replay leads to are not replayed by it.
        let next_id = self.next_id();
        let mut done = Replayed::default();
        self.read(|letter| {
            if done.replayed == filter.most() {
                return false;
            }
            if letter.id >= next_id || !filter.is_match(&letter) {
                return true;
            }
            match (letter.state, letter.table.zip(letter.record)) {
                (DeadState::Replayed { .. } | DeadState::Resolved, _) => done.already += 1,
                (DeadState::Open, None) => done.unreadable += 1,
                (DeadState::Open, Some((table, record))) => {
                    done.replayed += 1;
                    return each(letter.id, table, record);
                }
            }
            true
        })?;
        Ok(done)
    }
}
