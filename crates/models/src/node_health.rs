//! How a node is.

use crate::record::{record, text_enum};
use crate::{Condition, Decimal, InvalidInput, Name, RecordFilter, TimeRange, Timestamp};

text_enum! {
    /// Whether calls to a node are let through.
    pub enum BreakerStatus as "circuit_breaker_status" {
        /// They are.
        Closed = "closed",
        /// They are not.
        Open = "open",
        /// A few are, to see.
        HalfOpen = "half_open",
    }
}

record! {
    /// How a node was at a time. Identity is (node, ts).
    ///
    /// ```
    /// use tradekeep_models::{BreakerStatus, Name, NodeHealth};
    ///
    /// let health = NodeHealth::builder()
    ///     .ts("2024-08-08T10:00:05Z".parse()?)
    ///     .node(Name::new("rpc-1")?)
    ///     .latency_ms(42)
    ///     .error_rate("0.0125".parse()?)
    ///     .circuit_breaker_status(BreakerStatus::Closed)
    ///     .build();
    /// assert_eq!(health.last_failure, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct NodeHealth in NodeHealth;
    const IDENTITY: &'static [&'static str] = &["node", "ts"];
    {
        /// When it was asked.
        ts: Timestamp,
        /// The node.
        node: Name,
        /// How long it took to answer.
        [unit "milliseconds"]
        latency_ms: u32,
        /// Share of calls that fail, 0 to 1.
        error_rate: Option<Decimal>,
        /// Whether calls to it are let through: `closed` (they are), `open` or `half_open`.
        circuit_breaker_status: Option<BreakerStatus>,
        /// When it failed last.
        last_failure: Option<Timestamp>,
    }
}

impl NodeHealth {
    fn rules(&self) -> Result<(), InvalidInput> {
        match self.error_rate {
            Some(rate) if rate.is_negative() || rate > Decimal::from(1) => {
                Err(InvalidInput::new("error_rate", "is not between 0 and 1"))
            }
            _ => Ok(()),
        }
    }
}

/// Which reports of nodes: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeHealthFilter {
    /// Only of this node.
    pub node: Option<Name>,
    /// Only event times in this range.
    pub range: TimeRange,
}

impl RecordFilter for NodeHealthFilter {
    type Record = NodeHealth;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        self.node.as_ref().map(|node| Condition::text("node", node)).into_iter().collect()
    }
}
