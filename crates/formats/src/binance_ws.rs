//! Binance's market data stream as recorded: one message a line, the time of receipt before it.

use serde::Deserialize;
use serde_json::value::RawValue;
use tradekeep_models::{InvalidInput, Tick};

use crate::draft::{Drafter, RawTick};
use crate::json::{object, scalar, string};
use crate::lines::next_row;
use crate::source::Source;
use crate::{FormatError, Row};

/// The parts of a message that matter here, of a combined stream or a single one. In messages other
/// than trades the same letters mean other things, so nothing is read before its time.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    /// The kind of event.
    #[serde(borrow)]
    e: Option<&'a RawValue>,
    /// Symbol.
    #[serde(borrow)]
    s: Option<&'a RawValue>,
    /// Id of a single trade.
    #[serde(borrow)]
    t: Option<&'a RawValue>,
    /// Id of an aggregated trade.
    #[serde(borrow)]
    a: Option<&'a RawValue>,
    /// Price.
    #[serde(borrow)]
    p: Option<&'a RawValue>,
    /// Quantity.
    #[serde(borrow)]
    q: Option<&'a RawValue>,
    /// Time of the trade.
    #[serde(borrow, rename = "T")]
    time: Option<&'a RawValue>,
    /// Whether the buyer was the maker.
    #[serde(borrow)]
    m: Option<&'a RawValue>,
}

/// The next trade; messages that are no trades are passed over.
pub(crate) fn next(
    source: &mut Source,
    drafter: &mut Drafter,
) -> Result<Option<Row<Tick>>, FormatError> {
    next_row(source, |line| tick(line, drafter))
}

/// The time of receipt, where there is one, and the message.
pub(crate) fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii();
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    let (received, message) = line.split_at(digits);
    (received, message.trim_ascii_start())
}

fn tick(line: &[u8], drafter: &mut Drafter) -> Result<Option<Tick>, InvalidInput> {
    let (received_ts, message) = split(line);
    let mut message: Message<'_> = object(message)?;
    if let Some(data) = message.data {
        if !data.get().starts_with('{') {
            return Ok(None);
        }
        message = object(data.get().as_bytes())?;
    }
    let id = match message.e.map(RawValue::get) {
        Some("\"trade\"") => message.t,
        Some("\"aggTrade\"") => message.a,
        _ => return Ok(None),
    };
    let tick = drafter.tick(&RawTick {
        ts: scalar("ts", message.time)?.as_bytes(),
        symbol: string("symbol", message.s)?.as_bytes(),
        price: scalar("price", message.p)?.as_bytes(),
        quantity: scalar("quantity", message.q)?.as_bytes(),
        is_buyer_maker: message.m.map_or(&[], |m| m.get().as_bytes()),
        trade_id: scalar("trade_id", id)?.as_bytes(),
        received_ts,
        ..RawTick::default()
    })?;
    Ok(Some(tick))
}
