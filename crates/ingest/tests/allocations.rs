//! How often taking a record into the spool asks for memory: at most once, and far less in fact. Counted
//! of the thread that appends; its binary has an allocator that counts.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use tradekeep_ingest::{Ingest, IngestConfig, SinkConfig, SinkId};
use tradekeep_models::{Decimal, Symbol, Table, Tick, Timestamp, TradeId, Venue};
use tradekeep_store_traits::{MemoryStore, Records};

const BATCH: u64 = 1_000;

/// Ticks whose texts are too long to be kept without an allocation of their own.
fn ticks(from: u64, count: u64) -> Records {
    let tick = |number: u64| {
        let nanos = 1_723_075_200_000_000_000 + i64::try_from(number).unwrap() * 1_000_000;
        let symbol = Symbol::new("BTC-USD-PERPETUAL-2024-09-27").unwrap();
        let at = Timestamp::from_nanos(nanos).unwrap();
        Tick::builder(symbol, at)
            .venue(Venue::new("an-exchange-with-a-long-name").unwrap())
            .trade_id(TradeId::new(format!("trade-number-of-the-venue-{number:020}")).unwrap())
            .price("61837.63".parse::<Decimal>().unwrap())
            .quantity("0.02".parse::<Decimal>().unwrap())
            .build()
            .unwrap()
    };
    (from..from + count).map(tick).collect::<Vec<_>>().into()
}

/// A way in that has begun: its buffers are there, and its segments.
async fn warm(config: IngestConfig) -> Ingest {
    let sink = SinkConfig {
        id: SinkId::of("memory", "", ""),
        name: "memory://".into(),
        sink: Arc::new(MemoryStore::new()),
        tables: vec![Table::Ticks],
        from_now: false,
    };
    // Delivery is left for later.
    let config = config.with_max_batch(100_000).with_batch(100_000, Duration::from_secs(3600));
    let ingest = Ingest::open(config, vec![sink]).await.unwrap();
    for batch in 0..10 {
        ingest.try_append(&ticks(batch * BATCH, BATCH)).unwrap();
    }
    ingest
}

#[test]
fn what_allocates_is_counted() {
    let least = 3 * BATCH;
    assert!(measure(|| drop(ticks(0, BATCH))).count_total > least, "three texts of each tick");
}

#[tokio::test]
async fn a_batch_takes_fewer_than_its_records() {
    let folder = tempfile::tempdir().unwrap();
    // Small segments: some of the batches begin a new one.
    let ingest = warm(IngestConfig::new(folder.path()).with_segment_bytes(1 << 20)).await;
    let counts = (100..150).map(|batch| {
        let records = ticks(batch * BATCH, BATCH);
        measure(|| drop(ingest.try_append(&records).unwrap())).count_total
    });
    let counts: Vec<_> = counts.collect();
    println!("allocations for each {BATCH} records: {counts:?}");
    assert!(ingest.stats().segments > 5);
    assert!(counts.iter().all(|count| count * 10 <= BATCH), "{counts:?}");
}

#[tokio::test]
async fn a_record_alone_takes_one_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let ingest = warm(IngestConfig::new(folder.path())).await;
    for number in 0..2_000 {
        let record = ticks(1_000_000 + number, 1);
        let count = measure(|| drop(ingest.try_append(&record).unwrap())).count_total;
        assert!(count <= 1, "{count} allocations for record {number}");
    }
}
