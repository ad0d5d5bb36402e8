//! Closing letters about which nothing is to be done.

use super::entry::{self, CLOSED, Closed};
use super::index::State;
use super::{DeadLetterFilter, DeadLetters};
use crate::error::Result;

impl DeadLetters {
    /// Notes durably that nothing is to be done about the open letters that `filter` means; answers how many.
    pub(crate) fn resolve(&self, filter: &DeadLetterFilter, now: i64) -> Result<u64> {
        let letters = self.list(&DeadLetterFilter { open: true, ..filter.clone() })?;
        let _one = self.writing()?;
        let ids: Vec<_> = {
            let index = self.index();
            let ids = letters.iter().map(|letter| letter.id);
            ids.filter(|id| index.letters.get(id) == Some(&State::Open)).collect()
        };
        if ids.is_empty() {
            return Ok(0);
        }
        let closed = Closed { ids };
        self.append(CLOSED, now, 1, |_, out| entry::write(&closed, out))?;
        self.sync()?;
        let mut index = self.index();
        closed.ids.iter().for_each(|id| index.set(*id, State::Closed));
        Ok(closed.ids.len() as u64)
    }
}
