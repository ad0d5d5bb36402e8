//! Which ticks.

use crate::{Condition, RecordFilter, Symbol, Tick, TimeRange, TimeUnit, Timestamp, Venue};

/// Which ticks: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TickFilter {
    /// Only this venue.
    pub venue: Option<Venue>,
    /// Only this symbol.
    pub symbol: Option<Symbol>,
    /// Only event times in this range.
    pub range: TimeRange,
    /// Only what may be told otherwise than so: the same trades can be among it, at other times.
    pub unlike: Option<Told>,
}

/// How a source tells ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// What it counts times in.
    pub unit: TimeUnit,
    /// Whether it tells several trades as one.
    pub aggregated: bool,
}

impl Told {
    /// Whether a tick at `ts` may come from a source that tells ticks otherwise: the time is not whole in this unit,
    /// or is whole in a coarser one, as one of a thousand is by chance; or it is aggregated, where this source has
    /// single trades, or the other way round.
    #[must_use]
    pub fn is_unlike(self, ts: Timestamp, aggregated: bool) -> bool {
        TimeUnit::of(ts) != self.unit || aggregated != self.aggregated
    }
}

impl RecordFilter for TickFilter {
    type Record = Tick;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        let venue = self.venue.as_ref().map(|venue| Condition::text("venue", venue));
        let symbol = self.symbol.as_ref().map(|symbol| Condition::text("symbol", symbol));
        let unlike = self.unlike.map(Condition::Unlike);
        venue.into_iter().chain(symbol).chain(unlike).collect()
    }
}
