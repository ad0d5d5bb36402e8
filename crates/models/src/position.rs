//! What one of our traders holds.

use crate::record::{Contradiction, record};
use crate::{
    Condition, Decimal, InvalidInput, Market, RecordFilter, TimeRange, Timestamp, TraderId, Venue,
};

record! {
    /// What a trader holds of one market at a time. Identity is (trader_id, venue, market, ts,
    /// version).
    ///
    /// Each is the whole state at its time, not a change; a correction of one is a new version.
    ///
    /// ```
    /// use tradekeep_models::{Market, Position, TraderId, Venue};
    ///
    /// let position = Position::builder()
    ///     .ts("2024-08-08T10:00:06Z".parse()?)
    ///     .trader_id(TraderId::new("mm-1")?)
    ///     .venue(Venue::new("polymarket")?)
    ///     .market(Market::new("0x123abc")?)
    ///     .amount("-50".parse()?)
    ///     .cost_basis("26".parse()?)
    ///     .build();
    /// assert!(position.amount.is_negative());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct Position in Positions;
    const IDENTITY: &'static [&'static str] = &["trader_id", "venue", "market", "ts", "version"];
    const CONTRADICTION: Contradiction = Contradiction::Conflict;
    const SUBJECT: &'static [&'static str] = &["trader_id", "venue", "market", "ts"];
    {
        /// The time it describes.
        ts: Timestamp,
        /// Who holds it.
        trader_id: TraderId,
        /// Where it is held; `unknown` where it does not matter.
        [default Venue::unknown()]
        venue: Venue,
        /// What is held: a market, a symbol or a mint address.
        market: Market,
        /// Counts corrections of it.
        [default 0]
        version: u32,
        /// How much; negative when short.
        [unit "base currency"]
        amount: Decimal,
        /// What was paid for all of it.
        [unit "quote currency"]
        cost_basis: Decimal,
        /// Price of one unit at the time.
        [unit "quote currency"]
        current_price: Option<Decimal>,
        /// What closing it at that price would gain.
        [unit "quote currency"]
        unrealized_pnl: Option<Decimal>,
    }
}

impl Position {
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "every record has rules")]
    const fn rules(&self) -> Result<(), InvalidInput> {
        Ok(())
    }
}

/// Which positions: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PositionFilter {
    /// Only this trader's.
    pub trader_id: Option<TraderId>,
    /// Only on this venue.
    pub venue: Option<Venue>,
    /// Only of this market.
    pub market: Option<Market>,
    /// Only event times in this range.
    pub range: TimeRange,
}

impl RecordFilter for PositionFilter {
    type Record = Position;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        [
            self.trader_id.as_ref().map(|id| Condition::text("trader_id", id)),
            self.venue.as_ref().map(|venue| Condition::text("venue", venue)),
            self.market.as_ref().map(|market| Condition::text("market", market)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
