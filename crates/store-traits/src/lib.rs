#![doc = include_str!("../README.md")]

mod batch;
#[cfg(feature = "proptest")]
pub mod batch_strategies;
mod capabilities;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod identity;
#[cfg(feature = "layers")]
mod layer;
mod list;
mod maintenance;
#[cfg(feature = "memory")]
mod memory;
mod metrics;
#[cfg(feature = "mock")]
pub mod mock;
mod optional;
mod partition;
mod pool;
mod position;
mod probe;
mod recent;
mod series;
mod sink;
mod source;
#[cfg(feature = "sql")]
pub mod sql;
mod ticks;
mod trades;
#[cfg(feature = "url")]
pub mod url;

pub use batch::{Batch, Origin, check_watermark};
pub use capabilities::Capabilities;
pub use error::{Act, At, BadRow, Delivery, ErrorKind, Failure, Inner, Result, StoreError};
pub use identity::{DUPLICATE_WINDOW, Verdicts, contradicts, is_stored, judge};
#[cfg(feature = "layers")]
pub use layer::{
    Chaos, LayerConfig, Layered, Limit, RetryPolicy, STORE_METRICS, StoreMetric,
    describe_store_metrics, retry,
};
pub use list::{BucketList, CandleList, List, Paged, RecordList, RecordsOf};
pub use maintenance::{Maintenance, TableStats};
#[cfg(feature = "memory")]
pub use memory::MemoryStore;
pub use metrics::MetricStore;
pub use optional::{ApproxLatencies, CandleViews};
pub use partition::{Partition, PartitionAdmin};
pub use pool::PoolStats;
pub use position::{Position, Run};
pub use probe::{Health, Probe, Trouble};
pub use recent::RecentValues;
pub use series::{RecordStore, SeriesStore};
pub use sink::{Ack, RecordSink, RecordSinkExt, Saved, Stage, Token};
pub use source::RecordSource;
pub use ticks::{TickSeries, TickStore};
pub use tradekeep_models::{Records, Table, with_records};
pub use trades::TradeStore;
