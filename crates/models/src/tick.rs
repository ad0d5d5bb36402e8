//! A public trade print.

mod filter;
mod key;
mod row;
mod stored;

use std::fmt;
use std::str::FromStr;

pub use self::filter::{TickFilter, Told};
pub use self::key::TickKey;
pub use self::stored::StoredTick;
use crate::{Decimal, InvalidInput, Symbol, Timestamp, TradeId, Venue};

/// Which side took liquidity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The aggressor bought.
    Buy,
    /// The aggressor sold.
    Sell,
}

impl Side {
    /// `buy` or `sell`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Side {
    type Err = InvalidInput;

    /// Reads `buy`, `sell`, `b`, `s`, `bid`, `ask` in any case.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let is = |names: [&str; 3]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
        if is(["buy", "b", "bid"]) {
            Ok(Self::Buy)
        } else if is(["sell", "s", "ask"]) {
            Ok(Self::Sell)
        } else {
            Err(InvalidInput::new("side", "is neither buy nor sell"))
        }
    }
}

/// A public trade print: identity is (venue, symbol, ts, key), order is (ts, sequence, key).
///
/// Price may be negative (spreads, power, oil in 2020); quantity may not. Made by
/// [`Tick::builder`]; what has been built does not change.
///
/// ```
/// use tradekeep_models::{Side, Symbol, Tick, TradeId, Venue};
///
/// let tick = Tick::builder(Symbol::new("BTC-USD")?, "2023-09-05T16:00:01.281719Z".parse()?)
///     .venue(Venue::new("coinbase")?)
///     .price("25741.02".parse()?)
///     .quantity("0.02188038".parse()?)
///     .side(Side::Sell)
///     .trade_id(TradeId::new("1001")?)
///     .build()?;
/// assert_eq!(tick.notional().to_string(), "563.2232991876");
/// assert_eq!(tick.sequence(), 1001);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Tick {
    // In the order of its JSON.
    ts: Timestamp,
    venue: Venue,
    symbol: Symbol,
    trade_id: Option<TradeId>,
    price: Decimal,
    quantity: Decimal,
    side: Option<Side>,
    notional: Decimal,
    sequence: i64,
    received_ts: Option<Timestamp>,
    key: TickKey,
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "std::ops::Not::not"))]
    aggregated: bool,
}

impl Tick {
    /// Starts a tick of `symbol` at event time `ts`, on the venue `unknown`.
    pub fn builder(symbol: Symbol, ts: Timestamp) -> TickBuilder {
        TickBuilder {
            venue: Venue::unknown(),
            symbol,
            ts,
            key: None,
            sequence: None,
            trade_id: None,
            received_ts: None,
            price: None,
            quantity: None,
            side: None,
            occurrence: 0,
            aggregated: false,
        }
    }

    /// Where it traded.
    #[must_use]
    pub const fn venue(&self) -> &Venue {
        &self.venue
    }

    /// What traded.
    #[must_use]
    pub const fn symbol(&self) -> &Symbol {
        &self.symbol
    }

    /// When it traded, by the venue's clock.
    #[must_use]
    pub const fn ts(&self) -> Timestamp {
        self.ts
    }

    /// What tells it from other ticks of its venue, symbol and time.
    #[must_use]
    pub const fn key(&self) -> TickKey {
        self.key
    }

    /// Its place among ticks of equal time: the venue's number, else the trade id where that is a
    /// whole number, else the ordinal in the source.
    #[must_use]
    pub const fn sequence(&self) -> i64 {
        self.sequence
    }

    /// The venue's id of it.
    #[must_use]
    pub const fn trade_id(&self) -> Option<&TradeId> {
        self.trade_id.as_ref()
    }

    /// When it was received, by the recorder's clock; may be before [`ts`](Self::ts).
    #[must_use]
    pub const fn received_ts(&self) -> Option<Timestamp> {
        self.received_ts
    }

    /// Price of one unit, in the quote currency.
    #[must_use]
    pub const fn price(&self) -> Decimal {
        self.price
    }

    /// Units of the base currency; not negative.
    #[must_use]
    pub const fn quantity(&self) -> Decimal {
        self.quantity
    }

    /// Price x quantity in the quote currency, rounded half to even at 18 places.
    #[must_use]
    pub const fn notional(&self) -> Decimal {
        self.notional
    }

    /// Side of the aggressor, where the feed says.
    #[must_use]
    pub const fn side(&self) -> Option<Side> {
        self.side
    }

    /// Whether the venue tells several trades by it, as one: their sum, at their price, by the id of the sum.
    #[must_use]
    pub const fn is_aggregated(&self) -> bool {
        self.aggregated
    }

    /// The same tick with another number among those of its time.
    #[must_use]
    pub const fn with_sequence(mut self, sequence: i64) -> Self {
        self.sequence = sequence;
        self
    }

    /// What it is ordered by: time, sequence, key, then venue and symbol.
    #[must_use]
    pub const fn order(&self) -> (Timestamp, i64, TickKey, &Venue, &Symbol) {
        (self.ts, self.sequence, self.key, &self.venue, &self.symbol)
    }
}

/// Setters that cannot fail, and a [`build`](TickBuilder::build) that reports.
#[derive(Debug, Clone)]
#[must_use]
pub struct TickBuilder {
    venue: Venue,
    symbol: Symbol,
    ts: Timestamp,
    key: Option<TickKey>,
    sequence: Option<i64>,
    trade_id: Option<TradeId>,
    received_ts: Option<Timestamp>,
    price: Option<Decimal>,
    quantity: Option<Decimal>,
    side: Option<Side>,
    occurrence: u32,
    aggregated: bool,
}

impl TickBuilder {
    /// Where it traded; `unknown` when not set.
    #[inline]
    pub fn venue(mut self, venue: Venue) -> Self {
        self.venue = venue;
        self
    }

    /// Price of one unit. Required.
    #[inline]
    pub const fn price(mut self, price: Decimal) -> Self {
        self.price = Some(price);
        self
    }

    /// Units traded. Required.
    #[inline]
    pub const fn quantity(mut self, quantity: Decimal) -> Self {
        self.quantity = Some(quantity);
        self
    }

    /// Side of the aggressor.
    #[inline]
    pub fn side(mut self, side: impl Into<Option<Side>>) -> Self {
        self.side = side.into();
        self
    }

    /// The venue's id of the trade.
    #[inline]
    pub fn trade_id(mut self, id: impl Into<Option<TradeId>>) -> Self {
        self.trade_id = id.into();
        self
    }

    /// When it was received.
    #[inline]
    pub fn received_ts(mut self, ts: impl Into<Option<Timestamp>>) -> Self {
        self.received_ts = ts.into();
        self
    }

    /// The venue's number of the trade; else the trade id where that is a whole number.
    #[inline]
    pub fn sequence(mut self, sequence: impl Into<Option<i64>>) -> Self {
        self.sequence = sequence.into();
        self
    }

    /// A key made elsewhere, instead of the one from trade id or content.
    #[inline]
    pub fn key(mut self, key: impl Into<Option<TickKey>>) -> Self {
        self.key = key.into();
        self
    }

    /// For a tick without trade id: how many equal ticks came before it in its source.
    #[inline]
    pub const fn occurrence(mut self, occurrence: u32) -> Self {
        self.occurrence = occurrence;
        self
    }

    /// Whether it is several trades that the venue tells as one.
    #[inline]
    pub const fn aggregated(mut self, aggregated: bool) -> Self {
        self.aggregated = aggregated;
        self
    }

    /// The tick, with notional, key and sequence worked out.
    ///
    /// # Errors
    /// When price or quantity is missing, the quantity is negative, or the notional is too large.
    #[inline]
    pub fn build(self) -> Result<Tick, InvalidInput> {
        let price = self.price.ok_or_else(|| InvalidInput::new("price", "is missing"))?;
        let quantity = self.quantity.ok_or_else(|| InvalidInput::new("quantity", "is missing"))?;
        let notional = notional(price, quantity)?;
        let key = self.key.unwrap_or_else(|| match &self.trade_id {
            Some(id) => TickKey::from_trade_id(id),
            None => TickKey::from_content(price, quantity, self.side, self.occurrence, None),
        });
        let numeric_id = || self.trade_id.as_ref().and_then(|id| whole_number(id.as_str()));
        let sequence = self.sequence.or_else(numeric_id).unwrap_or_else(|| self.occurrence.into());
        Ok(Tick {
            venue: self.venue,
            symbol: self.symbol,
            ts: self.ts,
            key,
            sequence,
            trade_id: self.trade_id,
            received_ts: self.received_ts,
            price,
            quantity,
            notional,
            side: self.side,
            aggregated: self.aggregated,
        })
    }
}

/// Price x quantity, of a quantity that may be one.
fn notional(price: Decimal, quantity: Decimal) -> Result<Decimal, InvalidInput> {
    if quantity.is_negative() {
        return Err(InvalidInput::new("quantity", "is negative"));
    }
    price.mul_round(quantity).map_err(|error| InvalidInput::new("notional", error.to_string()))
}

fn whole_number(text: &str) -> Option<i64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> TickBuilder {
        Tick::builder(Symbol::new("X").unwrap(), Timestamp::MIN)
            .price("1.50".parse().unwrap())
            .quantity("2".parse().unwrap())
    }

    #[test]
    fn sequence_prefers_the_venue() {
        let id = |text| TradeId::new(text).unwrap();
        let sequence = |b: TickBuilder| b.build().unwrap().sequence();
        assert_eq!(sequence(builder().trade_id(id("12")).sequence(7)), 7);
        assert_eq!(sequence(builder().trade_id(id("12"))), 12);
        assert_eq!(sequence(builder().trade_id(id("a12")).occurrence(4)), 4);
        assert_eq!(sequence(builder().trade_id(id("99999999999999999999"))), 0);
    }

    #[test]
    fn refuses_by_field() {
        let refused = |b: TickBuilder| b.build().unwrap_err().to_string();
        assert_eq!(refused(builder().quantity("-1".parse().unwrap())), "quantity: is negative");
        assert_eq!(
            refused(builder().price(Decimal::MAX)),
            "notional: is too large: it has more than 20 digits before the point"
        );
        assert_eq!(
            refused(Tick::builder(Symbol::new("X").unwrap(), Timestamp::MIN)),
            "price: is missing"
        );
    }
}
