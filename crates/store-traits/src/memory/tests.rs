//! What the conformance suite does not show: failures, delays, the bound, and agreement with lists.

mod conflicts;
mod lists;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tradekeep_models::{ListQuery, Metric, Name, Severity, SystemEvent, Timestamp, Venue};

use super::*;
use crate::{Act, Maintenance, PartitionAdmin, Probe, RecordSinkExt, RecordSource, Table};

fn metric(second: i64) -> Metric {
    let ts = Timestamp::from_units(second, 1_000_000_000).unwrap();
    Metric::new(ts, Name::new("lag").unwrap(), 1.0)
}

fn event() -> SystemEvent {
    SystemEvent::new(Timestamp::MIN, Severity::Info, "up".parse().unwrap())
}

fn down() -> StoreError {
    StoreError::new(ErrorKind::Connection, STORE, "any", "the server went away")
        .with_act(Act::Retry { after: None })
}

async fn held(store: &MemoryStore) -> Vec<u64> {
    store.table_stats().await.unwrap().iter().map(|stats| stats.rows).filter(|n| *n > 0).collect()
}

/// Calls the operation of that name.
async fn call(store: &MemoryStore, op: &str) -> Result<()> {
    if op != "health" {
        return crate::conformance::operations::call(store, op).await;
    }
    // It never fails: what fails is a trouble.
    match store.health().await.troubles.pop() {
        Some(trouble) if trouble.cause == down().context => Err(down()),
        Some(trouble) => panic!("{trouble:?}"),
        None => Ok(()),
    }
}

#[tokio::test]
async fn each_operation_fails_as_often_as_asked_and_alone() {
    for op in MemoryStore::OPERATIONS {
        let store = MemoryStore::new();
        store.fail_next(op, 2, down).unwrap();
        for other in MemoryStore::OPERATIONS {
            if other != op && *other != "close" {
                call(&store, other).await.unwrap();
            }
        }
        for _ in 0..2 {
            assert_eq!(call(&store, op).await.unwrap_err().context, down().context, "{op}");
        }
        call(&store, op).await.unwrap();
    }
}

#[tokio::test]
async fn a_write_that_fails_stores_nothing() {
    let store = MemoryStore::new();
    store.fail_next("write", usize::MAX, down).unwrap();
    let error = store.save(vec![metric(1)]).await.unwrap_err();
    assert!(error.is_transient() && held(&store).await.is_empty());
    store.fail_next("write", 0, down).unwrap();
    store.save(vec![metric(1)]).await.unwrap();
    assert_eq!(held(&store).await, [1]);
}

#[tokio::test]
async fn the_callers_mistake_comes_before_any_failure() {
    let store = MemoryStore::new();
    store.fail_next("write", 1, down).unwrap();
    let bad = Metric { value: f64::NAN, ..metric(2) };
    let error = store.save(vec![metric(1), bad]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    let Act::BadRows(rows) = error.act else { panic!("{error:?}") };
    assert_eq!((rows.len(), rows[0].index), (1, 1));
    assert_eq!(
        error.context,
        "a row cannot be stored: value: is not a finite number; correct it or leave it out"
    );
}

#[test]
fn an_operation_that_is_none_is_refused() {
    let error = MemoryStore::new().fail_next("save", 1, down).unwrap_err();
    assert!(error.to_string().starts_with("op: is none of ping, write, "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn calls_take_as_long_as_asked() {
    let store = MemoryStore::new().with_delay(|op| async move {
        if op == "write" {
            sleep(Duration::from_secs(3_600)).await;
        }
    });
    let start = Instant::now();
    store.save(vec![metric(1)]).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(3_600));
    assert_eq!(held(&store).await, [1]);
    assert_eq!(start.elapsed(), Duration::from_secs(3_600), "reads take no time");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_does_nothing() {
    let store = MemoryStore::new().with_delay(|_| sleep(Duration::from_secs(1)));
    let write = store.save(vec![metric(1)]);
    assert!(timeout(Duration::from_millis(999), write).await.is_err());
    assert!(held(&store).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn delays_of_concurrent_calls_pass_together() {
    let store = Arc::new(MemoryStore::new().with_delay(|_| sleep(Duration::from_secs(1))));
    let (start, mut calls) = (Instant::now(), tokio::task::JoinSet::new());
    for second in 0..100 {
        let store = Arc::clone(&store);
        calls.spawn(async move { store.save(vec![metric(second)]).await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

#[tokio::test]
async fn the_bound_is_of_all_tables_together() {
    let store = MemoryStore::with_capacity(3);
    store.save(vec![metric(1), metric(2)]).await.unwrap();
    let error = store.save(vec![event(), event()]).await.unwrap_err();
    assert_eq!((error.kind, &error.act), (ErrorKind::Write, &Act::Halt));
    assert_eq!(held(&store).await, [2], "refused whole");
    assert!(store.health().await.is_healthy());
    let last = event();
    store.save(vec![last.clone()]).await.unwrap();
    let health = store.health().await;
    assert!(health.readable && !health.writable);
    assert_eq!(health.troubles[0].cause, "the store holds its 3 records");
    let again = store.save(vec![last]).await.unwrap();
    assert_eq!((again.inserted, again.duplicates), (0, 1));
}

#[tokio::test]
async fn begins_with_the_records_given() {
    let (metrics, events) = (vec![metric(1), metric(2)], vec![event()]);
    let store = MemoryStore::with_records([metrics.clone().into(), events.into()]).unwrap();
    assert_eq!(held(&store).await, [2, 1]);
    let page = store.page(&ListQuery::of(Table::Metrics)).await.unwrap();
    assert_eq!(page.records, metrics.into());
    let bad = Metric { value: f64::INFINITY, ..metric(3) };
    let error = MemoryStore::with_records([vec![bad].into()]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
}
