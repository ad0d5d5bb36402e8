//! What to read: filters, limits, cursors, and the pages that come back.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{
    Candle, Decimal, Interval, InvalidInput, Symbol, TickFilter, TimeRange, Timestamp, Venue,
};

/// Rows in a page when a query names no limit, and the most that it can name.
pub const MAX_LIMIT: usize = 10_000;

/// One page of an answer.
///
/// A page is keyset: rows that were stored when the first page was read are neither repeated nor
/// missed on the following ones. Rows that arrive behind the cursor may be missed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T, C> {
    /// The rows, in order.
    pub items: Vec<T>,
    /// Where to go on; nothing when this page ends the answer.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// A page with these rows, and where to go on.
    #[must_use]
    pub const fn new(items: Vec<T>, next: Option<C>) -> Self {
        Self { items, next }
    }
}

pub(crate) fn check_limit(limit: usize) -> Result<(), InvalidInput> {
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(())
    } else {
        Err(InvalidInput::new("limit", format!("must be 1 to {MAX_LIMIT}")))
    }
}

pub(crate) fn encode(
    kind: &str,
    parts: &[&dyn fmt::Display],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    // No part holds a newline: names refuse control characters.
    let text = parts.iter().fold(kind.to_owned(), |text, part| format!("{text}\n{part}"));
    f.pad(&URL_SAFE_NO_PAD.encode(text))
}

pub(crate) fn bad_cursor() -> InvalidInput {
    InvalidInput::new("cursor", "is not one that this query returned")
}

/// The parts of a cursor of `kind`.
pub(crate) fn decode(kind: &str, text: &str) -> Result<Vec<String>, InvalidInput> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad_cursor())?;
    let decoded = String::from_utf8(bytes).map_err(|_| bad_cursor())?;
    let mut parts = decoded.split('\n');
    if parts.next() != Some(kind) {
        return Err(bad_cursor());
    }
    Ok(parts.map(Into::into).collect())
}

fn parts<const N: usize>(kind: &str, text: &str) -> Result<[String; N], InvalidInput> {
    decode(kind, text)?.try_into().map_err(|_| bad_cursor())
}

fn part<T: FromStr>(text: &str) -> Result<T, InvalidInput> {
    text.parse().map_err(|_| bad_cursor())
}

/// What to answer for buckets without ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapFill {
    /// No candle.
    #[default]
    None,
    /// After the first candle: the last close as all four prices, volume and count 0.
    Previous,
    /// Volume and count 0, no prices.
    Zero,
}

impl FromStr for GapFill {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        match text {
            "none" => Ok(Self::None),
            "previous" => Ok(Self::Previous),
            "zero" => Ok(Self::Zero),
            _ => Err(InvalidInput::new("fill", "must be none, previous or zero")),
        }
    }
}

/// A page of the candles of one (venue, symbol), ordered by `open_ts`.
///
/// A candle is in the range when its `open_ts` is, and is then computed from its whole bucket.
/// Filled buckets reach from the first candle to the last, or to the ends of the range where it has
/// ends ([`GapFill::Previous`] never starts before the first candle).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandleQuery {
    /// Where it traded.
    pub venue: Venue,
    /// What traded.
    pub symbol: Symbol,
    /// Width of the buckets.
    pub interval: Interval,
    /// Only candles that open in this range.
    pub range: TimeRange,
    /// What to do with buckets that have no ticks.
    pub fill: GapFill,
    /// Candles at most, filled ones included, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Only candles behind this one, from the page before.
    pub after: Option<CandleCursor>,
}

/// A place in ordered candles. Opaque text to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CandleCursor {
    /// Opening time of the candle it stands at.
    pub open_ts: Timestamp,
    /// What that candle closed at, to fill from.
    pub close: Option<Decimal>,
}

impl fmt::Display for CandleCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let close = self.close.map(|close| close.to_string()).unwrap_or_default();
        encode("candle1", &[&self.open_ts.as_nanos(), &close], f)
    }
}

impl FromStr for CandleCursor {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let [open_ts, close] = parts("candle1", text)?;
        Ok(Self {
            open_ts: Timestamp::from_nanos(part(&open_ts)?).map_err(|_| bad_cursor())?,
            close: if close.is_empty() { None } else { Some(part(&close)?) },
        })
    }
}

impl CandleQuery {
    /// The first page of all candles of `interval`.
    #[must_use]
    pub const fn new(venue: Venue, symbol: Symbol, interval: Interval) -> Self {
        Self {
            venue,
            symbol,
            interval,
            range: TimeRange::ALL,
            fill: GapFill::None,
            limit: MAX_LIMIT,
            after: None,
        }
    }

    /// Checks the limit.
    ///
    /// # Errors
    /// When it is out of range.
    pub fn validate(&self) -> Result<(), InvalidInput> {
        check_limit(self.limit)
    }

    /// The ticks to read for this page: whole buckets, behind the cursor.
    #[must_use]
    pub fn ticks(&self) -> TickFilter {
        TickFilter {
            venue: Some(self.venue.clone()),
            symbol: Some(self.symbol.clone()),
            range: self.interval.whole_buckets(self.first_index(), self.end_index()),
            unlike: None,
        }
    }

    /// The page made of `found`: up to `limit + 1` candles with ticks from
    /// [`ticks`](Self::ticks), in order.
    #[must_use]
    pub fn page(&self, found: Vec<Candle>) -> Page<Candle, CandleCursor> {
        let mut items = if self.fill == GapFill::None { found } else { self.filled(found) };
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let at = |candle: &Candle| CandleCursor { open_ts: candle.open_ts, close: candle.close };
        let next = items.last().filter(|_| more).map(at);
        Page { items, next }
    }

    fn first_index(&self) -> Option<i64> {
        let from = self.range.from().map(|from| self.interval.index_from(from));
        let after = self.after.map(|cursor| self.interval.index(cursor.open_ts) + 1);
        from.max(after)
    }

    fn end_index(&self) -> Option<i64> {
        self.range.to().map(|to| self.interval.index_from(to))
    }

    fn filled(&self, found: Vec<Candle>) -> Vec<Candle> {
        let index = |candle: &Candle| self.interval.index(candle.open_ts);
        let (first, last) = (found.first().map(index), found.last().map(index));
        let may_lead = self.after.is_some() || self.fill == GapFill::Zero;
        let Some(start) = (if may_lead { self.first_index().or(first) } else { first }) else {
            return found;
        };
        let end = self.end_index().or(last.map(|last| last + 1)).unwrap_or(start);
        let mut close = self.after.and_then(|cursor| cursor.close);
        let mut found = found.into_iter().peekable();
        let mut items = Vec::new();
        for index in start..end {
            let Some(open_ts) = self.interval.start(index) else {
                break;
            };
            let candle = found.next_if(|candle| candle.open_ts == open_ts).unwrap_or_else(|| {
                let close = close.filter(|_| self.fill == GapFill::Previous);
                Candle::empty(&self.venue, &self.symbol, self.interval, open_ts, close)
            });
            close = candle.close;
            items.push(candle);
            if items.len() > self.limit {
                break;
            }
        }
        items
    }
}
