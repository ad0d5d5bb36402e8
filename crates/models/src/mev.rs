//! What MEV did to a trade of ours, or would have done.

use uuid::Uuid;

use crate::record::{Naming, record};
use crate::trade::not_negative;
use crate::{
    Condition, Decimal, InvalidInput, RecordFilter, StreamId, Symbol, TimeRange, Timestamp,
    TraderId,
};

record! {
    /// The risk of a sandwich on a trade of ours, and what came of it. Identity is (ts, stream, seq).
    ///
    /// ```
    /// use tradekeep_models::{MevEvent, StreamPosition};
    ///
    /// let StreamPosition { stream, seq } = StreamPosition::next();
    /// let event = MevEvent::builder()
    ///     .ts("2024-08-08T10:00:05Z".parse()?)
    ///     .stream(stream)
    ///     .seq(seq)
    ///     .sandwich_probability(0.35)
    ///     .estimated_loss_bps(40)
    ///     .avoided(true)
    ///     .trade_size("12000".parse()?)
    ///     .build();
    /// assert_eq!(event.actual_loss_bps, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct MevEvent in MevEvents;
    const IDENTITY: &'static [&'static str] = &["ts", "stream", "seq"];
    const NAMING: Naming = Naming::Position;
    {
        /// When it was seen.
        ts: Timestamp,
        /// The stream it came from.
        stream: StreamId,
        /// Its number in the stream.
        seq: i64,
        /// The trade at risk.
        trade_id: Option<Uuid>,
        /// Whose trade.
        trader_id: Option<TraderId>,
        /// What was traded: `SOL/USDC`.
        token_pair: Option<Symbol>,
        /// Size of the trade; not negative.
        [unit "USD"]
        trade_size: Option<Decimal>,
        /// How likely a sandwich was, 0 to 1.
        sandwich_probability: f64,
        /// Loss expected without protection.
        [unit "basis points"]
        estimated_loss_bps: i32,
        /// Loss there was; absent where none was measured.
        [unit "basis points"]
        actual_loss_bps: Option<i32>,
        /// Whether protection was used.
        protection_used: Option<bool>,
        /// What protection cost.
        [unit "lamports"]
        priority_fee_lamports: Option<u64>,
        /// Whether the attack was avoided; otherwise it was suffered.
        avoided: bool,
    }
}

impl MevEvent {
    fn rules(&self) -> Result<(), InvalidInput> {
        if !(0.0..=1.0).contains(&self.sandwich_probability) {
            return Err(InvalidInput::new("sandwich_probability", "is not between 0 and 1"));
        }
        self.trade_size.map_or(Ok(()), |size| not_negative("trade_size", size))
    }
}

/// Which MEV events: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MevFilter {
    /// Only of this trade.
    pub trade_id: Option<Uuid>,
    /// Only this trader's.
    pub trader_id: Option<TraderId>,
    /// Only of this pair.
    pub token_pair: Option<Symbol>,
    /// Only event times in this range.
    pub range: TimeRange,
}

impl RecordFilter for MevFilter {
    type Record = MevEvent;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        [
            self.trade_id.map(|id| Condition::uuid("trade_id", id)),
            self.trader_id.as_ref().map(|id| Condition::text("trader_id", id)),
            self.token_pair.as_ref().map(|pair| Condition::text("token_pair", pair)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
