//! A store that does as a test says, and a way in on a simulated disk.
#![allow(dead_code, reason = "not every test needs all of it")]

mod station;
pub(crate) mod wire;

use std::sync::Arc;
use std::time::Duration;

use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::{
    Clock, Ingest, IngestConfig, IngestStats, Result, SinkConfig, SinkId, SystemClock,
};
use tradekeep_models::record::Record;
use tradekeep_models::{Metric, Name, Symbol, Tick, Timestamp};
use tradekeep_store_traits::{
    Act, BadRow, Batch, Delivery, ErrorKind, Failure, RecordSink, Records, StoreError, Table,
    with_records,
};

pub(crate) use self::station::{Answer, Station};

pub(crate) fn error(kind: ErrorKind, act: Act) -> StoreError {
    StoreError::new(kind, "test", "write", "made to fail").with_act(act)
}

pub(crate) fn lost(kind: ErrorKind) -> StoreError {
    error(kind, Act::Retry { after: None }).with_delivery(Delivery::Unknown)
}

/// Refuses the records whose seconds `is_bad` says yes to, by their places.
pub(crate) fn refusing(
    is_bad: impl Fn(u64) -> bool + Send + 'static,
) -> impl FnMut(&Batch) -> Answer {
    move |batch| {
        let bad = bad_places(batch, &is_bad);
        if bad.is_empty() {
            return Answer::Go;
        }
        let row = |index| BadRow::new(index, "is bad".into());
        let bad = bad.into_iter().map(row).collect();
        Answer::Fail(Failure::bad_rows(ErrorKind::InvalidInput, bad).at("test", "write"))
    }
}

/// Places of the bad ones. What delivery tells of itself, at the time of the clock, is none.
pub(crate) fn bad_places(batch: &Batch, is_bad: impl Fn(u64) -> bool) -> Vec<usize> {
    if batch.records().table() == Table::SystemEvents {
        return Vec::new();
    }
    let places = with_records!(batch.records(), rows => rows.iter().map(Record::ts).enumerate().collect::<Vec<_>>());
    places.into_iter().filter(|(_, ts)| is_bad(second(*ts))).map(|(place, _)| place).collect()
}

pub(crate) fn at(second: u64) -> Timestamp {
    Timestamp::from_nanos(i64::try_from(second).unwrap() * 1_000_000_000).unwrap()
}

pub(crate) fn second(ts: Timestamp) -> u64 {
    u64::try_from(ts.as_nanos() / 1_000_000_000).unwrap()
}

/// Ticks of the seconds `from..from + count`.
pub(crate) fn ticks(from: u64, count: u64) -> Records {
    let tick = |second: u64| {
        let draft = Tick::builder(Symbol::new("X").unwrap(), at(second));
        draft.price(100.into()).quantity(1.into()).build().unwrap()
    };
    (from..from + count).map(tick).collect::<Vec<_>>().into()
}

/// Metrics of the seconds `from..from + count`.
pub(crate) fn metrics(from: u64, count: u64) -> Records {
    let metric = |second| Metric::new(at(second), Name::new("m").unwrap(), 1.5);
    (from..from + count).map(metric).collect::<Vec<_>>().into()
}

/// Segments as small as they may be, and batches that leave soon.
pub(crate) fn config() -> IngestConfig {
    IngestConfig::new("data")
        .with_segment_bytes(264 << 10)
        .with_batch(100, Duration::from_millis(100))
}

pub(crate) fn sink(name: &str, sink: Arc<dyn RecordSink>, tables: &[Table]) -> SinkConfig {
    let (id, name) = (SinkId::of("test", name, ""), name.to_owned());
    SinkConfig { id, name, sink, tables: tables.to_vec(), from_now: false }
}

pub(crate) const TABLES: &[Table] = &[Table::Ticks, Table::Metrics, Table::SystemEvents];

pub(crate) async fn open(
    config: IngestConfig,
    sinks: Vec<SinkConfig>,
    fs: &SimFs,
) -> Result<Ingest> {
    open_by(config, sinks, fs, Arc::new(SystemClock)).await
}

pub(crate) async fn open_by(
    config: IngestConfig,
    sinks: Vec<SinkConfig>,
    fs: &SimFs,
    clock: Arc<dyn Clock>,
) -> Result<Ingest> {
    Ingest::open_on(config, sinks, Arc::new(fs.clone()), clock).await
}

/// One sink that has ticks, metrics and system events.
pub(crate) async fn with_one(station: &Arc<Station>, fs: &SimFs) -> Ingest {
    open(config(), vec![sink("one", Arc::clone(station) as _, TABLES)], fs).await.unwrap()
}

/// All is delivered, and nothing is unaccounted for.
pub(crate) fn settled(stats: &IngestStats) {
    assert_eq!(stats.pending(), 0, "{stats:#?}");
    for lane in stats.lanes() {
        assert_eq!(lane.unaccounted(), 0, "{lane:#?}");
    }
}

pub(crate) const SOON: Duration = Duration::from_secs(3600);

/// Waits until all is delivered: also what is told of that.
pub(crate) async fn drained(ingest: &Ingest) -> IngestStats {
    for _ in 0..20 {
        let stats = ingest.flush(SOON).await;
        if stats.pending() == 0 {
            settled(&stats);
            return stats;
        }
    }
    panic!("it does not end: {:#?}", ingest.stats());
}
