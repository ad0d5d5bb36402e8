//! What happened to the system.

use crate::record::{Naming, Value, record, text_enum};
use crate::{
    Condition, InvalidInput, Json, Message, Name, RecordFilter, StreamId, StreamPosition,
    TimeRange, Timestamp,
};

text_enum! {
    /// How bad it is.
    pub enum Severity as "severity" {
        /// As it should be.
        Info = "info",
        /// Worth a look.
        Warning = "warning",
        /// Something failed.
        Error = "error",
        /// Trading is at risk.
        Critical = "critical",
    }
}

record! {
    /// What happened to the system, for people to read. Identity is (ts, stream, seq).
    ///
    /// ```
    /// use tradekeep_models::{Message, Name, SystemEvent};
    ///
    /// let event = SystemEvent::warning("2024-08-08T10:00:05Z".parse()?, Message::new("high latency")?)
    ///     .with_source(Name::new("router")?);
    /// assert_eq!(event.severity.as_str(), "warning");
    /// # Ok::<(), tradekeep_models::InvalidInput>(())
    /// ```
    pub struct SystemEvent in SystemEvents;
    const IDENTITY: &'static [&'static str] = &["ts", "stream", "seq"];
    const NAMING: Naming = Naming::Position;
    const NEWEST_FIRST: bool = true;
    {
        /// When it happened.
        ts: Timestamp,
        /// The stream it came from.
        stream: StreamId,
        /// Its number in the stream.
        seq: i64,
        /// How bad it is: `info`, `warning`, `error` or `critical`.
        severity: Severity,
        /// What kind of event: `breaker_opened`.
        event_type: Option<Name>,
        /// The service or part it happened to.
        source: Option<Name>,
        /// What happened.
        message: Message,
        /// Whatever else belongs to it.
        data: Option<Json>,
    }
}

impl SystemEvent {
    /// An event at a place of its own.
    #[must_use]
    pub fn new(ts: Timestamp, severity: Severity, message: Message) -> Self {
        let StreamPosition { stream, seq } = StreamPosition::next();
        Self { ts, stream, seq, severity, event_type: None, source: None, message, data: None }
    }

    /// An event that is as it should be.
    #[must_use]
    pub fn info(ts: Timestamp, message: Message) -> Self {
        Self::new(ts, Severity::Info, message)
    }

    /// An event worth a look.
    #[must_use]
    pub fn warning(ts: Timestamp, message: Message) -> Self {
        Self::new(ts, Severity::Warning, message)
    }

    /// Something failed.
    #[must_use]
    pub fn error(ts: Timestamp, message: Message) -> Self {
        Self::new(ts, Severity::Error, message)
    }

    /// Trading is at risk.
    #[must_use]
    pub fn critical(ts: Timestamp, message: Message) -> Self {
        Self::new(ts, Severity::Critical, message)
    }

    /// With the kind of event.
    #[must_use]
    pub fn with_event_type(mut self, event_type: Name) -> Self {
        self.event_type = Some(event_type);
        self
    }

    /// With the service or part it happened to.
    #[must_use]
    pub fn with_source(mut self, source: Name) -> Self {
        self.source = Some(source);
        self
    }

    /// With whatever else belongs to it.
    #[must_use]
    pub fn with_data(mut self, data: Json) -> Self {
        self.data = Some(data);
        self
    }

    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "every record has rules")]
    const fn rules(&self) -> Result<(), InvalidInput> {
        Ok(())
    }
}

/// Which system events: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemEventFilter {
    /// Only as bad as this, or worse.
    pub at_least: Option<Severity>,
    /// Only of this kind.
    pub event_type: Option<Name>,
    /// Only of this source.
    pub source: Option<Name>,
    /// Only event times in this range.
    pub range: TimeRange,
}

impl RecordFilter for SystemEventFilter {
    type Record = SystemEvent;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        let severities = self.at_least.map(|least| {
            let as_bad = Severity::ALL.iter().filter(|severity| **severity >= least);
            let values = as_bad.map(|severity| Value::Text(severity.as_str().into())).collect();
            Condition::AnyOf { columns: vec!["severity"], values }
        });
        [
            severities,
            self.event_type.as_ref().map(|kind| Condition::text("event_type", kind)),
            self.source.as_ref().map(|source| Condition::text("source", source)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
