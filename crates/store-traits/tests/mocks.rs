//! A mock for each role, with failures and latency as a test wants them. The clock is paused.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tradekeep_models::{ListQuery, RecordPage, Symbol, TradeFilter};
use tradekeep_store_traits::mock::{
    MockMaintenance, MockMetricStore, MockPartitionAdmin, MockProbe, MockRecordSink,
    MockRecordSource, MockTickStore, MockTradeStore,
};
use tradekeep_store_traits::{
    Ack, Act, ErrorKind, LayerConfig, Layered, Maintenance, MemoryStore, MetricStore,
    PartitionAdmin, Probe, RecordList, RecordSink, RecordSinkExt, RecordSource, Records, Saved,
    SeriesStore, Stage, StoreError, Table, TickStore, Token, TradeStore,
};

fn down() -> StoreError {
    StoreError::new(ErrorKind::Write, "mock", "write", "told to fail").with_act(Act::Probe)
}

#[tokio::test]
async fn a_mock_fails_as_told() {
    let mut store = MockRecordSink::new();
    store.expect_write().times(1).returning(|_| Err(down()));
    let error = store.save(Records::empty(Table::Trades)).await.unwrap_err();
    assert_eq!(error.to_string(), "mock write: told to fail");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_mock_answers_as_told_and_the_sugar_works_on_it() {
    let mut store = MockRecordSink::new();
    store.expect_write().returning(|batch| {
        let inserted = batch.records().len() as u64;
        Ok(Ack::builder()
            .stage(Stage::Acked)
            .token(Token(1))
            .inserted(inserted)
            .duplicates(0)
            .build())
    });
    store.expect_settle().times(1).returning(|tokens| {
        assert_eq!(tokens, [Token(1)]);
        Ok(vec![Stage::Applied])
    });
    let nothing = Records::empty(Table::Trades);
    assert_eq!(
        store.save(nothing).await.unwrap(),
        Saved::builder().inserted(0).duplicates(0).build()
    );

    let filter = TradeFilter { token: Some(Symbol::new("SOL").unwrap()), ..TradeFilter::default() };
    let expected = ListQuery { limit: 10, ..ListQuery::new(&filter) };
    let mut store = MockRecordSource::new();
    store
        .expect_page()
        .withf(move |query| *query == expected)
        .returning(|query| Ok(RecordPage::new(Records::empty(query.table), None)));
    assert_eq!(RecordList::of(&store, &filter).limit(10).page().await.unwrap().items, []);
}

/// What a store answers of another table is told, not taken for nothing.
#[tokio::test]
async fn records_of_another_table_are_an_error() {
    let mut store = MockRecordSource::new();
    store.expect_page().returning(|_| Ok(RecordPage::new(Records::empty(Table::Fills), None)));
    let error = RecordList::of(&store, &TradeFilter::default()).all().await.unwrap_err();
    assert_eq!(error.to_string(), "store trades: the store answered records of fills");
}

/// mockall's closures answer at once; a slow answer is a delay of the reference store.
#[tokio::test(start_paused = true)]
async fn a_store_is_as_slow_as_told() {
    let store = MemoryStore::new().with_delay(|_| sleep(Duration::from_millis(50)));
    let started = Instant::now();
    store.save(Records::Trades(Vec::new())).await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_millis(50));
}

/// Each role has a mock, and layers go around it.
#[test]
fn every_role_has_a_mock_that_layers_go_around() {
    fn layered<T>(mock: T) -> Arc<Layered<T>> {
        Arc::new(Layered::new("mock", Arc::new(mock), LayerConfig::default()))
    }
    let _: Arc<dyn RecordSink> = layered(MockRecordSink::new());
    let _: Arc<dyn RecordSource> = layered(MockRecordSource::new());
    let _: Arc<dyn TickStore> = layered(MockTickStore::new());
    let _: Arc<dyn TradeStore> = layered(MockTradeStore::new());
    let _: Arc<dyn MetricStore> = layered(MockMetricStore::new());
    let _: Arc<dyn PartitionAdmin> = layered(MockPartitionAdmin::new());
    let _: Arc<dyn Maintenance> = layered(MockMaintenance::new());
    let _: Arc<dyn Probe> = layered(MockProbe::new());
}

/// Layers go around a store whose type is not known, and around layers.
#[tokio::test]
async fn layers_go_around_layers() {
    let mut store: Arc<dyn SeriesStore> = Arc::new(MemoryStore::new());
    for _ in 0..3 {
        store = Arc::new(Layered::new("memory", store, LayerConfig::default()));
    }
    assert_eq!(store.series().await.unwrap(), []);
}
