//! Corners of identity that random batches seldom meet.

use tradekeep_models::{Market, Order, OrderType, Side};
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
async fn the_window_is_as_long_as_was_asked_for() {
    let store = MemoryStore::new().with_duplicate_window(Duration::from_secs(5));
    store.save(vec![order(1, 10, "a")]).await.unwrap();
    for (second, met) in [(4, false), (5, true), (15, true), (16, false)] {
        let other = vec![order(2, second, "a")];
        if met {
            assert_eq!(refused(&store, other).await, [0]);
        } else {
            assert_eq!(store.save(other).await.unwrap().inserted, 1);
        }
    }
}

#[tokio::test]
async fn what_was_stored_can_be_sent_again_whatever_came_between() {
    let store = MemoryStore::new().with_duplicate_window(Duration::from_secs(5));
    let first = vec![order(1, 10, "a"), order(2, 30, "b")];
    store.save(first.clone()).await.unwrap();
    // Neither contradicts what is stored at about its own time.
    let between = vec![order(1, 20, "a"), order(3, 4, "a")];
    store.save(between.clone()).await.unwrap();
    for sent in [first.clone(), [first, between].concat()] {
        let (count, saved) = (sent.len() as u64, store.save(sent).await.unwrap());
        assert_eq!((saved.inserted, saved.duplicates), (0, count));
    }
}
