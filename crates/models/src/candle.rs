//! OHLCV candles and their arithmetic: the one place that computes them outside a store.

use crate::{Decimal, DecimalError, Interval, InvalidInput, Symbol, Tick, Timestamp, Venue};

/// Open, high, low, close and volume of one bucket of one (venue, symbol).
///
/// Open and close are the first and last tick by (ts, sequence, key). Prices are absent only in a
/// bucket without ticks that was filled by [`GapFill::Zero`](crate::GapFill::Zero).
#[derive(Debug, Clone, PartialEq, Eq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct Candle {
    /// First moment of the bucket; it ends where the next begins.
    pub open_ts: Timestamp,
    /// Where it traded.
    pub venue: Venue,
    /// What traded.
    pub symbol: Symbol,
    /// Width of the bucket.
    pub interval: Interval,
    /// Price of the first tick.
    pub open: Option<Decimal>,
    /// Highest price.
    pub high: Option<Decimal>,
    /// Lowest price.
    pub low: Option<Decimal>,
    /// Price of the last tick.
    pub close: Option<Decimal>,
    /// Sum of quantities, in the base currency.
    pub volume: Decimal,
    /// Sum of notionals, in the quote currency.
    pub notional: Decimal,
    /// Number of ticks.
    pub count: u64,
    /// Volume-weighted average price, [`vwap`] of the sums; absent where the volume is 0.
    pub vwap: Option<Decimal>,
}

/// `notional / volume`, rounded half to even at 18 places; nothing where the volume is 0.
///
/// Every store's VWAP is made by this function from exact sums.
///
/// # Errors
/// When the quotient is too large.
pub fn vwap(notional: Decimal, volume: Decimal) -> Result<Option<Decimal>, InvalidInput> {
    if volume.is_zero() {
        return Ok(None);
    }
    notional
        .div_round(volume)
        .map(Some)
        .map_err(|error| InvalidInput::new("vwap", error.to_string()))
}

impl Candle {
    /// The candles of `ticks`, which are of one (venue, symbol) and in order.
    ///
    /// # Errors
    /// When a sum is too large for a [`Decimal`].
    pub fn from_ticks<'a>(
        interval: Interval,
        ticks: impl IntoIterator<Item = &'a Tick>,
    ) -> Result<Vec<Self>, InvalidInput> {
        Self::roll_up(interval, ticks.into_iter().map(Self::of_tick))
    }

    /// Wider candles of `interval` from `candles` that are of one (venue, symbol), in order, and of
    /// an interval that divides it. Filled candles without ticks add nothing.
    ///
    /// # Errors
    /// When a sum is too large for a [`Decimal`].
    pub fn roll_up(
        interval: Interval,
        candles: impl IntoIterator<Item = Self>,
    ) -> Result<Vec<Self>, InvalidInput> {
        let mut wide: Vec<Self> = Vec::new();
        for mut candle in candles.into_iter().filter(|candle| candle.count > 0) {
            candle.interval = interval;
            candle.open_ts = interval.open(candle.open_ts);
            match wide.last_mut() {
                Some(last) if last.open_ts == candle.open_ts => last.absorb(&candle)?,
                _ => wide.push(candle),
            }
        }
        for candle in &mut wide {
            candle.vwap = vwap(candle.notional, candle.volume)?;
        }
        Ok(wide)
    }

    /// The candle of a single tick, opening at the tick; its VWAP is left to the roll-up.
    fn of_tick(tick: &Tick) -> Self {
        let price = Some(tick.price());
        Self {
            venue: tick.venue().clone(),
            symbol: tick.symbol().clone(),
            // Replaced by the roll-up.
            interval: Interval::SECOND,
            open_ts: tick.ts(),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: tick.quantity(),
            notional: tick.notional(),
            count: 1,
            vwap: None,
        }
    }

    /// A candle without ticks after one that closed at `close`, or after none.
    pub(crate) fn empty(
        venue: &Venue,
        symbol: &Symbol,
        interval: Interval,
        open_ts: Timestamp,
        close: Option<Decimal>,
    ) -> Self {
        Self {
            venue: venue.clone(),
            symbol: symbol.clone(),
            interval,
            open_ts,
            open: close,
            high: close,
            low: close,
            close,
            volume: Decimal::ZERO,
            notional: Decimal::ZERO,
            count: 0,
            vwap: None,
        }
    }

    /// Takes in the candle that follows in the same bucket.
    fn absorb(&mut self, next: &Self) -> Result<(), InvalidInput> {
        let too_large = |field: &'static str| {
            move |error: DecimalError| InvalidInput::new(field, error.to_string())
        };
        self.high = self.high.max(next.high);
        self.low = self.low.min(next.low);
        self.close = next.close;
        self.volume = self.volume.add(next.volume).map_err(too_large("volume"))?;
        self.notional = self.notional.add(next.notional).map_err(too_large("notional"))?;
        self.count += next.count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(ts: &str, price: &str, quantity: &str) -> Tick {
        Tick::builder(Symbol::new("X").unwrap(), ts.parse().unwrap())
            .price(price.parse().unwrap())
            .quantity(quantity.parse().unwrap())
            .build()
            .unwrap()
    }

    fn text(value: Option<Decimal>) -> String {
        value.unwrap().to_string()
    }

    #[test]
    fn minutes_of_ticks() {
        let ticks = [
            tick("2024-08-08T00:00:00Z", "10", "1"),
            tick("2024-08-08T00:00:59.999999999Z", "13", "2"),
            tick("2024-08-08T00:01:00Z", "9", "1"),
            tick("2024-08-08T00:03:00Z", "11", "0"),
        ];
        let minutes = Candle::from_ticks("1m".parse().unwrap(), &ticks).unwrap();
        assert_eq!(minutes.iter().map(|c| c.count).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(text(minutes[0].vwap), "12");
        assert_eq!((text(minutes[0].open), text(minutes[0].close)), ("10".into(), "13".into()));
        assert_eq!(minutes[2].vwap, None, "no volume, no average");
        let day = "1d".parse().unwrap();
        assert_eq!(
            Candle::roll_up(day, minutes).unwrap(),
            Candle::from_ticks(day, &ticks).unwrap()
        );
    }

    #[test]
    fn a_sum_that_does_not_fit_is_an_error() {
        let half = tick("2024-08-08", "0.1", "60000000000000000000");
        let error = Candle::from_ticks("1d".parse().unwrap(), [&half, &half]).unwrap_err();
        assert_eq!(error.field, "volume");
    }
}
