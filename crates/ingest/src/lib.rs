#![doc = include_str!("../README.md")]

mod appender;
mod clock;
mod codec;
mod commit;
mod config;
mod dead_letter;
mod deliver;
mod error;
mod events;
mod flush;
pub mod fs;
mod ingest;
pub mod inspect;
mod log;
mod metrics;
mod notifier;
pub mod operate;
mod pipeline;
mod receipt;
pub mod requests;
mod shutdown;
mod slots;
mod spool;
mod stats;
mod tail;
#[cfg(test)]
mod testing;
mod text;
mod trimmer;

pub use clock::{Clock, SystemClock};
pub use config::{IngestConfig, Level, WhenFull};
pub use dead_letter::{Class, DeadLetter, DeadLetterFilter, DeadState, Replayed};
pub use deliver::sink::{LaneStatus, SinkConfig, SinkId};
pub use error::{IngestError, Result};
pub use ingest::Ingest;
pub use metrics::{INGEST_METRICS, IngestMetric, describe_ingest_metrics};
pub use receipt::Receipt;
pub use stats::{IngestStats, LaneStats, SinkStats};
pub use tail::{Accepted, Tail};
