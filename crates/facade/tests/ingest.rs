//! The way in, through the stores of a configuration.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[path = "ingest/away.rs"]
mod away;
#[path = "ingest/swapped.rs"]
mod swapped;

use std::path::Path;
use std::time::Duration;

use tradekeep::ingest::IngestError;
use tradekeep::models::{Latency, Metric, Name, Records, Symbol, Table, Tick, Timestamp};
use tradekeep::{Config, ConfigFormat, Tradekeep};

const PATIENCE: Duration = Duration::from_secs(20);

fn config(folder: &Path, text: &str) -> Config {
    let text = text.replace("DIR", folder.to_str().unwrap());
    Config::parse(&text, ConfigFormat::Toml).unwrap()
}

fn tick(price: &str) -> Records {
    let ts = "2024-08-08T10:00:05Z".parse().unwrap();
    let tick = Tick::builder(Symbol::new("SOL-USD").unwrap(), ts)
        .price(price.parse().unwrap())
        .quantity("1".parse().unwrap());
    vec![tick.build().unwrap()].into()
}

fn measurements() -> [Records; 2] {
    let ts = "2024-08-08T10:00:05Z".parse().unwrap();
    let name = |text| Name::new(text).unwrap();
    [
        vec![Metric::new(ts, name("lag_ms"), 1.5)].into(),
        vec![Latency::new(ts, name("router"), name("quote"), 5)].into(),
    ]
}

/// Rows in a table.
async fn rows(store: &Tradekeep, table: Table) -> u64 {
    let stats = store.table_stats().await.unwrap();
    stats.iter().find(|stats| stats.table == table).map_or(0, |stats| stats.rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_record_goes_to_the_store_of_its_table_and_to_every_other_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[stores]\nseries = 'duckdb://DIR/a'\nmetrics = 'duckdb://DIR/b'\n\
                [ingest]\nfolder = 'DIR/way in'\nalso = ['duckdb://DIR/c']";
    let store = Tradekeep::open(&config(folder.path(), text)).await.unwrap();
    let sinks = store.sinks();
    let tables: Vec<_> = sinks.iter().map(|sink| sink.tables.len()).collect();
    assert_eq!(tables, [Table::ALL.len() - 3, 3, Table::ALL.len()]);
    assert!(sinks[2].name.ends_with("/c") && sinks[2].id.as_str().starts_with("duckdb-"));
    let report = store.health().await;
    assert!(report.is_healthy() && report.stores[2].roles.is_empty(), "{report:?}");

    let ingest = store.ingest().await.unwrap();
    ingest.append(tick("150")).await.unwrap();
    for records in measurements() {
        ingest.append(records).await.unwrap();
    }
    let stats = ingest.shutdown(PATIENCE).await.unwrap();
    assert_eq!((stats.pending(), stats.dead_letters), (0, 0));
    store.shutdown().await.unwrap();
    assert!(folder.path().join("way in/spool").is_dir());

    for (name, expected) in [("a", [1, 0, 0]), ("b", [0, 1, 1]), ("c", [1, 1, 1])] {
        let text = format!("[stores]\nseries = 'duckdb://DIR/{name}'");
        let store = Tradekeep::open(&config(folder.path(), &text)).await.unwrap();
        let tables = [Table::Ticks, Table::Metrics, Table::Latencies];
        for (table, expected) in tables.into_iter().zip(expected) {
            assert_eq!(rows(&store, table).await, expected, "{name} {table}");
        }
        store.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_delivered_comes_with_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "[stores]\nseries = 'duckdb://DIR/a'");
    let store = Tradekeep::open(&config).await.unwrap();
    let ingest = store.ingest().await.unwrap();
    let held = store.ingest().await.unwrap_err();
    assert!(matches!(held, IngestError::Held { .. }), "{held}");
    ingest.append(tick("150")).await.unwrap();
    // In the order that it must not have: nothing is lost all the same.
    store.shutdown().await.unwrap();
    ingest.append(tick("151")).await.unwrap();
    let stats = ingest.shutdown(Duration::ZERO).await.unwrap();
    assert!(stats.pending() >= 1, "{stats:?}");
    drop(ingest);

    let store = Tradekeep::open(&config).await.unwrap();
    let ingest = store.ingest().await.unwrap();
    // Beside the ticks there are events about the store that was closed.
    let stats = ingest.flush(PATIENCE).await;
    assert_eq!((stats.pending(), stats.dead_letters), (0, 0), "{stats:?}");
    ingest.shutdown(PATIENCE).await.unwrap();
    assert_eq!(rows(&store, Table::Ticks).await, 2);
    store.shutdown().await.unwrap();
}

/// What is delivered stays in the spool until it is in the store's own files, and not only in its log. Known
/// records fill the spool and hardly the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_spool_gets_room_by_what_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[stores]\nseries = 'duckdb://DIR/a'\n\
                [ingest]\nmax_bytes = 33554432\nblock_ms = 20000";
    let store = Tradekeep::open(&config(folder.path(), text)).await.unwrap();
    let ingest = store.ingest().await.unwrap();
    let symbol = Symbol::new("SOL-USD").unwrap();
    let tick = |number: i64| {
        let ts = Timestamp::from_nanos(1_723_111_205_000_000_000 + number).unwrap();
        let price = "61837.63".parse().unwrap();
        Tick::builder(symbol.clone(), ts).price(price).quantity(1.into()).build().unwrap()
    };
    // Some 100 bytes each, and so more than the spool may hold.
    let (rows_in_all, batch) = (400_000, 10_000);
    for _ in 0..2 {
        for first in (0..rows_in_all).step_by(batch) {
            let ticks: Vec<_> = (first..).take(batch).map(tick).collect();
            ingest.append(ticks).await.unwrap();
        }
    }
    let stats = ingest.shutdown(Duration::from_secs(60)).await.unwrap();
    assert_eq!(stats.pending(), 0);
    assert_eq!(rows(&store, Table::Ticks).await, rows_in_all.unsigned_abs());
    store.shutdown().await.unwrap();
}
