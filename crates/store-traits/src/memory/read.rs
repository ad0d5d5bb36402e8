//! The way out: ticks, candles, and lists of every other record.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tradekeep_models::record::Value;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, Cursor, Fill, FillQuery, ListQuery, NodeHealth,
    NodeHealthQuery, Order, OrderQuery, Page, PerformanceSummary, Position, PositionQuery,
    RecordFilter, Symbol, SystemEvent, SystemEventQuery, Tick, TickCursor, TickFilter, TickQuery,
    Trade, TradeFilter, TradeQuery, Venue,
};

use super::rows::Key;
use super::tables::{Held, State};
use super::{MemoryStore, STORE, invalid, too_large};
use crate::{
    ErrorKind, EventStore, ExecutionStore, Result, StoreError, TickSeries, TickStore, TradeStore,
};

impl MemoryStore {
    /// A page of any record but ticks.
    pub(super) async fn list<F: RecordFilter<Record: Held>>(
        &self,
        op: &'static str,
        query: &ListQuery<F>,
    ) -> Result<Page<F::Record, Cursor>> {
        query.validate().map_err(invalid(op))?;
        self.io(op).await?;
        let rows = F::Record::rows(&self.open(op)?.tables).list(query);
        Ok(query.page(rows))
    }
}

impl State {
    fn ticks<'a>(
        &'a self,
        filter: &'a TickFilter,
        after: Option<&TickCursor>,
    ) -> impl Iterator<Item = &'a Tick> {
        let rows = Tick::rows(&self.tables).range(filter.range, after.map(place), false);
        rows.map(|(_, tick)| tick).filter(|tick| filter.matches(tick))
    }
}

/// The values of the columns that ticks are ordered by.
fn place(cursor: &TickCursor) -> Key {
    let text = |text: &str| Value::Text(text.to_owned().into());
    vec![
        Value::Time(cursor.ts),
        Value::Int(cursor.sequence),
        Value::Int(cursor.key.0),
        text(cursor.venue.as_str()),
        text(cursor.symbol.as_str()),
    ]
}

#[async_trait]
impl TickStore for MemoryStore {
    async fn ticks(&self, query: &TickQuery) -> Result<Page<Tick, TickCursor>> {
        query.validate().map_err(invalid("ticks"))?;
        self.io("ticks").await?;
        let state = self.open("ticks")?;
        let rows = state.ticks(&query.filter, query.after.as_ref()).take(query.limit + 1);
        Ok(query.page(rows.cloned().collect()))
    }

    async fn candles(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        query.validate().map_err(invalid("candles"))?;
        self.io("candles").await?;
        let filter = TickFilter {
            venue: Some(query.venue.clone()),
            symbol: Some(query.symbol.clone()),
            range: query.tick_range(),
        };
        let state = self.open("candles")?;
        let mut found =
            Candle::from_ticks(query.interval, state.ticks(&filter, None)).map_err(|error| {
                StoreError::new(ErrorKind::Query, STORE, "candles", error.to_string())
            })?;
        found.truncate(query.limit + 1);
        Ok(query.page(found))
    }

    async fn series(&self) -> Result<Vec<TickSeries>> {
        self.io("series").await?;
        let state = self.open("series")?;
        let mut series: BTreeMap<(&Venue, &Symbol), TickSeries> = BTreeMap::new();
        for tick in Tick::rows(&state.tables).all() {
            let (venue, symbol, ts) = (tick.venue(), tick.symbol(), tick.ts());
            let entry = series.entry((venue, symbol)).or_insert_with(|| TickSeries {
                venue: venue.clone(),
                symbol: symbol.clone(),
                count: 0,
                first_ts: ts,
                last_ts: ts,
            });
            entry.count += 1;
            entry.last_ts = ts;
        }
        Ok(series.into_values().collect())
    }
}

#[async_trait]
impl TradeStore for MemoryStore {
    async fn trades(&self, query: &TradeQuery) -> Result<Page<Trade, Cursor>> {
        self.list("trades", query).await
    }

    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        self.io("performance").await?;
        let state = self.open("performance")?;
        PerformanceSummary::of(Trade::rows(&state.tables).matching(filter))
            .map_err(too_large("performance"))
    }
}

#[async_trait]
impl ExecutionStore for MemoryStore {
    async fn orders(&self, query: &OrderQuery) -> Result<Page<Order, Cursor>> {
        self.list("orders", query).await
    }

    async fn fills(&self, query: &FillQuery) -> Result<Page<Fill, Cursor>> {
        self.list("fills", query).await
    }

    async fn positions(&self, query: &PositionQuery) -> Result<Page<Position, Cursor>> {
        self.list("positions", query).await
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn system_events(&self, query: &SystemEventQuery) -> Result<Page<SystemEvent, Cursor>> {
        self.list("system_events", query).await
    }

    async fn node_health(&self, query: &NodeHealthQuery) -> Result<Page<NodeHealth, Cursor>> {
        self.list("node_health", query).await
    }
}
