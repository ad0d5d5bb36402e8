//! A store that refuses everything at once, from the first question on.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tradekeep_ingest::{Ingest, IngestConfig, LaneStats, LaneStatus, SinkConfig, SinkId};
use tradekeep_models::{Metric, Name, Table};
use tradekeep_store_traits::{MemoryStore, RecordSink};

/// The lanes must leave room for the timer: with them going round, nothing here would ever end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_asked_with_pauses_and_left_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    store.close().await.unwrap();
    let sink = SinkConfig {
        id: SinkId::of("memory", "", ""),
        name: "memory://".into(),
        sink: Arc::new(store),
        tables: Table::ALL.to_vec(),
        from_now: false,
    };
    let ingest = Ingest::open(IngestConfig::new(folder.path()), vec![sink]).await.unwrap();
    let lag = Metric::new("2024-08-08T10:00:05Z".parse().unwrap(), Name::new("lag").unwrap(), 1.0);
    ingest.append(vec![lag]).await.unwrap();
    let patience = Duration::from_secs(20);
    let open = async {
        let is_halted = |lane: &LaneStats| matches!(lane.status, LaneStatus::Halted { .. });
        while !ingest.stats().lanes().all(is_halted) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(patience, open).await.unwrap();
    let stats = timeout(patience, ingest.shutdown(Duration::ZERO)).await.unwrap().unwrap();
    assert!(stats.pending() >= 1, "{stats:?}");
}
