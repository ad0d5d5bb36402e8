//! Ticks out of stores and files that hold all their fields.

use crate::{Decimal, InvalidInput, Side, Symbol, Tick, TickKey, Timestamp, TradeId, Venue};

/// Every field of a tick, as it was stored; a [`Tick`] once it is checked.
///
/// ```
/// use tradekeep_models::{StoredTick, Symbol, Tick, TickKey, Timestamp, Venue};
///
/// let stored = StoredTick {
///     venue: Venue::new("binance")?,
///     symbol: Symbol::new("BTCUSDT")?,
///     ts: Timestamp::MIN,
///     key: TickKey(7),
///     sequence: 7,
///     trade_id: None,
///     received_ts: None,
///     price: 3.into(),
///     quantity: 2.into(),
///     notional: 6.into(),
///     side: None,
///     aggregated: false,
/// };
/// assert_eq!(Tick::try_from(stored)?.key(), TickKey(7));
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone)]
pub struct StoredTick {
    /// As [`Tick::venue`].
    pub venue: Venue,
    /// As [`Tick::symbol`].
    pub symbol: Symbol,
    /// As [`Tick::ts`].
    pub ts: Timestamp,
    /// As [`Tick::key`].
    pub key: TickKey,
    /// As [`Tick::sequence`].
    pub sequence: i64,
    /// As [`Tick::trade_id`].
    pub trade_id: Option<TradeId>,
    /// As [`Tick::received_ts`].
    pub received_ts: Option<Timestamp>,
    /// As [`Tick::price`].
    pub price: Decimal,
    /// As [`Tick::quantity`].
    pub quantity: Decimal,
    /// As [`Tick::notional`].
    pub notional: Decimal,
    /// As [`Tick::side`].
    pub side: Option<Side>,
    /// As [`Tick::is_aggregated`].
    pub aggregated: bool,
}

impl TryFrom<StoredTick> for Tick {
    type Error = InvalidInput;

    /// Refuses a negative quantity, and a notional that is not price x quantity.
    #[inline]
    fn try_from(stored: StoredTick) -> Result<Self, InvalidInput> {
        let notional = super::notional(stored.price, stored.quantity)?;
        if notional != stored.notional {
            return Err(InvalidInput::new("notional", "is not price x quantity"));
        }
        Ok(Self {
            venue: stored.venue,
            symbol: stored.symbol,
            ts: stored.ts,
            key: stored.key,
            sequence: stored.sequence,
            trade_id: stored.trade_id,
            received_ts: stored.received_ts,
            price: stored.price,
            quantity: stored.quantity,
            notional,
            side: stored.side,
            aggregated: stored.aggregated,
        })
    }
}
