//! What happened to the system and its nodes, to read.

use async_trait::async_trait;
use tradekeep_models::{
    Cursor, ListQuery, Name, NodeHealth, NodeHealthFilter, NodeHealthQuery, Page, SystemEvent,
    SystemEventQuery,
};

use crate::{RecordSink, RecordSinkExt, Records, Result, Saved};

/// A store that answers for system events and the health of nodes.
///
/// Read after write, whole batches and empty answers are as [`TickStore`](crate::TickStore) promises.
#[async_trait]
pub trait EventStore: RecordSink {
    /// A page of system events, ordered by (ts, stream, seq), newest first unless asked otherwise.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O for a limit out of range or a cursor of another query; else when
    /// the store cannot be read.
    async fn system_events(&self, query: &SystemEventQuery) -> Result<Page<SystemEvent, Cursor>>;

    /// A page of reports of nodes, ordered by (ts, node), oldest first unless asked otherwise.
    ///
    /// # Errors
    /// As [`system_events`](Self::system_events).
    async fn node_health(&self, query: &NodeHealthQuery) -> Result<Page<NodeHealth, Cursor>>;
}

/// Sugar on every [`EventStore`].
#[async_trait]
pub trait EventStoreExt: EventStore {
    /// Saves system events.
    ///
    /// # Errors
    /// As [`RecordSinkExt::save`].
    async fn save_events(&self, events: Vec<SystemEvent>) -> Result<Saved> {
        self.save(Records::SystemEvents(events)).await
    }

    /// Saves reports of nodes.
    ///
    /// # Errors
    /// As [`RecordSinkExt::save`].
    async fn save_node_health(&self, reports: Vec<NodeHealth>) -> Result<Saved> {
        self.save(Records::NodeHealth(reports)).await
    }

    /// The latest report of a node.
    ///
    /// # Errors
    /// As [`EventStore::node_health`].
    async fn latest_node_health(&self, node: Name) -> Result<Option<NodeHealth>> {
        let filter = NodeHealthFilter { node: Some(node), ..NodeHealthFilter::default() };
        let query = NodeHealthQuery { limit: 1, newest_first: true, ..ListQuery::new(filter) };
        Ok(self.node_health(&query).await?.items.pop())
    }
}

impl<T: EventStore + ?Sized> EventStoreExt for T {}
