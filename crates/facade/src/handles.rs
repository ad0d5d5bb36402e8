//! What a store is good for, by roles.

use std::fmt;
use std::sync::Arc;

use tradekeep_store_traits::{
    ApproxLatencies, CandleViews, MetricStore, RecordStore, SeriesStore, TickStore, TradeStore,
};

#[cfg(test)]
use crate::Role;

/// An open store: a handle for each role that it has.
#[derive(Clone, Default)]
pub(crate) struct Handles {
    /// Records in and out: what every role of `[stores]` needs.
    pub(crate) records: Option<Arc<dyn RecordStore>>,
    pub(crate) ticks: Option<Arc<dyn TickStore>>,
    pub(crate) trades: Option<Arc<dyn TradeStore>>,
    pub(crate) metrics: Option<Arc<dyn MetricStore>>,
    pub(crate) candle_views: Option<Arc<dyn CandleViews>>,
    pub(crate) approx_latencies: Option<Arc<dyn ApproxLatencies>>,
}

impl Handles {
    /// Of a store that has every role of a series store.
    pub(crate) fn of_series(store: Arc<dyn SeriesStore>) -> Self {
        Self {
            ticks: Some(Arc::clone(&store) as _),
            trades: Some(Arc::clone(&store) as _),
            metrics: Some(Arc::clone(&store) as _),
            records: Some(store),
            ..Self::default()
        }
    }

    /// Whether the store can be named for `role`.
    #[cfg(test)]
    pub(crate) fn has(&self, role: Role) -> bool {
        let computes = match role {
            Role::Ticks => self.ticks.is_some(),
            Role::Trades => self.trades.is_some(),
            Role::Metrics => self.metrics.is_some(),
            Role::Executions | Role::Events => true,
        };
        self.records.is_some() && computes
    }
}

/// What only some stores have, beside their roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    CandleViews,
    ApproxLatencies,
}

impl fmt::Display for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CandleViews => "views of candles",
            Self::ApproxLatencies => "approximate statistics of latencies",
        })
    }
}
