//! Closing takes a bounded time, whatever callers do with their futures.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{Symbol, Tick, Timestamp};
use tradekeep_store_traits::{
    Batch, ErrorKind, Probe, RecordSink, RecordSinkExt, Records, TickStore,
};

const BOUND: Duration = Duration::from_secs(20);

fn tick(n: i64) -> Tick {
    Tick::builder(Symbol::new("X").unwrap(), Timestamp::from_nanos(n).unwrap())
        .price(n.into())
        .quantity(1.into())
        .build()
        .unwrap()
}

/// A future that is polled once, as `select!` does with one that then loses, and kept; with its answer
/// where it had one at once.
struct Kept<'a, T>(Pin<Box<dyn Future<Output = T> + Send + 'a>>, Option<T>);

impl<'a, T> Kept<'a, T> {
    fn new(mut future: Pin<Box<dyn Future<Output = T> + Send + 'a>>) -> Self {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Self(future, Some(answer)),
            Poll::Pending => Self(future, None),
        }
    }

    async fn answer(self) -> T {
        match self.1 {
            Some(answer) => answer,
            None => self.0.await,
        }
    }
}

async fn open(folder: &tempfile::TempDir) -> DuckDbStore {
    DuckDbStore::connect(DuckDbConfig::new(folder.path()).with_readers(2, 1)).await.unwrap()
}

#[tokio::test]
async fn kept_writes_do_not_hold_up_closing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let batches: Vec<_> = (0..40).map(|n| Batch::new(Records::Ticks(vec![tick(n)]))).collect();
    let writes: Vec<_> = batches.iter().map(|batch| Kept::new(store.write(batch))).collect();
    tokio::time::timeout(BOUND, store.close()).await.expect("closing hangs").unwrap();
    // They were sent, so they ran before the end.
    for write in writes {
        assert_eq!(write.answer().await.unwrap().inserted, 1);
    }
    assert_eq!(store.save(vec![tick(1)]).await.unwrap_err().kind, ErrorKind::Connection);
}

#[tokio::test]
async fn kept_reads_hold_up_neither_closing_nor_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    store.save(vec![tick(1)]).await.unwrap();
    let reads: Vec<_> = (0..40).map(|_| Kept::new(store.series())).collect();
    // More than may read at once are kept, and others still read.
    let other =
        tokio::time::timeout(BOUND, store.series()).await.expect("a kept read has its place");
    assert_eq!(other.unwrap()[0].count, 1);
    let late: Vec<_> = (0..40).map(|_| Kept::new(store.series())).collect();
    tokio::time::timeout(BOUND, store.close()).await.expect("closing hangs").unwrap();
    for read in reads {
        assert_eq!(read.answer().await.unwrap()[0].count, 1, "it ran before the other one");
    }
    for read in late {
        // Some ran, some were still in the queue.
        match read.answer().await {
            Ok(series) => assert_eq!(series[0].count, 1),
            Err(error) => assert!(error.to_string().contains("closed"), "{error}"),
        }
    }
    assert_eq!(store.pool_stats().in_use, 0);
}

#[tokio::test]
async fn dropped_futures_are_nobodys_business() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    for n in 0..50 {
        let batch = Batch::new(Records::Ticks(vec![tick(n)]));
        drop(Kept::new(store.write(&batch)));
        drop(Kept::new(store.series()));
    }
    // Behind all of them in the writer's queue.
    store.save(vec![tick(50)]).await.unwrap();
    assert_eq!(store.series().await.unwrap()[0].count, 51);
    tokio::time::timeout(BOUND, store.close()).await.expect("closing hangs").unwrap();
}

#[tokio::test]
async fn reading_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = DuckDbStore::new(DuckDbConfig::new(&data)).unwrap();
    assert!(store.series().await.unwrap().is_empty());
    assert!(store.health().await.is_healthy());
    store.close().await.unwrap();
    let store = DuckDbStore::new(DuckDbConfig::new(&data)).unwrap();
    assert!(store.series().await.unwrap().is_empty());
    assert!(!data.exists());
    // What is written first does, and is read by who read before.
    store.save(vec![tick(1)]).await.unwrap();
    assert_eq!(store.series().await.unwrap().len(), 1);
    store.close().await.unwrap();
    assert!(data.join("tradekeep.duckdb").exists());
}
