//! Cases of many writers and readers at once, each on a thread of its own.

use std::sync::mpsc::{TryRecvError, channel};

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tradekeep_models::{
    Fill, Latency, Metric, MevEvent, NodeHealth, Order, Position, StoredCandle, SystemEvent,
    TimeRange, Trade,
};

use super::samples::Sample;
use super::{Store, between, page_of};
use crate::Saved;

super::list_cases!(crowd:
    hundred_writers_of_every_record,
    readers_see_whole_batches_of_every_record,
);

/// Writes twenty records, of which the neighbours of batch `k` have a half each.
fn write<R: Sample>(handle: &Handle, store: &Store, k: i64) -> Saved {
    let (from, to) = (10 * k, 10 * k + 20);
    handle.block_on(async {
        let saved = store.save(R::into_records((from..to).map(R::full).collect())).await.unwrap();
        let own = R::during(between(from, to));
        let found = page_of::<R>(store, &own).await.unwrap().items.len();
        assert_eq!(found, 20, "{}: a read after a write sees it", R::TABLE);
        saved
    })
}

/// How many rows a reader sees.
fn read<R: Sample>(handle: &Handle, store: &Store) -> usize {
    let all = R::during(TimeRange::ALL);
    handle.block_on(async { page_of::<R>(store, &all).await.unwrap().items.len() })
}

type Write = fn(&Handle, &Store, i64) -> Saved;
type Read = fn(&Handle, &Store) -> usize;

const EACH: [(Write, Read); 10] = [
    (write::<Trade>, read::<Trade>),
    (write::<Order>, read::<Order>),
    (write::<Fill>, read::<Fill>),
    (write::<Position>, read::<Position>),
    (write::<Metric>, read::<Metric>),
    (write::<Latency>, read::<Latency>),
    (write::<MevEvent>, read::<MevEvent>),
    (write::<SystemEvent>, read::<SystemEvent>),
    (write::<NodeHealth>, read::<NodeHealth>),
    (write::<StoredCandle>, read::<StoredCandle>),
];

async fn hundred_writers_of_every_record(store: Store) {
    let mut writers = JoinSet::new();
    for (k, (write, _)) in (0..10).flat_map(|k| EACH.map(|each| (k, each))) {
        let (handle, store) = (Handle::current(), store.clone());
        writers.spawn_blocking(move || write(&handle, &store, k));
    }
    let all = writers.join_all().await;
    // Ten batches of each kind, each ten rows ahead of the last.
    assert_eq!(all.iter().map(|saved| saved.inserted).sum::<u64>(), 10 * 110);
    assert_eq!(all.iter().map(|saved| saved.duplicates).sum::<u64>(), 10 * 90);
    let rows: Vec<u64> =
        store.table_stats().await.unwrap().iter().map(|stats| stats.rows).collect();
    assert_eq!(rows[..1], [0]);
    assert_eq!(rows[1..], [110; 10]);
}

async fn readers_see_whole_batches_of_every_record(store: Store) {
    let mut threads = JoinSet::new();
    for (write, read) in EACH {
        // Closes when the writer ends, however it does.
        let (writing, written) = channel::<()>();
        let (handle, own) = (Handle::current(), store.clone());
        threads.spawn_blocking(move || {
            let _writing = writing;
            for n in 0..5 {
                // Apart from each other: every other neighbour.
                write(&handle, &own, 2 * n);
            }
        });
        let (handle, own) = (Handle::current(), store.clone());
        threads.spawn_blocking(move || {
            let mut seen = 0;
            loop {
                let done = written.try_recv() == Err(TryRecvError::Disconnected);
                let now = read(&handle, &own);
                assert_eq!(now % 20, 0, "a part of a batch of 20 was visible");
                assert!(now >= seen, "{seen} rows were visible, and then only {now}");
                seen = now;
                if done {
                    break;
                }
            }
            assert_eq!(seen, 100);
        });
    }
    threads.join_all().await;
}
