//! Slippage: what it cost that prices moved.

use crate::{Labels, MetricFilter, Name, Symbol, TimeRange, TradeFilter, ValueStats};

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

/// What slippage is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlippageFilter {
    /// Only of this token, base or quote.
    pub token: Option<Symbol>,
    /// When.
    pub range: TimeRange,
}

impl SlippageFilter {
    /// The trades that may tell of it.
    #[must_use]
    pub fn trades(&self) -> TradeFilter {
        TradeFilter { token: self.token.clone(), range: self.range, ..TradeFilter::default() }
    }

    /// The metrics that tell of it where no trade does: `slippage_bps`, of one token by its label.
    #[must_use]
    pub fn metric(&self) -> MetricFilter {
        let label = |token: &Symbol| Labels::default().with("token", token.as_str()).ok();
        let labels = self.token.as_ref().and_then(label).unwrap_or_default();
        MetricFilter { name: Name::new("slippage_bps").ok(), labels, range: self.range }
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
}
