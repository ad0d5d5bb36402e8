//! Cases of [`MetricStore`](crate::MetricStore) on metrics: labels and numbers. Buckets of time have theirs in `buckets`.

use tradekeep_models::{Labels, Metric, MetricFilter, StreamId, TimeRange, ValueStats};

use super::{Store, assert_close, at, between, name, saved};

super::list_cases!(metrics:
    all_labels_must_match,
    labels_match_whole_names_and_values,
    labels_come_back_by_name,
    names_match_exactly,
    equal_times_are_by_stream_then_number,
    thousands_in_a_batch_come_back,
    no_values_no_numbers,
    numbers_about_values,
    percentiles_are_nearest_rank,
    numbers_are_of_what_passes_the_filter,
    sums_are_right_to_twelve_digits,
);

/// A `lag` at a second.
pub(super) fn metric(second: i64, value: f64) -> Metric {
    Metric {
        ts: at(second, 0),
        stream: StreamId::new("s").unwrap(),
        seq: second,
        name: name("lag"),
        value,
        labels: Labels::default(),
    }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().fold(Labels::default(), |labels, (name, value)| labels.with(name, *value).unwrap())
}

fn labelled(second: i64, pairs: &[(&str, &str)]) -> Metric {
    Metric { labels: labels(pairs), ..metric(second, 1.0) }
}

fn with_labels(pairs: &[(&str, &str)]) -> MetricFilter {
    MetricFilter { labels: labels(pairs), ..MetricFilter::default() }
}

const NOTHING: [i64; 0] = [];

/// The seconds of the metrics that pass.
async fn found(store: &Store, filter: MetricFilter) -> Vec<i64> {
    let metrics = store.metrics(filter).page().await.unwrap().items;
    metrics.iter().map(|metric| metric.seq).collect()
}

async fn all_labels_must_match(store: Store) {
    let metrics = vec![
        labelled(0, &[]),
        labelled(1, &[("a", "1")]),
        labelled(2, &[("a", "1"), ("b", "2")]),
        labelled(3, &[("b", "2"), ("a", "1"), ("c", "3")]),
        labelled(4, &[("a", "2"), ("b", "1")]),
    ];
    store.save(metrics).await.unwrap();
    assert_eq!(found(&store, with_labels(&[])).await, [0, 1, 2, 3, 4]);
    assert_eq!(found(&store, with_labels(&[("a", "1")])).await, [1, 2, 3]);
    assert_eq!(found(&store, with_labels(&[("b", "2"), ("a", "1")])).await, [2, 3]);
    assert_eq!(found(&store, with_labels(&[("c", "3"), ("a", "1")])).await, [3]);
    assert_eq!(found(&store, with_labels(&[("a", "1"), ("c", "4")])).await, NOTHING);
}

async fn labels_match_whole_names_and_values(store: Store) {
    let tricky = [
        ("a", ""),
        ("a", "x"),
        ("aa", "x"),
        ("a", "xx"),
        ("a", "X"),
        ("a", "x\",\"b\":\"y"),
        ("a", "x,b=y"),
        ("a", "{\"a\":\"x\"}"),
        ("a", "x: y, 'z'"),
        ("a", "100%"),
        ("a", "1000"),
        ("a", "a_c"),
        ("a", "abc"),
        ("a", "back\\slash"),
        ("a", "\\"),
        ("a", "two\nlines\t"),
        ("a", " x "),
        ("a", "币安🚀"),
        ("a", "null"),
        ("a.b-c/d", "x"),
        ("A", "x"),
    ];
    // Each alone, and the same among others.
    let alone = tricky.iter().zip(0..).map(|(pair, n)| labelled(n, &[*pair]));
    let among = tricky.iter().zip(1_000..);
    let among = among.map(|(pair, n)| labelled(n, &[("0", "\""), *pair, ("z", "\\")]));
    store.save(alone.chain(among).collect::<Vec<_>>()).await.unwrap();
    for (pair, n) in tricky.iter().zip(0..) {
        assert_eq!(found(&store, with_labels(&[*pair])).await, [n, 1_000 + n], "{pair:?}");
    }
    for absent in [("b", "y"), ("a", "x\""), ("a", "%"), ("a", "y"), ("x", "a"), ("", "")] {
        let Ok(labels) = Labels::default().with(absent.0, absent.1) else {
            continue;
        };
        let filter = MetricFilter { labels, ..MetricFilter::default() };
        assert_eq!(found(&store, filter).await, NOTHING, "{absent:?}");
    }
}

async fn labels_come_back_by_name(store: Store) {
    let many = (0..64).fold(Labels::default(), |labels, n| {
        labels.with(&format!("name-{n}"), "\"".repeat(n * 16)).unwrap()
    });
    let metrics = vec![metric(0, 1.0), Metric { labels: many.clone(), ..metric(1, 1.0) }];
    store.save(metrics.clone()).await.unwrap();
    let all = MetricFilter::default();
    assert_eq!(store.metrics(all).page().await.unwrap().items, metrics);
    let last = with_labels(&[("name-63", &"\"".repeat(1_008))]);
    assert_eq!(found(&store, last).await, [1]);
}

async fn names_match_exactly(store: Store) {
    let named = |second, text: &str| Metric { name: name(text), ..metric(second, 1.0) };
    let metrics = vec![named(0, "lag"), named(1, "Lag"), named(2, "lag_ms"), named(3, "l%")];
    store.save(metrics).await.unwrap();
    assert_eq!(found(&store, MetricFilter::of(name("lag"))).await, [0]);
    assert_eq!(found(&store, MetricFilter::of(name("l%"))).await, [3]);
    let both = MetricFilter { range: between(1, 9), ..MetricFilter::of(name("lag")) };
    assert_eq!(found(&store, both).await, NOTHING);
}

async fn equal_times_are_by_stream_then_number(store: Store) {
    let numbers = [i64::MIN, -10, -9, 0, 9, 10, i64::MAX];
    let in_order = ["B", "a", "b", "ｂ", "🚀"].iter().flat_map(|stream| {
        let stream = StreamId::new(stream).unwrap();
        numbers.map(|seq| Metric { ts: at(1, 0), stream: stream.clone(), seq, ..metric(1, 1.0) })
    });
    let in_order: Vec<_> = in_order.collect();
    let mixed = (0..35).map(|n| in_order[n * 16 % 35].clone()).collect::<Vec<_>>();
    assert_eq!(store.save(mixed).await.unwrap(), saved(35, 0));
    let all = MetricFilter::default();
    assert_eq!(store.metrics(all).page().await.unwrap().items, in_order);
}

async fn thousands_in_a_batch_come_back(store: Store) {
    // Past the 2,048 rows of DuckDB's vectors, with and without labels.
    let every_third = |n| labelled(n, if n % 3 == 0 { &[("n", "3")] } else { &[] });
    let metrics: Vec<_> = (0..5_000).map(every_third).collect();
    store.save(metrics.clone()).await.unwrap();
    let found = store.metrics(MetricFilter::default()).page().await.unwrap();
    assert!(found.items == metrics && found.next.is_none());
}

async fn stats(store: &Store, filter: MetricFilter) -> Option<ValueStats> {
    store.metric_stats(&filter).await.unwrap()
}

pub(super) async fn save_values(store: &Store, values: &[f64]) {
    let metrics = values.iter().zip(0..).map(|(value, second)| metric(second, *value));
    store.save(metrics.collect::<Vec<_>>()).await.unwrap();
}

async fn no_values_no_numbers(store: Store) {
    assert_eq!(stats(&store, MetricFilter::default()).await, None);
    save_values(&store, &[1.0]).await;
    assert_eq!(stats(&store, MetricFilter::of(name("other"))).await, None);
    let before = MetricFilter { range: between(-9, 0), ..MetricFilter::default() };
    assert_eq!(stats(&store, before).await, None);
}

async fn numbers_about_values(store: Store) {
    save_values(&store, &[2.5, -1.0, 4.0, 0.25, -1.0]).await;
    let found = stats(&store, MetricFilter::default()).await.unwrap();
    assert_eq!((found.count, found.min, found.max), (5, -1.0, 4.0));
    assert_eq!((found.p50, found.p95, found.p99), (0.25, 4.0, 4.0));
    assert_close(found.sum, 4.75);
    assert_close(found.avg, 0.95);
}

async fn percentiles_are_nearest_rank(store: Store) {
    // Of 1 to n: places ceil(0.5 n), ceil(0.95 n) and ceil(0.99 n).
    let expected = [
        (1, 1.0, 1.0, 1.0),
        (2, 1.0, 2.0, 2.0),
        (3, 2.0, 3.0, 3.0),
        (4, 2.0, 4.0, 4.0),
        (5, 3.0, 5.0, 5.0),
        (10, 5.0, 10.0, 10.0),
        (20, 10.0, 19.0, 20.0),
        (21, 11.0, 20.0, 21.0),
        (100, 50.0, 95.0, 99.0),
        (101, 51.0, 96.0, 100.0),
    ];
    let named = |n: i32| name(&format!("of-{n}"));
    // One after another is 17 off, so that order of arrival is not rank.
    let of = |n: i32| {
        let values = (0..n).map(move |place| f64::from((place * 17) % n + 1));
        let seconds = i64::from(n) * 1_000..;
        values.zip(seconds).map(move |(value, at)| Metric { name: named(n), ..metric(at, value) })
    };
    let metrics = expected.iter().flat_map(|(n, ..)| of(*n)).collect::<Vec<_>>();
    store.save(metrics).await.unwrap();
    for (n, p50, p95, p99) in expected {
        let found = stats(&store, MetricFilter::of(named(n))).await.unwrap();
        assert_eq!((found.p50, found.p95, found.p99), (p50, p95, p99), "of {n}");
        assert_eq!((found.min, found.max), (1.0, f64::from(n)), "of {n}");
    }
}

async fn numbers_are_of_what_passes_the_filter(store: Store) {
    let on = |second, value, venue| Metric { value, ..labelled(second, &[("venue", venue)]) };
    let other = Metric { name: name("other"), ..on(3, 400.0, "v") };
    let metrics = vec![on(1, 1.0, "v"), on(2, 20.0, "w"), other, on(4, 8_000.0, "v")];
    store.save(metrics).await.unwrap();
    let filter =
        |range| MetricFilter { name: Some(name("lag")), range, ..with_labels(&[("venue", "v")]) };
    let found = stats(&store, filter(TimeRange::ALL)).await.unwrap();
    assert_eq!((found.count, found.sum, found.max), (2, 8_001.0, 8_000.0));
    let found = stats(&store, filter(between(1, 4))).await.unwrap();
    assert_eq!((found.count, found.sum, found.max), (1, 1.0, 1.0));
}

async fn sums_are_right_to_twelve_digits(store: Store) {
    // 1,000 times 0.1 and, far off, 10^9: adding in single precision would lose the small ones.
    let values: Vec<_> = [vec![0.1; 1_000], vec![1e9]].concat();
    save_values(&store, &values).await;
    let found = stats(&store, MetricFilter::default()).await.unwrap();
    assert_close(found.sum, 1_000_000_100.0);
    assert_close(found.avg, 1_000_000_100.0 / 1_001.0);
}
