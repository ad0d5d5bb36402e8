//! Every role, each read from the store that has it.

use async_trait::async_trait;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, Cursor, Fill, FillQuery, NodeHealth, NodeHealthQuery, Order,
    OrderQuery, Page, PerformanceSummary, Position, PositionQuery, SystemEvent, SystemEventQuery,
    Tick, TickCursor, TickQuery, Trade, TradeFilter, TradeQuery,
};
use tradekeep_store_traits::{
    EventStore, ExecutionStore, Result, TickSeries, TickStore, TradeStore,
};

use super::Routed;
use crate::Role;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl TickStore for Routed {
    async fn ticks(&self, query: &TickQuery) -> Result<Page<Tick, TickCursor>> {
        self.of(Role::Ticks).ticks(query).await
    }

    async fn candles(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        self.of(Role::Ticks).candles(query).await
    }

    async fn series(&self) -> Result<Vec<TickSeries>> {
        self.of(Role::Ticks).series().await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl TradeStore for Routed {
    async fn trades(&self, query: &TradeQuery) -> Result<Page<Trade, Cursor>> {
        self.of(Role::Trades).trades(query).await
    }

    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        self.of(Role::Trades).performance(filter).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ExecutionStore for Routed {
    async fn orders(&self, query: &OrderQuery) -> Result<Page<Order, Cursor>> {
        self.of(Role::Executions).orders(query).await
    }

    async fn fills(&self, query: &FillQuery) -> Result<Page<Fill, Cursor>> {
        self.of(Role::Executions).fills(query).await
    }

    async fn positions(&self, query: &PositionQuery) -> Result<Page<Position, Cursor>> {
        self.of(Role::Executions).positions(query).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl EventStore for Routed {
    async fn system_events(&self, query: &SystemEventQuery) -> Result<Page<SystemEvent, Cursor>> {
        self.of(Role::Events).system_events(query).await
    }

    async fn node_health(&self, query: &NodeHealthQuery) -> Result<Page<NodeHealth, Cursor>> {
        self.of(Role::Events).node_health(query).await
    }
}
