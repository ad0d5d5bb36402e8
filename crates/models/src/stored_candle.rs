//! A candle as a venue or a file tells it.

use crate::record::{Contradiction, record};
use crate::{
    Condition, Decimal, Interval, InvalidInput, Name, RecordFilter, Symbol, TimeRange, Timestamp,
    Venue,
};

record! {
    /// A candle as it came from a venue or a file, where [`Candle`](crate::Candle) is computed of ticks. Identity is
    /// (venue, symbol, interval, ts, source, version).
    ///
    /// It is kept as it was told: its opening time is the source's, whose days and weeks may begin when ours do not.
    /// A correction of one is a new version.
    ///
    /// ```
    /// use tradekeep_models::{Name, StoredCandle, Symbol, Venue};
    ///
    /// let candle = StoredCandle::builder()
    ///     .ts("2024-08-08T10:00:00Z".parse()?)
    ///     .venue(Venue::new("binance")?)
    ///     .symbol(Symbol::new("BTCUSDT")?)
    ///     .interval("1m".parse()?)
    ///     .source(Name::new("klines")?)
    ///     .open("61837.63".parse()?)
    ///     .high("61850".parse()?)
    ///     .low("61830.01".parse()?)
    ///     .close("61848.2".parse()?)
    ///     .volume("12.5".parse()?)
    ///     .build();
    /// assert_eq!((candle.version, candle.vwap), (0, None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct StoredCandle in Candles;
    const IDENTITY: &'static [&'static str] =
        &["venue", "symbol", "interval", "ts", "source", "version"];
    const CONTRADICTION: Contradiction = Contradiction::Conflict;
    const SUBJECT: &'static [&'static str] = &["venue", "symbol", "interval", "ts", "source"];
    {
        /// When it opens.
        ts: Timestamp,
        /// Where it traded; `unknown` where the source does not say.
        [default Venue::unknown()]
        venue: Venue,
        /// What traded.
        symbol: Symbol,
        /// How long it lasts: `1m`.
        interval: Interval,
        /// Who told it: a feed, or the kind of file; `unknown` where nobody says.
        [default Name::unknown()]
        source: Name,
        /// Counts corrections of it.
        [default 0]
        version: u32,
        /// Price of its first trade.
        [unit "quote currency"]
        open: Decimal,
        /// Highest price.
        [unit "quote currency"]
        high: Decimal,
        /// Lowest price.
        [unit "quote currency"]
        low: Decimal,
        /// Price of its last trade.
        [unit "quote currency"]
        close: Decimal,
        /// How much traded.
        [unit "base currency"]
        volume: Decimal,
        /// What was paid for all of it.
        [unit "quote currency"]
        notional: Option<Decimal>,
        /// How many trades.
        count: Option<u64>,
        /// Average price, weighted by quantity, as the source has it.
        [unit "quote currency"]
        vwap: Option<Decimal>,
    }
}

impl StoredCandle {
    /// An average is not compared with the prices: sources round it.
    fn rules(&self) -> Result<(), InvalidInput> {
        let within = |price: &Decimal| (self.low..=self.high).contains(price);
        if !within(&self.open) || !within(&self.close) {
            return Err(InvalidInput::new("low", "and high do not hold open and close"));
        }
        if self.volume.is_negative() {
            return Err(InvalidInput::new("volume", "is negative"));
        }
        Ok(())
    }
}

/// Which stored candles: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredCandleFilter {
    /// Only of this venue.
    pub venue: Option<Venue>,
    /// Only of this symbol.
    pub symbol: Option<Symbol>,
    /// Only so long ones: an hour is not sixty minutes.
    pub interval: Option<Interval>,
    /// Only of this source.
    pub source: Option<Name>,
    /// Only opening times in this range.
    pub range: TimeRange,
}

impl RecordFilter for StoredCandleFilter {
    type Record = StoredCandle;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        [
            self.venue.as_ref().map(|venue| Condition::text("venue", venue)),
            self.symbol.as_ref().map(|symbol| Condition::text("symbol", symbol)),
            self.interval.map(|interval| Condition::text("interval", interval.to_string())),
            self.source.as_ref().map(|source| Condition::text("source", source)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
