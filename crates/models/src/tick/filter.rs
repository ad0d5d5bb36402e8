//! Which ticks.

use crate::{Condition, RecordFilter, Symbol, Tick, TimeRange, Venue};

/// Which ticks: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TickFilter {
    /// Only this venue.
    pub venue: Option<Venue>,
    /// Only this symbol.
    pub symbol: Option<Symbol>,
    /// Only event times in this range.
    pub range: TimeRange,
}

impl RecordFilter for TickFilter {
    type Record = Tick;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        let venue = self.venue.as_ref().map(|venue| Condition::text("venue", venue));
        let symbol = self.symbol.as_ref().map(|symbol| Condition::text("symbol", symbol));
        venue.into_iter().chain(symbol).collect()
    }
}
