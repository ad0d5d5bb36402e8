//! From the fields of a row to a tick: one way for every format.

use tradekeep_models::{
    Decimal, InvalidInput, Side, StreamPosition, Symbol, Tick, TickKey, Timestamp, TradeId, Venue,
};

use crate::ReadOptions;
use crate::clock::{Clock, Moment, Unit};
use crate::number::{decimal, integer, is_digits};
use crate::occurrence::Occurrences;

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
}

impl Drafter {
    pub(crate) fn new(options: &ReadOptions) -> Self {
        Self {
            venue: Name::new(options.venue.clone().or_else(|| Some(Venue::unknown()))),
            symbol: Name::new(options.symbol.clone()),
            ts: Clock::new("ts"),
            received_ts: Clock::new("received_ts"),
            source: options.source.clone(),
            occurrences: Occurrences::default(),
        }
    }

    /// Takes both times as counts of `unit`.
    pub(crate) const fn fix_unit(&mut self, unit: Unit) {
        self.ts = Clock::fixed("ts", unit);
        self.received_ts = Clock::fixed("received_ts", unit);
    }

    /// The tick of a row in text.
    pub(crate) fn tick(&mut self, fields: &RawTick<'_>) -> Result<Tick, InvalidInput> {
        let (draft, ts, received) = self.draft(fields)?;
        let tick = self.complete(draft)?;
        check_notional(fields.notional, &tick)?;
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
        let draft = Draft {
            ts: ts.ts,
            venue: self.venue(fields.venue)?,
            symbol: self.symbol(fields.symbol)?,
            price: decimal("price", fields.price)?,
            quantity: decimal("quantity", fields.quantity)?,
            side: side(fields.side, fields.is_buyer_maker)?,
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
        };
        Ok((draft, ts, received))
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

fn side(side: &[u8], is_buyer_maker: &[u8]) -> Result<Option<Side>, InvalidInput> {
    if !side.is_empty() {
        return if side.eq_ignore_ascii_case(b"unknown") {
            Ok(None)
        } else {
            utf8("side", side)?.parse().map(Some)
        };
    }
    // The maker rests in the book: a maker who bought met a taker who sold.
    match is_buyer_maker {
        [] => Ok(None),
        text => match boolean(text) {
            Some(true) => Ok(Some(Side::Sell)),
            Some(false) => Ok(Some(Side::Buy)),
            None => Err(InvalidInput::new("is_buyer_maker", "is neither true nor false")),
        },
    }
}

/// `true` or `false` in any case.
pub(crate) fn boolean(text: &[u8]) -> Option<bool> {
    if text.eq_ignore_ascii_case(b"true") {
        Some(true)
    } else {
        text.eq_ignore_ascii_case(b"false").then_some(false)
    }
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
