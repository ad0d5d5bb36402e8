//! Lists, however they are read: a page, all of them, one after another. A mock counts the pages.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::pin::pin;
use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt;
use tradekeep_models::{
    CandleQuery, ListQuery, Metric, MetricFilter, Name, RecordPage, Symbol, Tick, TickFilter,
    Timestamp, Venue,
};
use tradekeep_store_traits::mock::MockRecordSource;
use tradekeep_store_traits::{ErrorKind, MemoryStore, RecordList, SeriesStore, StoreError};

fn second(n: i64) -> Timestamp {
    Timestamp::from_units(n, 1_000_000_000).unwrap()
}

fn metrics(count: i64) -> Vec<Metric> {
    let metric = |n| Metric::new(second(n), Name::new("lag").unwrap(), 1.0);
    (0..count).map(metric).collect()
}

/// A source with as many metrics, and the limits of the pages it was asked for.
fn counting(stored: Vec<Metric>) -> (MockRecordSource, Arc<Mutex<Vec<usize>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let limits = Arc::clone(&asked);
    let mut source = MockRecordSource::new();
    source.expect_page().returning(move |query: &ListQuery| {
        limits.lock().unwrap().push(query.limit);
        let behind = stored.iter().filter(|row| query.is_behind_cursor(*row));
        Ok(RecordPage::from(query.page(behind.take(query.limit + 1).cloned().collect())))
    });
    (source, asked)
}

fn all(source: &MockRecordSource) -> RecordList<'_, Metric> {
    RecordList::of(source, &MetricFilter::default())
}

#[tokio::test]
async fn all_goes_on_to_the_end_or_the_limit() {
    let stored = metrics(25_000);
    let (source, asked) = counting(stored.clone());
    assert_eq!(all(&source).all().await.unwrap(), stored);
    assert_eq!(*asked.lock().unwrap(), [10_000; 3]);

    asked.lock().unwrap().clear();
    assert_eq!(all(&source).limit(10_005).all().await.unwrap(), stored[..10_005]);
    assert_eq!(*asked.lock().unwrap(), [10_000, 5], "no more than is wanted is read");

    let first = all(&source).limit(3).page().await.unwrap();
    assert_eq!(first.items, stored[..3]);
    let next = all(&source).after(first.next).limit(3).all().await.unwrap();
    assert_eq!(next, stored[3..6]);
    assert_eq!(all(&source).first().await.unwrap().as_ref(), stored.first());
}

#[tokio::test]
async fn a_stream_reads_a_page_when_the_one_before_is_used_up() {
    let stored = metrics(20_001);
    let (source, asked) = counting(stored.clone());
    let mut stream = pin!(all(&source).stream());
    assert_eq!(asked.lock().unwrap().len(), 0, "nothing is read before it is asked for");
    let mut seen = Vec::new();
    while let Some(metric) = stream.try_next().await.unwrap() {
        seen.push(metric);
        assert_eq!(asked.lock().unwrap().len(), seen.len().div_ceil(10_000));
    }
    assert_eq!(seen, stored);
}

#[tokio::test]
async fn a_failure_ends_a_stream() {
    let mut source = MockRecordSource::new();
    let stored = metrics(2);
    source.expect_page().times(1).returning(move |query: &ListQuery| {
        let query = ListQuery { limit: 1, ..query.clone() };
        Ok(RecordPage::from(query.page(stored.clone())))
    });
    let failed = || StoreError::new(ErrorKind::Query, "mock", "metrics", "told to fail");
    source.expect_page().times(1).returning(move |_| Err(failed()));
    let mut stream = pin!(all(&source).stream());
    assert!(stream.try_next().await.unwrap().is_some());
    assert_eq!(stream.try_next().await.unwrap_err().context, "told to fail");
    assert!(stream.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn whatever_comes_in_pages_is_read_alike() {
    let store: Arc<dyn SeriesStore> = Arc::new(MemoryStore::new());
    let (venue, symbol) = (Venue::unknown(), Symbol::new("X").unwrap());
    let tick = |n: i64| {
        let draft = Tick::builder(symbol.clone(), second(60 * n));
        draft.price(1.into()).quantity(1.into()).build().unwrap()
    };
    let ticks: Vec<_> = (0..7).map(tick).collect();
    store.save(ticks.clone()).await.unwrap();
    let newest = store.ticks(TickFilter::default()).newest_first().limit(2);
    assert_eq!(newest.all().await.unwrap(), [ticks[6].clone(), ticks[5].clone()]);

    let mut minutes = CandleQuery::new(venue, symbol.clone(), "1m".parse().unwrap());
    minutes.limit = 3;
    let candles = store.candles(minutes.clone()).all().await.unwrap();
    assert_eq!(candles.len(), 7);
    assert_eq!(store.candles(minutes.clone()).limit(5).all().await.unwrap(), candles[..5]);
    let streamed: Vec<_> = store.candles(minutes).stream().try_collect().await.unwrap();
    assert_eq!(streamed, candles);
}
