#![doc = include_str!("../README.md")]

mod batch;
#[cfg(feature = "proptest")]
pub mod batch_strategies;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod events;
mod executions;
#[cfg(feature = "layers")]
mod layer;
mod maintenance;
#[cfg(feature = "memory")]
mod memory;
mod metrics;
#[cfg(feature = "mock")]
pub mod mock;
mod partition;
mod probe;
mod sink;
mod ticks;
mod trades;

pub use batch::{Batch, Origin};
pub use error::{Act, BadRow, Delivery, ErrorKind, Result, StoreError};
pub use events::{EventStore, EventStoreExt};
pub use executions::{ExecutionStore, ExecutionStoreExt};
#[cfg(feature = "layers")]
pub use layer::{
    Chaos, LayerConfig, Layered, Limit, RetryPolicy, STORE_METRICS, StoreMetric,
    describe_store_metrics, retry,
};
pub use maintenance::{Maintenance, TableStats};
#[cfg(feature = "memory")]
pub use memory::MemoryStore;
pub use metrics::{MetricStore, MetricStoreExt};
pub use partition::{Partition, PartitionAdmin, PartitionAdminExt};
pub use probe::{Health, Probe, Trouble};
pub use sink::{Ack, RecordSink, RecordSinkExt, Records, Saved, Stage, Token};
pub use ticks::{TickSeries, TickStore, TickStoreExt};
pub use tradekeep_models::Table;
pub use trades::{TradeStore, TradeStoreExt};

/// Every role of a store of series at once.
pub trait SeriesStore:
    TickStore + TradeStore + ExecutionStore + MetricStore + EventStore + Maintenance + Probe + 'static
{
}

impl<T> SeriesStore for T where
    T: TickStore
        + TradeStore
        + ExecutionStore
        + MetricStore
        + EventStore
        + Maintenance
        + Probe
        + 'static
{
}
