//! Which store it is and how far it has come, and who asks.

use tradekeep_models::StreamId;
use uuid::Uuid;

/// A run of a spool, from its opening to its closing: who writes a stream to a store. Copies of one spool are told
/// apart by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Run {
    /// The stream.
    pub stream: StreamId,
    /// The first number that it may give a record. Those of later runs of a spool are higher.
    pub first: u64,
    /// Its own, made when it began.
    pub id: Uuid,
}

/// Which store it is, and how far a table of it has come: what who delivers remembers, to see that a store is
/// another one by now, or an older copy of itself.
///
/// ```
/// use tradekeep_store_traits::Position;
/// use uuid::Uuid;
///
/// let before = Position { store: Uuid::from_u128(1), table: 7, changes: 40 };
/// assert!(Position { changes: 41, ..before }.continues(&before));
/// assert!(!Position { changes: 39, ..before }.continues(&before));
/// assert!(!Position { store: Uuid::from_u128(2), ..before }.continues(&before));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The store's own id, made when it is set up. A copy of the store has the same.
    pub store: Uuid,
    /// The table's own number in the store: another one made in its place has another. 0 where the store keeps
    /// [watermarks](crate::Capabilities::watermarks), which say more.
    pub table: u64,
    /// Changes that the table has seen. 0 where the store keeps watermarks.
    pub changes: u64,
}

impl Position {
    /// Whether a store that stands here may be the one that stood at `earlier`, with all that it had.
    #[must_use]
    pub fn continues(&self, earlier: &Self) -> bool {
        (self.store, self.table) == (earlier.store, earlier.table)
            && self.changes >= earlier.changes
    }
}
