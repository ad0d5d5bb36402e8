//! Ticks, of which there are most: read without a row between payload and record.

use postcard::{Deserializer, de_flavors::Slice};
use serde::Deserialize;
use tradekeep_models::{
    Decimal, Side, StoredTick, Symbol, Tick, TickKey, Timestamp, TradeId, Venue,
};

use super::cell::Cell;

/// The tick of a payload of this version; nothing where that is none, and [`super::decode`] tells why.
pub(super) fn read(version: u16, payload: &[u8]) -> Option<Tick> {
    let mut cells = Deserializer::from_bytes(payload);
    let stored = StoredTick {
        venue: Venue::new(text(&mut cells)?).ok()?,
        symbol: Symbol::new(text(&mut cells)?).ok()?,
        ts: time(&mut cells)??,
        key: TickKey(int(&mut cells)?),
        sequence: int(&mut cells)?,
        trade_id: match next(&mut cells)? {
            Cell::Null => None,
            Cell::Text(id) => Some(TradeId::new(id).ok()?),
            _ => return None,
        },
        received_ts: time(&mut cells)?,
        price: decimal(&mut cells)?,
        quantity: decimal(&mut cells)?,
        notional: decimal(&mut cells)?,
        side: match next(&mut cells)? {
            Cell::Null => None,
            Cell::Text(side) => Some(side.parse::<Side>().ok()?),
            _ => return None,
        },
        aggregated: version >= 2
            && match next(&mut cells)? {
                Cell::Bool(aggregated) => aggregated,
                _ => return None,
            },
    };
    if !cells.finalize().ok()?.is_empty() {
        return None;
    }
    Tick::try_from(stored).ok()
}

type Cells<'a> = Deserializer<'a, Slice<'a>>;

// Each always inline: a call would move every value through the stack once more.

#[inline(always)]
fn next<'a>(cells: &mut Cells<'a>) -> Option<Cell<'a>> {
    Cell::deserialize(cells).ok()
}

#[inline(always)]
fn text<'a>(cells: &mut Cells<'a>) -> Option<&'a str> {
    if let Cell::Text(text) = next(cells)? { Some(text) } else { None }
}

#[inline(always)]
fn int(cells: &mut Cells<'_>) -> Option<i64> {
    if let Cell::Int(number) = next(cells)? { Some(number) } else { None }
}

/// A time, or that there is none.
#[inline(always)]
fn time(cells: &mut Cells<'_>) -> Option<Option<Timestamp>> {
    match next(cells)? {
        Cell::Null => Some(None),
        Cell::Time(nanos) => Some(Some(Timestamp::from_nanos(nanos).ok()?)),
        _ => None,
    }
}

#[inline(always)]
fn decimal(cells: &mut Cells<'_>) -> Option<Decimal> {
    if let Cell::Decimal(scaled) = next(cells)? { Decimal::from_scaled(scaled).ok() } else { None }
}
