//! Ticks as JSON, one object a line: what is written here reads back as the equal tick.

use std::io;

use serde::Deserialize;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::value::RawValue;
use tradekeep_models::{InvalidInput, Tick};

use crate::draft::{Drafter, Fields};
use crate::json::{object, scalar, string};
use crate::lines::next_row;
use crate::source::Source;
use crate::{FormatError, Row};

/// One line. Whatever else is in it is refused: a misspelt field must not vanish.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    ts: Option<&'a RawValue>,
    #[serde(borrow)]
    venue: Option<&'a RawValue>,
    #[serde(borrow)]
    symbol: Option<&'a RawValue>,
    #[serde(borrow)]
    trade_id: Option<&'a RawValue>,
    #[serde(borrow)]
    price: Option<&'a RawValue>,
    #[serde(borrow)]
    quantity: Option<&'a RawValue>,
    #[serde(borrow)]
    side: Option<&'a RawValue>,
    #[serde(borrow)]
    notional: Option<&'a RawValue>,
    #[serde(borrow)]
    sequence: Option<&'a RawValue>,
    #[serde(borrow)]
    received_ts: Option<&'a RawValue>,
    #[serde(borrow)]
    key: Option<&'a RawValue>,
}

/// The next row.
pub(crate) fn next(source: &mut Source, drafter: &mut Drafter) -> Result<Option<Row>, FormatError> {
    next_row(source, |line| tick(line, drafter).map(Some))
}

fn tick(line: &[u8], drafter: &mut Drafter) -> Result<Tick, InvalidInput> {
    let line: Line<'_> = object(line)?;
    drafter.tick(&Fields {
        ts: scalar("ts", line.ts)?.as_bytes(),
        venue: string("venue", line.venue)?.as_bytes(),
        symbol: string("symbol", line.symbol)?.as_bytes(),
        price: scalar("price", line.price)?.as_bytes(),
        quantity: scalar("quantity", line.quantity)?.as_bytes(),
        side: string("side", line.side)?.as_bytes(),
        is_buyer_maker: &[],
        trade_id: scalar("trade_id", line.trade_id)?.as_bytes(),
        received_ts: scalar("received_ts", line.received_ts)?.as_bytes(),
        sequence: scalar("sequence", line.sequence)?.as_bytes(),
        key: scalar("key", line.key)?.as_bytes(),
        notional: scalar("notional", line.notional)?.as_bytes(),
    })
}

/// A tick as the JSON object that is one line of a file: decimals and the key are strings, times are
/// RFC 3339 with nanoseconds, what is absent is `null`.
///
/// ```
/// use tradekeep_formats::TickObject;
/// use tradekeep_models::{Symbol, Tick};
///
/// let tick = Tick::builder(Symbol::new("BTC-USD")?, "2024-08-08T10:00:05Z".parse()?)
///     .price("61837.63".parse()?)
///     .quantity("0.5".parse()?)
///     .build()?;
/// let json = serde_json::to_string(&TickObject(&tick))?;
/// assert!(json.starts_with(r#"{"ts":"2024-08-08T10:00:05.000000000Z","venue":"unknown","#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TickObject<'a>(pub &'a Tick);

impl Serialize for TickObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tick = self.0;
        let text = |value: &dyn std::fmt::Display| value.to_string();
        let mut object = serializer.serialize_struct("Tick", 11)?;
        object.serialize_field("ts", &text(&tick.ts()))?;
        object.serialize_field("venue", tick.venue().as_str())?;
        object.serialize_field("symbol", tick.symbol().as_str())?;
        object.serialize_field("trade_id", &tick.trade_id().map(|id| id.as_str()))?;
        object.serialize_field("price", &text(&tick.price()))?;
        object.serialize_field("quantity", &text(&tick.quantity()))?;
        object.serialize_field("side", &tick.side().map(|side| side.as_str()))?;
        object.serialize_field("notional", &text(&tick.notional()))?;
        object.serialize_field("sequence", &tick.sequence())?;
        object.serialize_field("received_ts", &tick.received_ts().map(|ts| text(&ts)))?;
        object.serialize_field("key", &text(&tick.key().0))?;
        object.end()
    }
}

/// Writes `tick` as one line of JSON.
///
/// # Errors
/// What `out` answers.
pub fn write_tick(out: &mut impl io::Write, tick: &Tick) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &TickObject(tick))?;
    out.write_all(b"\n")
}
