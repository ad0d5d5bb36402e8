//! Ticks as JSON, one object a line: what `write_record` writes of one reads back as the equal tick.

use serde::Deserialize;
use serde::de::IgnoredAny;
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
            #[serde(borrow)]
            aggregated: Option<&'a RawValue>,
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
                    aggregated: self.aggregated.map_or(&[], |text| text.get().as_bytes()),
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
