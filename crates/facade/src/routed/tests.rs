use std::sync::Arc;

use tradekeep_models::{Table, TradeFilter};
use tradekeep_store_traits::{
    Act, ErrorKind, Failure, LayerConfig, MemoryStore, RetryPolicy, SeriesStore,
};

use super::*;

/// Of one store, whose reads are repeated once.
fn routed(store: &Arc<MemoryStore>) -> Routed {
    let store: Arc<dyn SeriesStore> = Arc::<MemoryStore>::clone(store);
    let layers = LayerConfig::default().with_retry(RetryPolicy::new(1));
    Routed::new(vec![("memory", store)], [0; Role::ALL.len()], layers)
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
