use std::sync::Arc;

use tradekeep_models::{Table, TradeFilter};
use tradekeep_store_traits::{
    Act, ErrorKind, Failure, LayerConfig, MemoryStore, RetryPolicy, SeriesStore,
};

use super::*;
use crate::handles::Handles;

/// Of one store, whose reads are repeated once.
fn routed(store: &Arc<MemoryStore>) -> Routed {
    let handles = Handles::of_series(Arc::<MemoryStore>::clone(store));
    let layers = LayerConfig::default().with_retry(RetryPolicy::new(1));
    Routed::new(vec![Store::new("memory", handles, layers).unwrap()], [0; Role::ALL.len()])
}

fn for_the_moment() -> StoreError {
    Failure::new(ErrorKind::Connection, "the server went away")
        .with_act(Act::Retry { after: None })
        .at("memory", "any")
}

#[tokio::test]
async fn reads_are_repeated_and_writes_are_not() {
    let store = Arc::new(MemoryStore::new());
    let routed: &dyn SeriesStore = &routed(&store);
    store.fail_next("trades", 1, for_the_moment).unwrap();
    assert_eq!(routed.trades(TradeFilter::default()).all().await.unwrap(), []);
    store.fail_next("trades", 2, for_the_moment).unwrap();
    assert!(routed.trades(TradeFilter::default()).all().await.is_err());

    let nothing = || tradekeep_models::Records::empty(Table::Trades);
    store.fail_next("write", 1, for_the_moment).unwrap();
    assert!(routed.save(nothing()).await.is_err());
    assert!(routed.save(nothing()).await.is_ok());
}

/// A store that keeps ticks and nothing else, and one for the rest.
#[tokio::test]
async fn a_store_of_one_role_is_wired() {
    let store = |handles| Store::new("memory", handles, LayerConfig::default()).unwrap();
    let ticks = Arc::new(MemoryStore::new());
    let only_ticks = Handles {
        records: Some(Arc::<MemoryStore>::clone(&ticks)),
        ticks: Some(ticks),
        ..Handles::default()
    };
    let rest = Handles::of_series(Arc::new(MemoryStore::new()));
    let mut of = [1; Role::ALL.len()];
    of[Role::Ticks.place()] = 0;
    let routed = Routed::new(vec![store(only_ticks.clone()), store(rest)], of);
    let keep: &dyn SeriesStore = &routed;
    assert_eq!(keep.series().await.unwrap(), []);
    assert_eq!(keep.performance(&TradeFilter::default()).await.unwrap().trades, 0);

    let routed = Routed::new(vec![store(only_ticks)], [0; Role::ALL.len()]);
    let keep: &dyn SeriesStore = &routed;
    let error = keep.performance(&TradeFilter::default()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(
        error.context.ends_with("no trades: use memory, duckdb or questdb for them"),
        "{error}"
    );
    let error = routed.candle_views().err().unwrap();
    assert!(error.context.ends_with("no views of candles: questdb has"), "{error}");
}

#[test]
fn a_store_without_records_has_no_role() {
    let error = Store::new("cache", Handles::default(), LayerConfig::default()).err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unsupported);
}
