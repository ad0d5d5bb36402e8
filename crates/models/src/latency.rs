//! How long an operation took.

use crate::record::{Naming, record};
use crate::{
    Condition, InvalidInput, Name, RecordFilter, StreamId, StreamPosition, TimeRange, Timestamp,
};

record! {
    /// How long an operation of a service took, and whether it succeeded. Identity is (ts, stream,
    /// seq).
    ///
    /// ```
    /// use tradekeep_models::{Latency, Name};
    ///
    /// let (service, operation) = (Name::new("router")?, Name::new("quote")?);
    /// let quick = Latency::new("2024-08-08T10:00:05Z".parse()?, service, operation, 1_250_000);
    /// let failed = quick.clone().with_error(Name::new("timeout")?);
    /// assert!(quick.success && !failed.success);
    /// # Ok::<(), tradekeep_models::InvalidInput>(())
    /// ```
    pub struct Latency in Latencies;
    const IDENTITY: &'static [&'static str] = &["ts", "stream", "seq"];
    const NAMING: Naming = Naming::Position;
    {
        /// When the operation ended.
        ts: Timestamp,
        /// The stream it came from.
        stream: StreamId,
        /// Its number in the stream.
        seq: i64,
        /// Whose operation.
        service: Name,
        /// What was done.
        operation: Name,
        /// How long it took.
        [unit "nanoseconds"]
        latency_ns: u64,
        /// Whether it succeeded.
        [default true]
        success: bool,
        /// What failed, in a word.
        error_type: Option<Name>,
    }
}

impl Latency {
    /// An operation that succeeded, at a place of its own.
    #[must_use]
    pub fn new(ts: Timestamp, service: Name, operation: Name, latency_ns: u64) -> Self {
        let StreamPosition { stream, seq } = StreamPosition::next();
        Self { ts, stream, seq, service, operation, latency_ns, success: true, error_type: None }
    }

    /// The same, but failed, with what failed in a word.
    #[must_use]
    pub fn with_error(mut self, error_type: Name) -> Self {
        self.success = false;
        self.error_type = Some(error_type);
        self
    }

    fn rules(&self) -> Result<(), InvalidInput> {
        if self.success && self.error_type.is_some() {
            return Err(InvalidInput::new("error_type", "is set for an operation that succeeded"));
        }
        Ok(())
    }
}

/// Which latencies: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LatencyFilter {
    /// Only this service's.
    pub service: Option<Name>,
    /// Only of this operation.
    pub operation: Option<Name>,
    /// Only event times in this range.
    pub range: TimeRange,
}

impl RecordFilter for LatencyFilter {
    type Record = Latency;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        [
            self.service.as_ref().map(|service| Condition::text("service", service)),
            self.operation.as_ref().map(|operation| Condition::text("operation", operation)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
