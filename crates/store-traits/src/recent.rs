//! What a table has within the duplicate window, in memory: it saves a look for what is not there.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

/// The values that a table has in the column that it is searched by within the duplicate window, as numbers, each
/// with whose it is. What is not among them is not stored; what is, may be.
#[derive(Debug)]
pub struct RecentValues {
    hasher: RandomState,
    /// All rows with a time from here on are in it, in nanoseconds.
    from: i64,
    /// Nothing where several have the value, or whoever has it is met.
    owners: HashMap<u64, Option<u64>>,
}

impl RecentValues {
    /// Values that are kept at most, at some 35 bytes each: a store that has more looks each time.
    pub const MOST: usize = 2_000_000;

    /// None, of a table that has no rows with a time from `from` on.
    #[must_use]
    pub fn new(from: i64) -> Self {
        Self { hasher: RandomState::new(), from, owners: HashMap::new() }
    }

    /// Whether it tells of rows from `first` on.
    #[must_use]
    pub fn covers(&self, first: i64) -> bool {
        self.from <= first && self.owners.len() <= Self::MOST
    }

    /// Adds a value, and whose it is: nothing where everybody meets it.
    pub fn insert(&mut self, value: impl Hash, owner: Option<impl Hash>) {
        let owner = owner.map(|owner| self.hasher.hash_one(owner));
        let known = self.owners.entry(self.hasher.hash_one(value)).or_insert(owner);
        if *known != owner {
            *known = None;
        }
    }

    /// Whether a row with this value may be there, and is not `owner`'s.
    #[must_use]
    pub fn may_meet(&self, value: impl Hash, owner: Option<impl Hash>) -> bool {
        match self.owners.get(&self.hasher.hash_one(value)) {
            None => false,
            Some(None) => true,
            Some(known) => *known != owner.map(|owner| self.hasher.hash_one(owner)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_added_is_not_met() {
        let mut recent = RecentValues::new(5);
        assert!(recent.covers(5) && !recent.covers(4));
        recent.insert("fill", None::<()>);
        recent.insert("c-1", Some("order 1"));
        assert!(recent.may_meet("fill", None::<()>) && !recent.may_meet("other", None::<()>));
        assert!(
            recent.may_meet("c-1", Some("order 2")) && !recent.may_meet("c-1", Some("order 1"))
        );
        // Once two have it, both meet the other.
        recent.insert("c-1", Some("order 2"));
        assert!(recent.may_meet("c-1", Some("order 1")) && recent.may_meet("c-1", Some("order 2")));
    }
}
