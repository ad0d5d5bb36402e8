#![doc = include_str!("../README.md")]

mod accept;
mod bell;
mod clock;
mod codec;
mod commit;
mod config;
mod dead_letter;
mod deliver;
mod ended;
mod error;
mod events;
pub mod fs;
mod hurry;
mod ingest;
mod keeper;
mod log;
pub mod look;
mod metrics;
pub mod operate;
mod receipt;
pub mod requests;
mod slots;
mod spool;
mod stats;
mod tail;
#[cfg(test)]
mod testing;
mod text;

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
