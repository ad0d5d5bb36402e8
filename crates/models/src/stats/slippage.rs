//! Slippage: what it cost that prices moved.

use crate::{Labels, MetricFilter, Name, Symbol, TimeRange, ValueStats};

/// Where the numbers about slippage come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SlippageSource {
    /// `actual_slippage` of our own trades.
    Trades,
    /// The metric `slippage_bps`, whose label `token` names the token.
    Metric,
}

impl SlippageSource {
    /// `trades` or `metric`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Metric => "metric",
        }
    }
}

/// Slippage in basis points; worse is positive.
///
/// Taken from our own trades where any in the window has an actual slippage, else from the metric
/// `slippage_bps`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SlippageStats {
    /// Where the numbers come from.
    pub source: SlippageSource,
    /// The numbers, in basis points. Decimals count as their nearest doubles.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub numbers: ValueStats,
}

impl SlippageStats {
    /// These numbers, and where they are from.
    #[must_use]
    pub const fn new(source: SlippageSource, numbers: ValueStats) -> Self {
        Self { source, numbers }
    }

    /// The metrics that tell of slippage where no trade does: `slippage_bps`, of one token by its
    /// label.
    #[must_use]
    pub fn metric(range: TimeRange, token: Option<&Symbol>) -> MetricFilter {
        let label = |token: &Symbol| Labels::default().with("token", token.as_str()).ok();
        let labels = token.and_then(label).unwrap_or_default();
        MetricFilter { name: Name::new("slippage_bps").ok(), labels, range }
    }
}
