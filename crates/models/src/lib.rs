#![doc = include_str!("../README.md")]

mod candle;
mod decimal;
mod error;
mod interval;
mod query;
#[cfg(feature = "proptest")]
pub mod strategies;
mod text;
mod tick;
mod time;

pub use candle::{Candle, vwap};
pub use decimal::{Decimal, DecimalError};
pub use error::InvalidInput;
pub use interval::{Buckets, Interval, IntervalUnit};
pub use query::{
    CandleCursor, CandleQuery, Fill, MAX_LIMIT, Page, TickCursor, TickFilter, TickQuery,
};
pub use text::{Ident, StreamId, Symbol, TradeId, Venue};
pub use tick::{Side, Tick, TickBuilder, TickKey};
pub use time::{Day, NANOS_PER_DAY, NANOS_PER_SECOND, TimeRange, Timestamp};
