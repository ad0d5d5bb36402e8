//! A market made up from a seed, and what a trading system did on it.

mod activity;
mod random;

use std::borrow::Cow;
use std::io;
use std::iter::FusedIterator;

use tradekeep_models::{
    Day, Decimal, NANOS_PER_DAY, Side, Symbol, Tick, Timestamp, TradeId, Venue,
};

pub use activity::SampleActivity;
use random::Random;

/// What trades on the sample market.
#[derive(Debug)]
struct Listing {
    symbol: &'static str,
    /// The first price, in units of its last decimal place.
    price: u64,
    decimals: u32,
    /// The largest step of the price between bursts, in the same units.
    step: u64,
    /// The decimal places of quantities, and how many sizes of lots there are, each ten times the
    /// one before.
    lot_decimals: u32,
    lots: u64,
}

const LISTINGS: [Listing; 3] = [
    Listing {
        symbol: "BTC-USD",
        price: 6_183_763,
        decimals: 2,
        step: 900,
        lot_decimals: 8,
        lots: 6,
    },
    Listing { symbol: "ETH-USD", price: 268_341, decimals: 2, step: 48, lot_decimals: 6, lots: 5 },
    Listing {
        symbol: "SOL-USD",
        price: 1_543_270,
        decimals: 4,
        step: 420,
        lot_decimals: 3,
        lots: 4,
    },
];

/// 3 x 66,667 is about 200,000 a day.
const TICKS_PER_SYMBOL: u64 = 66_667;
/// Trade ids of a day start at this times the day's number.
const IDS_PER_DAY: u64 = 1_000_000_000;

/// A UTC day of trades on the venue `demo`, in time order, made one by one as they are asked for.
///
/// Prices walk at random, trades come in bursts, some at the same nanosecond. The same seed and day
/// give the same market everywhere, and always will: everything is integer arithmetic on a generator
/// whose output is fixed.
///
/// ```
/// use tradekeep_formats::SampleMarket;
///
/// let market = || SampleMarket::new(7, "2024-08-08".parse().unwrap()).with_ticks_per_symbol(100);
/// assert_eq!(market().count(), 300);
/// assert!(market().eq(market()));
/// assert!(market().is_sorted_by_key(|tick| tick.ts()));
/// ```
#[derive(Debug)]
pub struct SampleMarket {
    seed: u64,
    day: Day,
    feeds: Vec<Feed>,
}

impl SampleMarket {
    /// The market of `seed` on `day`, with about 200,000 ticks.
    #[must_use]
    pub fn new(seed: u64, day: Day) -> Self {
        Self { seed, day, feeds: Vec::new() }.with_ticks_per_symbol(TICKS_PER_SYMBOL)
    }

    /// With `count` ticks of each symbol instead.
    #[must_use]
    pub fn with_ticks_per_symbol(mut self, count: u64) -> Self {
        let feeds = (0u8..).zip(&LISTINGS);
        self.feeds = feeds
            .filter_map(|(number, listing)| {
                let mut feed = Feed::new(self.seed, number, listing, self.day)?;
                feed.left = count;
                feed.advance();
                Some(feed)
            })
            .collect();
        self
    }
}

impl Iterator for SampleMarket {
    type Item = Tick;

    fn next(&mut self) -> Option<Tick> {
        let waiting = self.feeds.iter_mut().filter(|feed| feed.next.is_some());
        let first = waiting.min_by_key(|feed| feed.now)?;
        let tick = first.next.take();
        first.advance();
        tick
    }
}

impl FusedIterator for SampleMarket {}

/// The trades of one symbol.
#[derive(Debug)]
struct Feed {
    listing: &'static Listing,
    venue: Venue,
    symbol: Symbol,
    random: Random,
    price: u64,
    /// Nanoseconds, of the last tick and of the end of the day.
    now: u64,
    end: u64,
    id: u64,
    left: u64,
    next: Option<Tick>,
}

impl Feed {
    fn new(seed: u64, number: u8, listing: &'static Listing, day: Day) -> Option<Self> {
        let start = u64::try_from(day.start().as_nanos()).ok()?;
        Some(Self {
            listing,
            venue: Venue::new("demo").ok()?,
            symbol: Symbol::new(listing.symbol).ok()?,
            random: Random::new(seed, day, number),
            price: listing.price,
            now: start,
            end: start + u64::try_from(NANOS_PER_DAY).ok()?,
            id: u64::try_from(day.number()).ok()? * IDS_PER_DAY,
            left: 0,
            next: None,
        })
    }

    /// Makes the next tick, where one is left.
    fn advance(&mut self) {
        self.next = self.left.checked_sub(1).and_then(|left| {
            let burst = self.wait();
            let before = self.price;
            self.walk(if burst { 1 } else { self.listing.step });
            self.left = left;
            self.id += 1;
            self.trade(before)
        });
    }

    /// Lets time pass, and answers whether the trade belongs to the burst of the one before.
    fn wait(&mut self) -> bool {
        let rest = self.end - self.now;
        let mean = rest / self.left;
        let burst = self.random.below(100) < 60;
        self.now += if !burst {
            // Two in five take this way: five times the mean at most is twice and a half on
            // average, which makes the mean of all.
            self.random.below(5 * mean + 1).min(rest / 2)
        } else if self.random.below(10) == 0 {
            0
        } else {
            self.random.below(mean.min(4_000_000) / 2 + 1).min(rest / 2)
        };
        burst
    }

    /// Moves the price by up to `step`, within a half and twice the first price.
    fn walk(&mut self, step: u64) {
        let up = self.random.below(step + 1) + self.random.below(step + 1);
        let first = self.listing.price;
        self.price = (self.price + up).saturating_sub(step).clamp(first / 2, first * 2);
    }

    fn trade(&mut self, before: u64) -> Option<Tick> {
        // Who moves the price mostly took from the book.
        let buys = match self.price.cmp(&before) {
            std::cmp::Ordering::Less => 20,
            std::cmp::Ordering::Equal => 50,
            std::cmp::Ordering::Greater => 80,
        };
        let side = if self.random.below(100) < buys { Side::Buy } else { Side::Sell };
        let lot = 10u64.pow(u32::try_from(self.random.below(self.listing.lots)).ok()?);
        let quantity = (1 + self.random.below(999)) * lot;
        let ts = Timestamp::from_nanos(i64::try_from(self.now).ok()?).ok()?;
        Tick::builder(self.symbol.clone(), ts)
            .venue(self.venue.clone())
            .trade_id(TradeId::new(self.id.to_string()).ok()?)
            .price(Decimal::from_parts(self.price.into(), self.listing.decimals).ok()?)
            .quantity(Decimal::from_parts(quantity.into(), self.listing.lot_decimals).ok()?)
            .side(side)
            .build()
            .ok()
    }
}

/// Writes ticks as a CSV that reads back: `ts,venue,symbol,trade_id,price,quantity,side`.
///
/// # Errors
/// What `out` answers.
pub fn write_csv(
    out: &mut impl io::Write,
    ticks: impl IntoIterator<Item = Tick>,
) -> io::Result<()> {
    writeln!(out, "ts,venue,symbol,trade_id,price,quantity,side")?;
    for tick in ticks {
        writeln!(
            out,
            "{},{},{},{},{},{},{}",
            tick.ts(),
            quoted(tick.venue().as_str()),
            quoted(tick.symbol().as_str()),
            quoted(tick.trade_id().map_or("", |id| id.as_str())),
            tick.price(),
            tick.quantity(),
            tick.side().map_or("", Side::as_str),
        )?;
    }
    Ok(())
}

fn quoted(text: &str) -> Cow<'_, str> {
    // Names have no line breaks.
    if text.contains([',', '"']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}
