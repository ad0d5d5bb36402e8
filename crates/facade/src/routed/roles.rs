//! Records, candles, what trades gained, and health, each of the store that has it.

use async_trait::async_trait;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, ListQuery, Page, PerformanceSummary, RecordPage, TradeFilter,
};
use tradekeep_store_traits::{
    Health, Probe, RecordSource, Result, TickSeries, TickStore, TradeStore,
};

use super::{Routed, STORE};
use crate::Role;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl RecordSource for Routed {
    async fn page(&self, query: &ListQuery) -> Result<RecordPage> {
        self.of(Role::of(query.table)).pages.page(query).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl TickStore for Routed {
    async fn candle_page(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        self.of(Role::Ticks).ticks()?.candle_page(query).await
    }

    async fn series(&self) -> Result<Vec<TickSeries>> {
        self.of(Role::Ticks).ticks()?.series().await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl TradeStore for Routed {
    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        self.of(Role::Trades).trades()?.performance(filter).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Probe for Routed {
    /// As the only store, or else as the one that is worst off.
    async fn health(&self) -> Health {
        if let [only] = &self.stores[..] {
            return only.records.health().await;
        }
        let mut all = Health::builder()
            .store(STORE)
            .readable(true)
            .writable(true)
            .troubles(Vec::new())
            .build();
        for store in self.all() {
            let one = store.health().await;
            all.readable &= one.readable;
            all.writable &= one.writable;
            all.troubles.extend(one.troubles);
        }
        all
    }
}
