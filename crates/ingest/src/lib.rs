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
mod throttle;
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

/// For `benches/codec.rs`: what a record costs as bytes, and back.
#[cfg(feature = "sim")]
#[doc(hidden)]
pub mod bench {
    use tradekeep_models::record::Record;
    use tradekeep_models::{InvalidInput, Records};

    use crate::codec;

    /// Appends the payload of `record` to `out`.
    ///
    /// # Errors
    /// When the record breaks a rule.
    pub fn encode<R: Record>(record: &R, out: &mut Vec<u8>) -> Result<(), InvalidInput> {
        codec::encode(record, out)
    }

    /// Adds the record whose payload this is; answers whether it is one.
    pub fn push(records: &mut Records, payload: &[u8]) -> bool {
        codec::push(records, codec::version(records.table()), payload).is_ok()
    }
}
