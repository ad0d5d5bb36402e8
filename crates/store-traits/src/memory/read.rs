//! The way out: pages of records, candles, series, performance.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, ListQuery, Page, PerformanceSummary, RecordPage, Symbol,
    Tick, TimeUnit, Trade, TradeFilter, Venue,
};

use super::tables::Held;
use super::{MemoryStore, STORE, invalid, too_large};
use crate::{ErrorKind, RecordSource, Result, StoreError, TickSeries, TickStore, TradeStore};

#[async_trait]
impl RecordSource for MemoryStore {
    async fn page(&self, query: &ListQuery) -> Result<RecordPage> {
        let op = query.table.as_str();
        query.validate().map_err(invalid(op))?;
        Ok(self.enter(op).await?.tables.named(query.table).page(query))
    }
}

#[async_trait]
impl TickStore for MemoryStore {
    async fn candle_page(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        query.validate().map_err(invalid("tick_candles"))?;
        let state = self.enter("tick_candles").await?;
        let ticks = Tick::rows(&state.tables).matching(&query.ticks());
        let mut found = Candle::from_ticks(query.interval, ticks).map_err(|error| {
            StoreError::new(ErrorKind::Query, STORE, "tick_candles", error.to_string())
        })?;
        found.truncate(query.limit + 1);
        Ok(query.page(found))
    }

    async fn series(&self) -> Result<Vec<TickSeries>> {
        let state = self.enter("series").await?;
        let mut series: BTreeMap<(&Venue, &Symbol), TickSeries> = BTreeMap::new();
        for tick in Tick::rows(&state.tables).all() {
            let (venue, symbol, ts) = (tick.venue(), tick.symbol(), tick.ts());
            let entry = series.entry((venue, symbol)).or_insert_with(|| TickSeries {
                venue: venue.clone(),
                symbol: symbol.clone(),
                count: 0,
                first_ts: ts,
                last_ts: ts,
                unit: TimeUnit::Seconds,
                aggregated: 0,
            });
            entry.count += 1;
            entry.last_ts = ts;
            entry.unit = entry.unit.max(TimeUnit::of(ts));
            entry.aggregated += u64::from(tick.is_aggregated());
        }
        Ok(series.into_values().collect())
    }
}

#[async_trait]
impl TradeStore for MemoryStore {
    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        let state = self.enter("performance").await?;
        PerformanceSummary::of(Trade::rows(&state.tables).matching(filter))
            .map_err(too_large("performance"))
    }
}
