//! Ticks as JSON, one object a line: what is written here reads back as the equal tick.

use std::io;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::value::RawValue;
use tradekeep_models::{InvalidInput, Tick};

use crate::draft::{Drafter, RawTick};
use crate::json::{object, scalar, string};
use crate::lines::next_row;
use crate::source::Source;
use crate::{FormatError, Row};

/// One line. Whatever else is in it is refused: a misspelt field must not vanish.
macro_rules! line {
    ($(#[$doc:meta])* $line:ident $($kind:tt)*) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $line<'a> {
            $($kind)*
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

        impl $line<'_> {
            /// Hands on its fields as text.
            fn read<T>(
                &self,
                make: impl FnOnce(&RawTick<'_>) -> Result<T, InvalidInput>,
            ) -> Result<T, InvalidInput> {
                make(&RawTick {
                    ts: scalar("ts", self.ts)?.as_bytes(),
                    venue: string("venue", self.venue)?.as_bytes(),
                    symbol: string("symbol", self.symbol)?.as_bytes(),
                    price: scalar("price", self.price)?.as_bytes(),
                    quantity: scalar("quantity", self.quantity)?.as_bytes(),
                    side: string("side", self.side)?.as_bytes(),
                    is_buyer_maker: &[],
                    trade_id: scalar("trade_id", self.trade_id)?.as_bytes(),
                    received_ts: scalar("received_ts", self.received_ts)?.as_bytes(),
                    sequence: scalar("sequence", self.sequence)?.as_bytes(),
                    key: scalar("key", self.key)?.as_bytes(),
                    notional: scalar("notional", self.notional)?.as_bytes(),
                })
            }
        }
    };
}

line! {
    /// A line of a file.
    Line
}

line! {
    /// A line of a stream, which may say that it is a tick.
    TypedLine
    #[serde(rename = "type")]
    _type: Option<IgnoredAny>,
}

/// The next row.
pub(crate) fn next(
    source: &mut Source,
    drafter: &mut Drafter,
) -> Result<Option<Row<Tick>>, FormatError> {
    next_row(source, |line| tick(line, drafter).map(Some))
}

fn tick(line: &[u8], drafter: &mut Drafter) -> Result<Tick, InvalidInput> {
    object::<Line<'_>>(line)?.read(|fields| drafter.tick(fields))
}

/// The tick of a line that stands for itself, and whether it has no identity of its own.
pub(crate) fn live_tick(line: &[u8], drafter: &mut Drafter) -> Result<(Tick, bool), InvalidInput> {
    object::<TypedLine<'_>>(line)?.read(|fields| drafter.live_tick(fields))
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
