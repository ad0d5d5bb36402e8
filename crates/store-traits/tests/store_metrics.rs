//! What layers record, and that `docs/metrics.md` says just that. The clock is paused.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit, set_default_local_recorder,
};
use tokio::time::{sleep, timeout};
use tradekeep_models::{
    BucketQuery, CandleQuery, Interval, LatencyFilter, ListQuery, MetricFilter, MevFilter,
    SlippageFilter, StreamId, Symbol, TimeRange, TradeFilter, Venue, new_id,
};
use tradekeep_store_traits::{
    Act, ErrorKind, LayerConfig, Layered, MemoryStore, Records, RetryPolicy, Run, STORE_METRICS,
    SeriesStore, StoreError, Table, TickStore, describe_store_metrics,
};

const SECOND: Duration = Duration::from_secs(1);

/// Keeps what is recorded, by `name label=value …`: every change of a counter or gauge, every value
/// of a histogram.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<BTreeMap<String, Vec<f64>>>>);

/// One metric of [`Notes`].
struct Note(String, Notes);

impl Notes {
    fn note(&self, name: &str, value: f64) {
        self.0.lock().unwrap().entry(name.to_owned()).or_default().push(value);
    }

    fn of(&self, name: &str) -> Vec<f64> {
        self.0.lock().unwrap().get(name).cloned().unwrap_or_default()
    }

    fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }

    fn at(&self, key: &Key) -> Arc<Note> {
        let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
        Arc::new(Note(key.name().to_owned() + &labels.collect::<String>(), self.clone()))
    }
}

impl CounterFn for Note {
    #[allow(clippy::cast_precision_loss, reason = "the numbers of these tests are small")]
    fn increment(&self, value: u64) {
        self.1.note(&self.0, value as f64);
    }

    fn absolute(&self, _: u64) {}
}

impl GaugeFn for Note {
    fn increment(&self, value: f64) {
        self.1.note(&self.0, value);
    }

    fn decrement(&self, value: f64) {
        self.1.note(&self.0, -value);
    }

    fn set(&self, _: f64) {}
}

impl HistogramFn for Note {
    fn record(&self, value: f64) {
        self.1.note(&self.0, value);
    }
}

impl Recorder for Notes {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.note(&format!("counter {}: {help}", name.as_str()), 0.0);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.note(&format!("gauge {}: {help}", name.as_str()), 0.0);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        assert_eq!(unit, Some(Unit::Seconds));
        self.note(&format!("histogram {}: {help}", name.as_str()), 0.0);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.at(key).into()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.at(key).into()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.at(key).into()
    }
}

fn measured(store: MemoryStore, config: LayerConfig) -> Layered<MemoryStore> {
    Layered::new("memory", Arc::new(store), config.with_metrics())
}

fn refused() -> StoreError {
    StoreError::new(ErrorKind::Connection, "memory", "series", "secret of the caller")
        .with_act(Act::Retry { after: None })
}

#[tokio::test(start_paused = true)]
async fn a_call_is_counted_and_measured() {
    let notes = Notes::default();
    let _recorder = set_default_local_recorder(&notes);
    let store = measured(MemoryStore::new().with_delay(|_| sleep(SECOND)), LayerConfig::default());
    store.series().await.unwrap();
    store.series().await.unwrap();
    for (name, expected) in [
        ("tradekeep_store_operations_total store=memory op=series outcome=ok", vec![1.0, 1.0]),
        ("tradekeep_store_operation_seconds store=memory op=series outcome=ok", vec![1.0, 1.0]),
        ("tradekeep_store_operations_in_flight store=memory op=series", vec![1.0, -1.0, 1.0, -1.0]),
    ] {
        assert_eq!(notes.of(name), expected, "{name}");
    }
    assert_eq!(notes.names().len(), 3, "{:?}", notes.names());
}

#[tokio::test(start_paused = true)]
async fn a_call_with_retries_is_one_call() {
    let notes = Notes::default();
    let _recorder = set_default_local_recorder(&notes);
    let store = MemoryStore::new().with_delay(|_| sleep(SECOND));
    store.fail_next("series", 2, refused).unwrap();
    let policy = RetryPolicy::new(2).with_first(Duration::ZERO);
    measured(store, LayerConfig::default().with_retry(policy)).series().await.unwrap();
    let seconds = "tradekeep_store_operation_seconds store=memory op=series outcome=ok";
    // tokio's clock has milliseconds, and the two waits of nothing may take one each.
    assert!((3.0..3.01).contains(&notes.of(seconds)[0]), "{:?}", notes.of(seconds));
    assert_eq!(notes.of(seconds).len(), 1);
    assert_eq!(notes.of("tradekeep_store_retries_total store=memory op=series"), [1.0, 1.0]);
}

#[tokio::test(start_paused = true)]
async fn an_error_is_counted_by_its_kind_and_tells_nothing_else() {
    let notes = Notes::default();
    let _recorder = set_default_local_recorder(&notes);
    let store = MemoryStore::new();
    store.fail_next("series", 1, refused).unwrap();
    measured(store, LayerConfig::default()).series().await.unwrap_err();
    let failed = "tradekeep_store_operations_total store=memory op=series outcome=connection";
    assert_eq!(notes.of(failed), [1.0]);
    assert!(notes.names().iter().all(|name| !name.contains("secret")), "{:?}", notes.names());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_was_cancelled() {
    let notes = Notes::default();
    let _recorder = set_default_local_recorder(&notes);
    let slow = MemoryStore::new().with_delay(|_| sleep(60 * SECOND));
    let store = measured(slow, LayerConfig::default());
    assert!(timeout(SECOND, store.series()).await.is_err());
    let cancelled = "tradekeep_store_operations_total store=memory op=series outcome=cancelled";
    assert_eq!(notes.of(cancelled), [1.0]);
    let in_flight = "tradekeep_store_operations_in_flight store=memory op=series";
    assert_eq!(notes.of(in_flight), [1.0, -1.0]);
}

#[tokio::test]
async fn nothing_is_recorded_without_the_layer() {
    let notes = Notes::default();
    let _recorder = set_default_local_recorder(&notes);
    let store = Layered::new("memory", Arc::new(MemoryStore::new()), LayerConfig::default());
    store.series().await.unwrap();
    assert_eq!(notes.names(), [""; 0]);
}

/// Whatever a store can be asked passes the layers, under the name of its method.
#[tokio::test]
async fn every_operation_is_recorded_by_its_name() {
    let notes = Notes::default();
    let _recorder = set_default_local_recorder(&notes);
    let store = measured(MemoryStore::new(), LayerConfig::default());
    let store: &dyn SeriesStore = &store;
    let minute: Interval = "1m".parse().unwrap();
    let (venue, symbol) = (Venue::new("v").unwrap(), Symbol::new("X").unwrap());
    let latencies = LatencyFilter::default();
    let run = Run { stream: StreamId::new("s").unwrap(), first: 1, id: new_id() };

    store.ping().await.unwrap();
    store.save(Records::empty(Table::Ticks)).await.unwrap();
    store.settle(&[]).await.unwrap();
    store.position(Table::Ticks, &run).await.unwrap();
    store.watermark(&StreamId::new("s").unwrap(), 1, Table::Ticks).await.unwrap();
    store.durable_watermark(&StreamId::new("s").unwrap(), 1, Table::Ticks).await.unwrap();
    store.checkpoint().await.unwrap();
    for table in Table::ALL {
        store.page(&ListQuery::of(*table)).await.unwrap();
    }
    store.candles(CandleQuery::new(venue, symbol, minute)).page().await.unwrap();
    store.series().await.unwrap();
    store.performance(&TradeFilter::default()).await.unwrap();
    store.metric_stats(&MetricFilter::default()).await.unwrap();
    store.metric_buckets(BucketQuery::new(MetricFilter::default(), minute)).page().await.unwrap();
    store.latency_stats(&latencies).await.unwrap();
    store.latency_histogram(&latencies, &[1]).await.unwrap();
    store.slippage(&SlippageFilter::default()).await.unwrap();
    store.mev_analysis(&MevFilter::default()).await.unwrap();
    store.summary(TimeRange::ALL).await.unwrap();
    store.partitions(Table::Ticks).await.unwrap();
    store.drop_partitions(Table::Ticks, &[]).await.unwrap();
    store.set_floor(Table::Ticks, None).await.unwrap();
    store.floor(Table::Ticks).await.unwrap();
    store.table_stats().await.unwrap();
    store.optimize().await.unwrap();
    store.health().await;
    store.close().await.unwrap();

    let counted = "tradekeep_store_operations_total store=memory op=";
    let names = notes.names();
    let ops: BTreeSet<&str> = names
        .iter()
        .filter_map(|name| name.strip_prefix(counted)?.strip_suffix(" outcome=ok"))
        .collect();
    assert_eq!(ops, MemoryStore::OPERATIONS.iter().copied().collect());
    assert!(names.iter().all(|name| notes.of(name).len() <= 2), "counted twice: {names:?}");
}

#[test]
fn descriptions_are_told() {
    let notes = Notes::default();
    metrics::with_local_recorder(&notes, describe_store_metrics);
    let expected: BTreeSet<String> = STORE_METRICS
        .iter()
        .map(|metric| format!("{} {}: {}", metric.kind, metric.name, metric.help))
        .collect();
    assert_eq!(notes.names().into_iter().collect::<BTreeSet<_>>(), expected);
}

/// Names and labels that are recorded, beside those that are documented.
#[tokio::test]
async fn what_is_recorded_is_what_is_listed() {
    let notes = Notes::default();
    let _recorder = set_default_local_recorder(&notes);
    let store = MemoryStore::new();
    store.fail_next("series", 1, refused).unwrap();
    let policy = RetryPolicy::new(1).with_first(Duration::ZERO);
    measured(store, LayerConfig::default().with_retry(policy)).series().await.unwrap();
    let recorded: BTreeSet<String> = notes
        .names()
        .iter()
        .map(|name| {
            let mut words = name.split(' ');
            let labels = |label: &str| label.split('=').next().unwrap_or_default().to_owned();
            let name = words.next().unwrap_or_default().to_owned();
            [vec![name], words.map(labels).collect()].concat().join(" ")
        })
        .collect();
    let listed: BTreeSet<String> = STORE_METRICS
        .iter()
        .map(|metric| [&[metric.name], metric.labels].concat().join(" "))
        .collect();
    assert_eq!(recorded, listed);
}

#[test]
fn the_documentation_lists_just_these() {
    // Cargo runs tests in the folder of their package.
    let text = fs::read_to_string("../../docs/metrics.md").unwrap();
    let documented: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| `tradekeep_store_")).collect();
    let listed: Vec<String> = STORE_METRICS
        .iter()
        .map(|metric| {
            let labels: Vec<String> = metric.labels.iter().map(|l| format!("`{l}`")).collect();
            let (name, kind, labels) = (metric.name, metric.kind, labels.join(", "));
            format!("| `{name}` | {kind} | {labels} | {} |", metric.help)
        })
        .collect();
    assert_eq!(documented, listed);
}
