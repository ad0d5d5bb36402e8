#![doc = include_str!("../README.md")]

mod candle;
mod decimal;
mod document;
mod error;
mod fill;
mod id;
mod interval;
mod labels;
mod latency;
mod list;
mod metric;
mod mev;
mod node_health;
mod order;
mod position;
mod query;
pub mod record;
mod records;
mod stats;
mod stored_candle;
#[cfg(feature = "proptest")]
pub mod strategies;
mod stream_position;
mod system_event;
mod table;
mod text;
mod tick;
mod time;
mod time_unit;
mod trade;

pub use candle::{Candle, vwap};
pub use decimal::{Decimal, DecimalError, DecimalSum};
pub use document::{Json, Message};
pub use error::InvalidInput;
pub use fill::{Fill, FillFilter};
pub use id::new_id;
pub use interval::{Buckets, Interval, IntervalUnit};
pub use labels::Labels;
pub use latency::{Latency, LatencyFilter};
pub use list::{Condition, Cursor, ListQuery, RecordFilter, RecordPage};
pub use metric::{Metric, MetricFilter};
pub use mev::{MevEvent, MevFilter};
pub use node_health::{BreakerStatus, NodeHealth, NodeHealthFilter};
pub use order::{Order, OrderFilter, OrderStatus, OrderType, TimeInForce};
pub use position::{Position, PositionFilter};
pub use query::{CandleCursor, CandleQuery, GapFill, MAX_LIMIT, Page};
pub use records::{AnyRecord, Records};
pub use stats::{
    BucketCursor, BucketQuery, LatencyNumbers, LatencyStats, MetricBucket, MevAnalysis,
    PairPerformance, PerformanceSummary, SlippageFilter, SlippageSource, SlippageStats, Summary,
    ValueStats, nearest_rank,
};
pub use stored_candle::{StoredCandle, StoredCandleFilter};
pub use stream_position::StreamPosition;
pub use system_event::{Severity, SystemEvent, SystemEventFilter};
pub use table::Table;
pub use text::{Ident, Market, Name, StreamId, Symbol, TradeId, TraderId, Venue};
pub use tick::{Side, StoredTick, Tick, TickBuilder, TickFilter, TickKey, Told};
pub use time::{Day, NANOS_PER_DAY, NANOS_PER_SECOND, TimeRange, Timestamp};
pub use time_unit::TimeUnit;
pub use trade::{Trade, TradeAction, TradeFilter, TradeStatus, TradingMode};
