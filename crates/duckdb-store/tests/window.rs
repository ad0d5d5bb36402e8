//! The duplicate window: how far it reaches, and files in which fills are stored twice.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::path::Path;

use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{Fill, FillFilter, Market, Side, Symbol, Timestamp, Venue};
use tradekeep_store_traits::{Maintenance, RecordSink, RecordSinkExt, SeriesStore};
use uuid::Uuid;

const HOUR: i64 = 3_600_000_000_000;
/// 2024-08-08.
const START: i64 = 1_723_075_200_000_000_000;

fn fill(number: u128, after: i64) -> Fill {
    Fill::builder()
        .ts(Timestamp::from_nanos(START + after).unwrap())
        .fill_id(Uuid::from_u128(number))
        .order_id(Uuid::from_u128(1))
        .venue(Venue::unknown())
        .market(Market::new("m").unwrap())
        .side(Side::Buy)
        .price(2.into())
        .quantity(3.into())
        .fee(0.into())
        .fee_currency(Symbol::new("USD").unwrap())
        .build()
}

/// Opens it with a window of so many hours.
async fn open(folder: &Path, hours: u32) -> DuckDbStore {
    let url = format!("duckdb://{}?duplicate_window_hours={hours}", folder.display());
    DuckDbStore::connect(DuckDbConfig::from_url(&url).unwrap()).await.unwrap()
}

async fn stored(store: &DuckDbStore) -> Vec<Fill> {
    let store: &dyn SeriesStore = store;
    store.fills(FillFilter::default()).all().await.unwrap()
}

#[tokio::test]
async fn the_window_is_a_parameter() {
    let folder = tempfile::tempdir().unwrap();
    for (hours, expected) in [(1, [1, 0, 1]), (0, [1, 1, 1]), (3, [1, 0, 0])] {
        let store = open(&folder.path().join(hours.to_string()), hours).await;
        let mut inserted = Vec::new();
        for after in [0, HOUR, 2 * HOUR] {
            inserted.push(store.save(vec![fill(1, after)]).await.unwrap().inserted);
        }
        assert_eq!(inserted, expected, "{hours} hours");
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn optimize_removes_fills_that_were_stored_twice() {
    let folder = tempfile::tempdir().unwrap();
    // As a version did that looked at the times of a batch alone.
    let store = open(folder.path(), 0).await;
    let first = [fill(1, 5), fill(2, 0)];
    let again = [fill(1, 1_000_000), fill(1, HOUR), fill(2, -1)];
    // Whether it is one fill nobody can tell.
    let kept = [fill(1, 60 * HOUR), Fill { fee: 1.into(), ..fill(2, 7) }];
    for row in first.iter().chain(&again).chain(&kept) {
        assert_eq!(store.save(vec![row.clone()]).await.unwrap().inserted, 1);
    }
    store.close().await.unwrap();

    let store = open(folder.path(), 48).await;
    assert_eq!(stored(&store).await.len(), 7);
    store.optimize().await.unwrap();
    let mut expected = [first.as_slice(), &kept].concat();
    expected.sort_by_key(|fill| fill.ts);
    assert_eq!(stored(&store).await, expected);
    // What was removed is told again, and stays out.
    assert_eq!(store.save(again.to_vec()).await.unwrap().duplicates, 3);
    store.close().await.unwrap();
}
