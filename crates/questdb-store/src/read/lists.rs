//! Our own records, and what happened: lists, each by one rule.

use async_trait::async_trait;
use tradekeep_models::{
    Cursor, Fill, FillQuery, NodeHealth, NodeHealthQuery, Order, OrderQuery, Page,
    PerformanceSummary, Position, PositionQuery, SystemEvent, SystemEventQuery, Trade, TradeFilter,
    TradeQuery,
};
use tradekeep_store_traits::{EventStore, ExecutionStore, Result, TradeStore};

use crate::QuestDbStore;

#[async_trait]
impl TradeStore for QuestDbStore {
    async fn trades(&self, query: &TradeQuery) -> Result<Page<Trade, Cursor>> {
        self.list("trades", query).await
    }

    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        self.performance_of(filter).await
    }
}

#[async_trait]
impl ExecutionStore for QuestDbStore {
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
impl EventStore for QuestDbStore {
    async fn system_events(&self, query: &SystemEventQuery) -> Result<Page<SystemEvent, Cursor>> {
        self.list("system_events", query).await
    }

    async fn node_health(&self, query: &NodeHealthQuery) -> Result<Page<NodeHealth, Cursor>> {
        self.list("node_health", query).await
    }
}
