//! Corners of identity that random batches seldom meet.

use tradekeep_models::{Market, Order, OrderFilter, OrderType, Side};
use uuid::Uuid;

use super::*;

/// An order of that number at that second, which we call `client`.
fn order(number: u128, second: i64, client: &str) -> Order {
    Order::builder()
        .ts(Timestamp::from_units(second, 1_000_000_000).unwrap())
        .order_id(Uuid::from_u128(number))
        .venue(Venue::unknown())
        .market(Market::new("0x1").unwrap())
        .side(Side::Buy)
        .order_type(OrderType::Market)
        .quantity(1.into())
        .client_order_id(Name::new(client).unwrap())
        .build()
}

async fn refused(store: &MemoryStore, orders: Vec<Order>) -> Vec<usize> {
    let error = store.save(orders).await.unwrap_err();
    assert_eq!((error.kind, error.delivery), (ErrorKind::Conflict, crate::Delivery::NotApplied));
    let Act::BadRows(rows) = error.act else { panic!("{error:?}") };
    rows.iter().map(|row| row.index).collect()
}

#[tokio::test]
async fn what_is_stored_outside_the_times_of_a_batch_is_not_met() {
    let store = MemoryStore::new();
    store.save(vec![order(1, 10, "a")]).await.unwrap();
    for second in [9, 11] {
        let around = vec![order(2, second, "a"), order(1, second, "b")];
        assert_eq!(store.save(around).await.unwrap().inserted, 2);
    }
    let across = vec![order(3, 9, "c"), order(4, 12, "a"), order(1, 12, "c")];
    assert_eq!(refused(&store, across).await, [1, 2]);
}

#[tokio::test]
async fn what_was_stored_can_be_sent_again_whatever_came_between() {
    let store = MemoryStore::new();
    let first = vec![order(1, 10, "a"), order(2, 30, "b")];
    store.save(first.clone()).await.unwrap();
    // Neither contradicts what is stored at its own time.
    store.save(vec![order(1, 20, "a")]).await.unwrap();
    store.save(vec![order(3, 15, "a")]).await.unwrap();
    let all = [first.clone(), vec![order(1, 20, "a"), order(3, 15, "a")]].concat();
    for sent in [first, all] {
        let (count, saved) = (sent.len() as u64, store.save(sent).await.unwrap());
        assert_eq!((saved.inserted, saved.duplicates), (0, count));
    }
}

#[tokio::test]
async fn what_is_refused_does_not_count_against_what_follows() {
    let store = MemoryStore::new();
    store.save(vec![order(1, 10, "a")]).await.unwrap();
    let batch = vec![order(2, 10, "a"), order(2, 10, "b"), order(1, 10, "c"), order(3, 10, "c")];
    assert_eq!(refused(&store, batch.clone()).await, [0, 2]);
    let rest = vec![batch[1].clone(), batch[3].clone()];
    assert_eq!(store.save(rest).await.unwrap().inserted, 2);
}

#[tokio::test]
async fn a_version_that_no_batch_saw_stored_is_answered_with_each_time() {
    let store: &dyn SeriesStore = &MemoryStore::new();
    for second in [10, 12, 11] {
        store.save(vec![order(1, second, "a")]).await.unwrap();
    }
    let all = store.orders(OrderFilter::default());
    assert_eq!(all.page().await.unwrap().items, [12, 11, 10].map(|at| order(1, at, "a")));
    assert_eq!(store.order_history(Uuid::from_u128(1)).all().await.unwrap().len(), 3);
}
