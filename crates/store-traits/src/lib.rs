#![doc = include_str!("../README.md")]

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
#[cfg(feature = "memory")]
mod memory;
mod partition;
mod probe;
mod sink;
mod ticks;

pub use error::{Act, BadRow, Delivery, ErrorKind, Result, StoreError};
#[cfg(feature = "memory")]
pub use memory::MemoryStore;
pub use partition::{Partition, PartitionAdmin};
pub use probe::{Health, Probe, Trouble};
pub use sink::{
    Ack, Batch, Origin, RecordSink, RecordSinkExt, Records, Saved, Stage, Table, Token,
};
pub use ticks::{TickSeries, TickStore, TickStoreExt};

/// Every role of a store of series at once.
pub trait SeriesStore: RecordSink + TickStore + PartitionAdmin + Probe + 'static {}

impl<T: RecordSink + TickStore + PartitionAdmin + Probe + 'static> SeriesStore for T {}
