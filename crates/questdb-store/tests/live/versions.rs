//! Versions that arrive while they are read. Rows are put in by SQL.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tradekeep_models::{ListQuery, Order, OrderFilter, strategies};
use tradekeep_store_traits::ExecutionStore;

use crate::Test;
use crate::insert::{insert, made};
use crate::support::{Scratch, run};

pub(crate) const TESTS: &[Test] =
    &[("no_order_is_missing_while_its_versions_arrive", |url| run(url, arriving))];

/// A statement reads the table twice, and not of one moment.
async fn arriving(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let order = Order { version: 0, ..made(&strategies::order()) };
    let versions: Vec<_> = (0..300).map(|version| Order { version, ..order.clone() }).collect();
    insert(&scratch, &versions[..1]).await;
    let done = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (scratch, done) = (scratch.clone(), Arc::clone(&done));
        async move {
            insert(&scratch, &versions).await;
            done.store(true, Ordering::Release);
        }
    });
    let mut seen = BTreeSet::new();
    while !done.load(Ordering::Acquire) {
        let found = store.orders(&ListQuery::new(OrderFilter::default())).await.unwrap().items;
        let version = found.iter().map(|order| order.version).max();
        assert!(version.as_ref() >= seen.last(), "{version:?} after {seen:?}");
        seen.extend(version);
    }
    writing.await.unwrap();
    assert!(seen.len() > 5, "{seen:?}");
}
