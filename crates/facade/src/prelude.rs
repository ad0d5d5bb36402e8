//! What most programs use: `use tradekeep::prelude::*;`. Everything else is in [`models`](crate::models),
//! [`stores`](crate::stores), [`ingest`](crate::ingest) and [`formats`](crate::formats).

pub use tradekeep_ingest::{Ingest, Level, Receipt};
pub use tradekeep_models::record::Record;
pub use tradekeep_models::{
    BreakerStatus, BucketQuery, Candle, CandleQuery, Day, Decimal, Fill, FillFilter, GapFill,
    Interval, InvalidInput, Json, Labels, Latency, LatencyFilter, Market, Message, Metric,
    MetricFilter, MevEvent, MevFilter, Name, NodeHealth, NodeHealthFilter, Order, OrderFilter,
    OrderStatus, OrderType, Position, PositionFilter, RecordFilter, Records, Severity, Side,
    StoredCandle, StoredCandleFilter, StreamId, Symbol, SystemEvent, SystemEventFilter, Table,
    Tick, TickFilter, TimeInForce, TimeRange, Timestamp, Trade, TradeAction, TradeFilter, TradeId,
    TradeStatus, TraderId, TradingMode, Venue,
};
pub use tradekeep_store_traits::{ErrorKind, Saved, SeriesStore, StoreError};
pub use uuid::Uuid;

pub use crate::{Config, ConfigFormat, Role, Tradekeep};
