//! Binance's market data stream as recorded: one message a line, the time of receipt before it.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tradekeep_models::{InvalidInput, Tick};

use crate::binance::Market;
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
    /// Spot's alone have it.
    #[serde(rename = "M")]
    spot: Option<IgnoredAny>,
}

/// The next trade; messages that are no trades are passed over.
///
/// They are of the market that each tells, or of what the options say where that is `given`.
pub(crate) fn next(
    source: &mut Source,
    drafter: &mut Drafter,
    given: bool,
) -> Result<Option<Row<Tick>>, FormatError> {
    next_row(source, |line| tick(line, drafter, given))
}

/// The time of receipt, where there is one, and the message.
pub(crate) fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii();
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    let (received, message) = line.split_at(digits);
    (received, message.trim_ascii_start())
}

fn tick(line: &[u8], drafter: &mut Drafter, given: bool) -> Result<Option<Tick>, InvalidInput> {
    let (received_ts, message) = split(line);
    let mut message: Message<'_> = object(message)?;
    if let Some(data) = message.data {
        if !data.get().starts_with('{') {
            return Ok(None);
        }
        message = object(data.get().as_bytes())?;
    }
    let (id, aggregated) = match message.e.map(RawValue::get) {
        Some("\"trade\"") => (message.t, &[][..]),
        Some("\"aggTrade\"") => (message.a, &b"true"[..]),
        _ => return Ok(None),
    };
    let symbol = string("symbol", message.s)?;
    let market = if message.spot.is_some() { Market::Spot } else { Market::Futures };
    let venue = if given { "" } else { market.venue(&symbol) };
    let tick = drafter.tick(&RawTick {
        ts: scalar("ts", message.time)?.as_bytes(),
        venue: venue.as_bytes(),
        symbol: symbol.as_bytes(),
        aggregated,
        price: scalar("price", message.p)?.as_bytes(),
        quantity: scalar("quantity", message.q)?.as_bytes(),
        is_buyer_maker: message.m.map_or(&[], |m| m.get().as_bytes()),
        trade_id: scalar("trade_id", id)?.as_bytes(),
        received_ts,
        ..RawTick::default()
    })?;
    Ok(Some(tick))
}
