//! From the fields of a row to a tick: one way for every format.

use tradekeep_models::{
    Decimal, InvalidInput, Side, StreamPosition, Symbol, Tick, TickKey, TimeUnit, Timestamp,
    TradeId, Venue,
};

use crate::clock::{Clock, Moment};
use crate::number::{decimal, integer, is_digits, rounded};
use crate::occurrence::Occurrences;
use crate::words::{boolean, other, side};
use crate::{ReadOptions, SideOf};

/// A row's fields as text; empty is absent.
#[derive(Debug, Default)]
pub(crate) struct RawTick<'a> {
    pub(crate) ts: &'a [u8],
    pub(crate) venue: &'a [u8],
    pub(crate) symbol: &'a [u8],
    pub(crate) price: &'a [u8],
    pub(crate) quantity: &'a [u8],
    pub(crate) side: &'a [u8],
    pub(crate) is_buyer_maker: &'a [u8],
    pub(crate) trade_id: &'a [u8],
    pub(crate) received_ts: &'a [u8],
    pub(crate) sequence: &'a [u8],
    pub(crate) key: &'a [u8],
    pub(crate) aggregated: &'a [u8],
    /// What the row says that price x quantity is.
    pub(crate) notional: &'a [u8],
}

/// A row's fields as values.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) ts: Timestamp,
    pub(crate) venue: Venue,
    pub(crate) symbol: Symbol,
    pub(crate) price: Decimal,
    pub(crate) quantity: Decimal,
    pub(crate) side: Option<Side>,
    pub(crate) trade_id: Option<TradeId>,
    pub(crate) received_ts: Option<Timestamp>,
    pub(crate) sequence: Option<i64>,
    pub(crate) key: Option<TickKey>,
    pub(crate) aggregated: bool,
    /// Whether a number of it was rounded.
    pub(crate) rounded: bool,
}

/// Makes ticks of rows: fills in what the file lacks, and counts what nothing tells apart.
#[derive(Debug)]
pub(crate) struct Drafter {
    venue: Name<Venue>,
    symbol: Name<Symbol>,
    ts: Clock,
    received_ts: Clock,
    source: Option<String>,
    occurrences: Occurrences,
    side_of: SideOf,
    negative_is: Option<Side>,
    round: bool,
    /// Rows that had something rounded.
    rounded: u64,
    /// Whether the last row was numbered by its place.
    has_counted: bool,
}

impl Drafter {
    pub(crate) fn new(options: &ReadOptions) -> Self {
        Self {
            venue: Name::new(options.venue.clone().or_else(|| Some(Venue::unknown()))),
            symbol: Name::new(options.symbol.clone()),
            ts: Clock::new("ts", &options.time),
            received_ts: Clock::new("received_ts", &options.time),
            source: options.source.clone(),
            occurrences: Occurrences::default(),
            side_of: options.side_of,
            negative_is: options.negative_is,
            round: options.round,
            rounded: 0,
            has_counted: false,
        }
    }

    /// Both times count `unit`, as the format has it.
    pub(crate) const fn expect_both(&mut self, unit: TimeUnit) {
        self.ts.expect(unit);
        self.received_ts.expect(unit);
    }

    /// The tick of a row in text.
    pub(crate) fn tick(&mut self, fields: &RawTick<'_>) -> Result<Tick, InvalidInput> {
        let (draft, ts, received) = self.draft(fields)?;
        let is_rounded = draft.rounded;
        let tick = self.complete(draft)?;
        check_notional(fields.notional, &tick)?;
        self.rounded += u64::from(is_rounded);
        // Only an accepted row decides for the others.
        self.ts.settle(ts);
        if let Some(received) = received {
            self.received_ts.settle(received);
        }
        Ok(tick)
    }

    /// The tick of a row that has no others: what it lacks is taken from its position in this process's
    /// stream.
    /// Answers too whether that is all that tells it from others.
    pub(crate) fn live_tick(&mut self, fields: &RawTick<'_>) -> Result<(Tick, bool), InvalidInput> {
        let (mut draft, ..) = self.draft(fields)?;
        let nameless = draft.key.is_none() && draft.trade_id.is_none();
        let numbered = draft.sequence.is_some()
            || draft.trade_id.as_ref().is_some_and(|id| is_number(id.as_str()));
        if nameless || !numbered {
            let position = StreamPosition::next();
            draft.key = draft.key.or_else(|| nameless.then(|| TickKey::from_position(&position)));
            draft.sequence = draft.sequence.or_else(|| (!numbered).then_some(position.seq));
        }
        let tick = build(draft)?;
        check_notional(fields.notional, &tick)?;
        Ok((tick, nameless))
    }

    /// The values of a row in text, and how its times were written.
    fn draft(
        &mut self,
        fields: &RawTick<'_>,
    ) -> Result<(Draft, Moment, Option<Moment>), InvalidInput> {
        let ts = self.ts.read(fields.ts)?;
        let received = match fields.received_ts {
            [] => None,
            text => Some(self.received_ts.read(text)?),
        };
        let (price, price_rounded) = self.number("price", fields.price)?;
        let (quantity, quantity_rounded) = self.number("quantity", fields.quantity)?;
        let side = self.side(fields)?;
        let (quantity, side) = self.signed(quantity, side)?;
        let draft = Draft {
            rounded: price_rounded || quantity_rounded,
            ts: ts.ts,
            venue: self.venue(fields.venue)?,
            symbol: self.symbol(fields.symbol)?,
            price,
            quantity,
            side,
            trade_id: match fields.trade_id {
                [] => None,
                text => Some(TradeId::new(utf8("trade_id", text)?)?),
            },
            received_ts: received.map(|received| received.ts),
            sequence: match fields.sequence {
                [] => None,
                text => Some(integer("sequence", text)?),
            },
            key: match fields.key {
                [] => None,
                text => Some(TickKey(integer("key", text)?)),
            },
            aggregated: match fields.aggregated {
                [] => false,
                text => boolean(text)
                    .ok_or_else(|| InvalidInput::new("aggregated", "is neither true nor false"))?,
            },
        };
        Ok((draft, ts, received))
    }

    /// A number, and whether it was rounded.
    fn number(&self, field: &'static str, text: &[u8]) -> Result<(Decimal, bool), InvalidInput> {
        if self.round {
            rounded(field, text)
        } else {
            decimal(field, text).map(|value| (value, false))
        }
    }

    /// Whose side it is, as the aggressor's.
    fn side(&self, fields: &RawTick<'_>) -> Result<Option<Side>, InvalidInput> {
        if !fields.side.is_empty() {
            let told = side(fields.side)?;
            return Ok(match self.side_of {
                SideOf::Taker => told,
                SideOf::Maker => told.map(other),
            });
        }
        // The maker rests in the book: a maker who bought met a taker who sold.
        match fields.is_buyer_maker {
            [] => Ok(None),
            text => match boolean(text) {
                Some(true) => Ok(Some(Side::Sell)),
                Some(false) => Ok(Some(Side::Buy)),
                None => Err(InvalidInput::new("is_buyer_maker", "is neither true nor false")),
            },
        }
    }

    /// The quantity without its sign, where that tells the side.
    fn signed(
        &self,
        quantity: Decimal,
        side: Option<Side>,
    ) -> Result<(Decimal, Option<Side>), InvalidInput> {
        let Some(negative) = self.negative_is else {
            if quantity.is_negative() {
                let reason = "is negative: --negative-is sell says that it is a sell then";
                return Err(InvalidInput::new("quantity", reason));
            }
            return Ok((quantity, side));
        };
        let (quantity, told) = match quantity.is_negative() {
            true => (Decimal::ZERO.sub(quantity).unwrap_or(quantity), negative),
            false => (quantity, other(negative)),
        };
        if side.is_some_and(|side| side != told) {
            return Err(InvalidInput::new(
                "side",
                "is another one than the sign of the quantity tells",
            ));
        }
        Ok((quantity, Some(told)))
    }

    /// Whether the number of the last row is its place among those of its series and time.
    pub(crate) const fn has_counted(&self) -> bool {
        self.has_counted
    }

    /// Rows so far that had something rounded.
    pub(crate) const fn rounded(&self) -> u64 {
        self.rounded
    }

    /// The times count `unit`, as the name of their column says.
    pub(crate) const fn expect_unit(&mut self, unit: TimeUnit) {
        self.ts.expect(unit);
    }

    /// The venue called `text`, or the one of the options.
    pub(crate) fn venue(&mut self, text: &[u8]) -> Result<Venue, InvalidInput> {
        self.venue.read("venue", text)
    }

    /// The symbol called `text`, or the one of the options.
    pub(crate) fn symbol(&mut self, text: &[u8]) -> Result<Symbol, InvalidInput> {
        self.symbol.read("symbol", text)
    }

    /// The tick of a row in values.
    pub(crate) fn complete(&mut self, mut draft: Draft) -> Result<Tick, InvalidInput> {
        let Draft { price, quantity, side, sequence, key, .. } = draft;
        let id = draft.trade_id.as_ref().map(TradeId::as_str);
        let numbered = sequence.is_some() || id.is_some_and(is_number);
        let content = |n| TickKey::from_content(price, quantity, side, n, self.source.as_deref());
        let nameless = key.is_none() && id.is_none();
        self.has_counted = !numbered;
        if nameless || !numbered {
            let kind = nameless.then(|| content(0));
            let counted = self.occurrences.count(&draft.venue, &draft.symbol, draft.ts, kind);
            if nameless {
                draft.key = match counted.as_ref().map_err(Clone::clone)?.occurrence {
                    0 => kind,
                    n => Some(content(n)),
                };
            }
            if !numbered {
                // A row with an id of its own is told apart without its ordinal, which only orders.
                draft.sequence = Some(counted.map_or(0, |counted| counted.ordinal.into()));
            }
        }
        build(draft)
    }
}

fn build(draft: Draft) -> Result<Tick, InvalidInput> {
    Tick::builder(draft.symbol, draft.ts)
        .venue(draft.venue)
        .price(draft.price)
        .quantity(draft.quantity)
        .side(draft.side)
        .trade_id(draft.trade_id)
        .received_ts(draft.received_ts)
        .sequence(draft.sequence)
        .key(draft.key)
        .aggregated(draft.aggregated)
        .build()
}

/// Whether the model takes this trade id for the sequence.
fn is_number(id: &str) -> bool {
    is_digits(id.as_bytes()) && id.parse::<i64>().is_ok()
}

fn check_notional(text: &[u8], tick: &Tick) -> Result<(), InvalidInput> {
    if !text.is_empty() && decimal("notional", text)? != tick.notional() {
        let reason = format!("is not price x quantity, which is {}", tick.notional());
        return Err(InvalidInput::new("notional", reason));
    }
    Ok(())
}

fn utf8<'a>(field: &'static str, text: &'a [u8]) -> Result<&'a str, InvalidInput> {
    std::str::from_utf8(text).map_err(|_| InvalidInput::new(field, "is not UTF-8"))
}

/// A name that mostly is the one of the row before.
#[derive(Debug)]
struct Name<T> {
    default: Option<T>,
    last: Option<T>,
}

impl<T: Clone + AsRef<str> + std::str::FromStr<Err = InvalidInput>> Name<T> {
    const fn new(default: Option<T>) -> Self {
        Self { default, last: None }
    }

    fn read(&mut self, field: &'static str, text: &[u8]) -> Result<T, InvalidInput> {
        if text.is_empty() {
            let missing = || InvalidInput::new(field, "is missing");
            return self.default.clone().ok_or_else(missing);
        }
        if let Some(last) = &self.last
            && last.as_ref().as_bytes() == text
        {
            return Ok(last.clone());
        }
        let name: T = utf8(field, text)?.parse()?;
        self.last = Some(name.clone());
        Ok(name)
    }
}
