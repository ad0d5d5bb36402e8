//! Versions that arrive while they are read. Rows are put in by SQL.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tradekeep_models::{Order, OrderFilter, strategies};
use tradekeep_store_traits::SeriesStore;
use uuid::Uuid;

use crate::Test;
use crate::insert::{made, put};
use crate::support::{Scratch, run};

pub(crate) const TESTS: &[Test] =
    &[("an_order_is_there_once_while_its_versions_arrive", |url| run(url, arriving))];

/// Answers that differ from the one before, at which it is enough.
const ANSWERS: usize = 100;
/// Orders that the writer may be ahead by.
const AHEAD: usize = 5;

/// A statement reads the table twice, and not of one moment.
async fn arriving(scratch: Scratch) {
    let store: &dyn SeriesStore = &scratch.open().await.unwrap();
    let orders = || store.orders(OrderFilter::default()).page();
    // Which makes the table.
    assert!(orders().await.unwrap().items.is_empty());
    let permits = Arc::new(Semaphore::new(AHEAD));
    let writing = tokio::spawn(write(scratch.clone(), Arc::clone(&permits)));
    let mut answers = 0;
    let mut last = BTreeMap::new();
    while answers < ANSWERS && !writing.is_finished() {
        let orders = orders().await.unwrap().items;
        permits.add_permits(1);
        let now: BTreeMap<_, _> =
            orders.iter().map(|order| (order.order_id, order.version)).collect();
        let versions = || orders.iter().map(|order| order.version).collect::<Vec<_>>();
        assert_eq!(now.len(), orders.len(), "an order is there twice: {:?}", versions());
        for (id, version) in &last {
            assert!(now.get(id) >= Some(version), "{:?} after {version}", now.get(id));
        }
        answers += usize::from(now != last);
        last = now;
    }
    permits.close();
    writing.await.unwrap();
    assert_eq!(answers, ANSWERS);
}

/// An order and its versions, then the next, one for each permit.
async fn write(scratch: Scratch, permits: Arc<Semaphore>) {
    let order = made(&strategies::order());
    let mut id = 0;
    while let Ok(permit) = permits.acquire().await {
        permit.forget();
        id += 1;
        let order = Order { order_id: Uuid::from_u128(id), ..order.clone() };
        let versions: Vec<_> = (0..5).map(|version| Order { version, ..order.clone() }).collect();
        put(&scratch, &versions).await;
    }
}
