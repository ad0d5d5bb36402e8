//! A measured value.

use crate::record::{Naming, record};
use crate::{
    Condition, InvalidInput, Labels, Name, RecordFilter, StreamId, StreamPosition, TimeRange,
    Timestamp,
};

record! {
    /// A measured value with its labels. Identity is (ts, stream, seq).
    ///
    /// ```
    /// use tradekeep_models::{Metric, Name};
    ///
    /// let lag = Metric::new("2024-08-08T10:00:05Z".parse()?, Name::new("polymarket.rtds.lag_ms")?, 45.3)
    ///     .with_label("topic", "market")?
    ///     .with_symbol("BTC/USD")?;
    /// assert_eq!(lag.labels.to_string(), r#"{"symbol":"BTC/USD","topic":"market"}"#);
    /// # Ok::<(), tradekeep_models::InvalidInput>(())
    /// ```
    pub struct Metric in Metrics;
    const IDENTITY: &'static [&'static str] = &["ts", "stream", "seq"];
    const NAMING: Naming = Naming::Position;
    {
        /// When it was measured.
        ts: Timestamp,
        /// The stream it came from.
        stream: StreamId,
        /// Its number in the stream.
        seq: i64,
        /// What was measured, its unit included: `order_latency_ms`.
        name: Name,
        /// The value; finite.
        value: f64,
        /// What else tells it from other measurements of that name.
        [default Labels::default()]
        labels: Labels,
    }
}

impl Metric {
    /// A value without labels, at a place of its own.
    #[must_use]
    pub fn new(ts: Timestamp, name: Name, value: f64) -> Self {
        let StreamPosition { stream, seq } = StreamPosition::next();
        Self { ts, stream, seq, name, value, labels: Labels::default() }
    }

    /// With one more label.
    ///
    /// # Errors
    /// When name or value break the rules of [`Labels`].
    pub fn with_label(
        mut self,
        name: &str,
        value: impl Into<String>,
    ) -> Result<Self, InvalidInput> {
        self.labels = self.labels.with(name, value)?;
        Ok(self)
    }

    /// With the label `symbol`: what was traded.
    ///
    /// # Errors
    /// As [`with_label`](Self::with_label).
    pub fn with_symbol(self, symbol: impl Into<String>) -> Result<Self, InvalidInput> {
        self.with_label("symbol", symbol)
    }

    /// With the label `operation`: what was done.
    ///
    /// # Errors
    /// As [`with_label`](Self::with_label).
    pub fn with_operation(self, operation: impl Into<String>) -> Result<Self, InvalidInput> {
        self.with_label("operation", operation)
    }

    /// With the label `percentile`, of a value that is one: 99.9 as `99.9`.
    ///
    /// # Errors
    /// When it is not between 0 and 100, or as [`with_label`](Self::with_label).
    pub fn with_percentile(self, percentile: f64) -> Result<Self, InvalidInput> {
        if (0.0..=100.0).contains(&percentile) {
            self.with_label("percentile", percentile.to_string())
        } else {
            Err(InvalidInput::new("percentile", "is not between 0 and 100"))
        }
    }

    /// Adds a label.
    ///
    /// # Errors
    /// As [`with_label`](Self::with_label); the metric is then as it was.
    pub fn add_label(&mut self, name: &str, value: impl Into<String>) -> Result<(), InvalidInput> {
        self.labels = self.labels.clone().with(name, value)?;
        Ok(())
    }

    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "every record has rules")]
    const fn rules(&self) -> Result<(), InvalidInput> {
        Ok(())
    }
}

/// Which metrics: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricFilter {
    /// Only of this name.
    pub name: Option<Name>,
    /// Only with all of these labels.
    pub labels: Labels,
    /// Only event times in this range.
    pub range: TimeRange,
}

impl MetricFilter {
    /// All measurements of `name`.
    #[must_use]
    pub fn of(name: Name) -> Self {
        Self { name: Some(name), ..Self::default() }
    }
}

impl RecordFilter for MetricFilter {
    type Record = Metric;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        let name = self.name.as_ref().map(|name| Condition::text("name", name));
        let label = |(name, value): (String, String)| Condition::Label { name, value };
        name.into_iter().chain(self.labels.to_map().into_iter().map(label)).collect()
    }
}
