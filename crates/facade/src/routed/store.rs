//! One of the stores: what is written to it directly, and what reads it through the layers.

use std::sync::Arc;

use tradekeep_store_traits::{
    ApproxLatencies, CandleViews, ErrorKind, LayerConfig, Layered, MetricStore, RecordStore,
    Result, StoreError, TickStore, TradeStore,
};

use crate::Role;
use crate::backends::{with_extra, with_role};
use crate::handles::{Extra, Handles};

/// An open store, by its name in metrics and errors.
pub(crate) struct Store {
    name: &'static str,
    /// Writes do not pass layers: delivery repeats by itself, and keeps the order of batches.
    pub(crate) records: Arc<dyn RecordStore>,
    pub(super) pages: Layered<dyn RecordStore>,
    ticks: Option<Layered<dyn TickStore>>,
    trades: Option<Layered<dyn TradeStore>>,
    metrics: Option<Layered<dyn MetricStore>>,
    candle_views: Option<Layered<dyn CandleViews>>,
    approx_latencies: Option<Layered<dyn ApproxLatencies>>,
}

impl Store {
    /// The store of `handles`, whose reads pass `layers`.
    pub(crate) fn new(name: &'static str, handles: Handles, layers: LayerConfig) -> Result<Self> {
        let records = handles.records.ok_or_else(|| {
            let context = "it keeps no records, which every role of [stores] needs";
            StoreError::new(ErrorKind::Unsupported, name, "open", context)
        })?;
        let pages = Layered::new(name, Arc::clone(&records), layers);
        Ok(Self {
            name,
            records,
            ticks: handles.ticks.map(|ticks| pages.beside(ticks)),
            trades: handles.trades.map(|trades| pages.beside(trades)),
            metrics: handles.metrics.map(|metrics| pages.beside(metrics)),
            candle_views: handles.candle_views.map(|views| pages.beside(views)),
            approx_latencies: handles.approx_latencies.map(|approx| pages.beside(approx)),
            pages,
        })
    }

    /// What computes candles.
    pub(super) fn ticks(&self) -> Result<&Layered<dyn TickStore>> {
        self.ticks.as_ref().ok_or_else(|| lacks(self.name, Role::Ticks, "tick_candles"))
    }

    /// What computes what trades gained.
    pub(super) fn trades(&self) -> Result<&Layered<dyn TradeStore>> {
        self.trades.as_ref().ok_or_else(|| lacks(self.name, Role::Trades, "performance"))
    }

    /// What computes numbers about measurements.
    pub(super) fn metrics(&self) -> Result<&Layered<dyn MetricStore>> {
        self.metrics.as_ref().ok_or_else(|| lacks(self.name, Role::Metrics, "metric_stats"))
    }

    pub(super) fn candle_views(&self) -> Result<&dyn CandleViews> {
        let views = self.candle_views.as_ref().map(|views| views as _);
        views.ok_or_else(|| lacks_extra(self.name, Extra::CandleViews, "view_candles"))
    }

    pub(super) fn approx_latencies(&self) -> Result<&dyn ApproxLatencies> {
        let approx = self.approx_latencies.as_ref().map(|approx| approx as _);
        let op = "approx_latency_stats";
        approx.ok_or_else(|| lacks_extra(self.name, Extra::ApproxLatencies, op))
    }
}

fn lacks(store: &'static str, role: Role, op: &'static str) -> StoreError {
    let context = format!("it has no {role}: use {} for them", with_role(role));
    StoreError::new(ErrorKind::Unsupported, store, op, context)
}

fn lacks_extra(store: &'static str, extra: Extra, op: &'static str) -> StoreError {
    let context = format!("it has no {extra}: {} has", with_extra(extra));
    StoreError::new(ErrorKind::Unsupported, store, op, context)
}
