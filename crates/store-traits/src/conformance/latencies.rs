//! Cases of [`MetricStore`](crate::MetricStore) on latencies: numbers and histograms.

use tradekeep_models::{Latency, LatencyFilter, LatencyNumbers, StreamId, TimeRange};

use super::{Store, assert_close, at, between, name};
use crate::ErrorKind;

super::list_cases!(latencies:
    filters_match_all_their_parts,
    no_latencies_no_numbers,
    numbers_about_latencies,
    percentiles_are_nearest_rank,
    failures_are_counted_beside,
    only_failures_have_no_numbers,
    operations_are_listed_in_order,
    numbers_are_of_what_passes_the_filter,
    largest_latencies_have_a_mean,
    histogram_counts_from_each_bound_on,
    histogram_of_nothing_is_zeros,
    histogram_counts_what_succeeded_and_passes,
    histogram_bounds_must_increase,
);

/// Latency number `n` of the router's quotes.
pub(super) fn latency(n: i64, latency_ns: u64) -> Latency {
    Latency {
        ts: at(n, 0),
        stream: StreamId::new("s").unwrap(),
        seq: n,
        service: name("router"),
        operation: name("quote"),
        latency_ns,
        success: true,
        error_type: None,
    }
}

pub(super) fn failed(n: i64, latency_ns: u64) -> Latency {
    latency(n, latency_ns).with_error(name("timeout"))
}

fn of(n: i64, service: &str, operation: &str) -> Latency {
    Latency { service: name(service), operation: name(operation), ..latency(n, 1) }
}

async fn save(store: &Store, latencies: impl IntoIterator<Item = Latency>) {
    store.save(latencies.into_iter().collect::<Vec<_>>()).await.unwrap();
}

async fn numbers(store: &Store) -> Option<LatencyNumbers> {
    store.latency_of(name("router"), name("quote"), TimeRange::ALL).await.unwrap()
}

fn any() -> LatencyFilter {
    LatencyFilter::default()
}

async fn filters_match_all_their_parts(store: Store) {
    save(&store, [of(1, "a", "x"), of(2, "a", "y"), of(3, "b", "x"), of(4, "A", "x")]).await;
    let (a, x) = (Some(name("a")), Some(name("x")));
    for (filter, expected) in [
        (any(), vec![1, 2, 3, 4]),
        (LatencyFilter { service: a.clone(), ..any() }, vec![1, 2]),
        (LatencyFilter { operation: x.clone(), ..any() }, vec![1, 3, 4]),
        (LatencyFilter { service: a.clone(), operation: x, ..any() }, vec![1]),
        (LatencyFilter { service: a, range: between(2, 9), ..any() }, vec![2]),
    ] {
        let found = store.latencies(filter.clone()).page().await.unwrap().items;
        let found: Vec<_> = found.iter().map(|latency| latency.seq).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

async fn no_latencies_no_numbers(store: Store) {
    assert_eq!(store.latency_stats(&any()).await.unwrap(), []);
    assert_eq!(numbers(&store).await, None);
    save(&store, [latency(1, 5)]).await;
    let before = LatencyFilter { range: between(-9, 1), ..any() };
    assert_eq!(store.latency_stats(&before).await.unwrap(), []);
}

async fn numbers_about_latencies(store: Store) {
    save(&store, [7, 1, 300, 2, 40].into_iter().zip(0..).map(|(ns, n)| latency(n, ns))).await;
    let found = numbers(&store).await.unwrap();
    assert_eq!((found.min_ns, found.max_ns, found.p50_ns), (1, 300, 7));
    assert_eq!((found.p95_ns, found.p99_ns, found.p999_ns), (300, 300, 300));
    assert_close(found.avg_ns, 70.0);
}

async fn percentiles_are_nearest_rank(store: Store) {
    // Of 1 to n: places ceil(0.5 n), ceil(0.95 n), ceil(0.99 n) and ceil(0.999 n).
    let expected = [
        (1, 1, 1, 1, 1),
        (2, 1, 2, 2, 2),
        (4, 2, 4, 4, 4),
        (10, 5, 10, 10, 10),
        (20, 10, 19, 20, 20),
        (100, 50, 95, 99, 100),
        (999, 500, 950, 990, 999),
        (1_000, 500, 950, 990, 999),
        (1_001, 501, 951, 991, 1_000),
    ];
    let operation = |n: u64| name(&format!("of-{n}"));
    let of = |n: u64| {
        let values = (0..n).map(move |place| place * 17 % n + 1);
        let seconds = i64::try_from(n).unwrap() * 2_000..;
        let values = values.zip(seconds);
        values.map(move |(ns, at)| Latency { operation: operation(n), ..latency(at, ns) })
    };
    save(&store, expected.iter().flat_map(|(n, ..)| of(*n))).await;
    for (n, p50, p95, p99, p999) in expected {
        let found = store.latency_of(name("router"), operation(n), TimeRange::ALL).await.unwrap();
        let LatencyNumbers { min_ns, max_ns, p50_ns, p95_ns, p99_ns, p999_ns, .. } = found.unwrap();
        assert_eq!((p50_ns, p95_ns, p99_ns, p999_ns), (p50, p95, p99, p999), "of {n}");
        assert_eq!((min_ns, max_ns), (1, n), "of {n}");
    }
}

async fn failures_are_counted_beside(store: Store) {
    save(&store, [latency(1, 10), failed(2, 1), failed(3, 9_000), latency(4, 20)]).await;
    save(&store, [failed(5, 15)]).await;
    let [stats] = store.latency_stats(&any()).await.unwrap().try_into().unwrap();
    assert_eq!((stats.successes, stats.failures), (2, 3));
    let numbers = stats.numbers.unwrap();
    assert_eq!((numbers.min_ns, numbers.p50_ns, numbers.max_ns), (10, 10, 20));
    assert_close(numbers.avg_ns, 15.0);
}

async fn only_failures_have_no_numbers(store: Store) {
    save(&store, [failed(1, 10), failed(2, 20)]).await;
    let [stats] = store.latency_stats(&any()).await.unwrap().try_into().unwrap();
    assert_eq!((stats.successes, stats.failures, stats.numbers), (0, 2, None));
    assert_eq!(numbers(&store).await, None);
}

async fn operations_are_listed_in_order(store: Store) {
    let mixed =
        [("b", "x"), ("a", "y"), ("Z", "z"), ("a", "x"), ("a", "Y"), ("é", "x"), ("a", "x")];
    save(&store, mixed.iter().zip(0..).map(|((service, op), n)| of(n, service, op))).await;
    let found = store.latency_stats(&any()).await.unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|stats| (stats.service.as_str(), stats.operation.as_str(), stats.successes))
        .collect();
    assert_eq!(
        found,
        [("Z", "z", 1), ("a", "Y", 1), ("a", "x", 2), ("a", "y", 1), ("b", "x", 1), ("é", "x", 1)]
    );
}

async fn numbers_are_of_what_passes_the_filter(store: Store) {
    let other = Latency { operation: name("swap"), ..latency(2, 1_000) };
    save(&store, [latency(1, 1), other, latency(3, 3), latency(5, 500), failed(6, 1)]).await;
    let range = between(1, 5);
    let found = store.latency_of(name("router"), name("quote"), range).await.unwrap().unwrap();
    assert_eq!((found.min_ns, found.max_ns), (1, 3));
    let swaps = LatencyFilter { operation: Some(name("swap")), ..any() };
    let [stats] = store.latency_stats(&swaps).await.unwrap().try_into().unwrap();
    assert_eq!((stats.successes, stats.failures), (1, 0));
    assert_eq!(store.latency_of(name("swap"), name("quote"), range).await.unwrap(), None);
}

async fn largest_latencies_have_a_mean(store: Store) {
    let largest = i64::MAX.unsigned_abs();
    let three = (1..=3).map(|n| latency(n, largest));
    save(&store, three.chain([latency(4, 0)])).await;
    let found = numbers(&store).await.unwrap();
    assert_eq!((found.min_ns, found.max_ns), (0, largest));
    // Three quarters of 2^63; the sum is past 64 bits.
    assert_close(found.avg_ns, 6_917_529_027_641_081_856.0);
}

async fn histogram(store: &Store, bounds: &[u64]) -> Vec<u64> {
    store.latency_histogram(&any(), bounds).await.unwrap()
}

async fn histogram_counts_from_each_bound_on(store: Store) {
    let latencies = [0, 9, 10, 10, 99, 100, 101, 5_000];
    save(&store, latencies.into_iter().zip(0..).map(|(ns, n)| latency(n, ns))).await;
    assert_eq!(histogram(&store, &[10, 100]).await, [2, 3, 3]);
    assert_eq!(histogram(&store, &[1, 200, 300, 5_000]).await, [1, 6, 0, 0, 1]);
    assert_eq!(histogram(&store, &[0]).await, [0, 8]);
    assert_eq!(histogram(&store, &[u64::MAX]).await, [8, 0]);
    let many: Vec<u64> = (1..=1_000).collect();
    let found = histogram(&store, &many).await;
    assert_eq!(found.len(), 1_001);
    assert_eq!((found[0], found[9], found[10], found[100], found[1_000]), (1, 1, 2, 1, 1));
}

async fn histogram_of_nothing_is_zeros(store: Store) {
    assert_eq!(histogram(&store, &[10, 100]).await, [0, 0, 0]);
}

async fn histogram_counts_what_succeeded_and_passes(store: Store) {
    let other = Latency { operation: name("swap"), ..latency(3, 5) };
    save(&store, [latency(1, 5), failed(2, 5), other, latency(9, 5)]).await;
    assert_eq!(histogram(&store, &[1, 10]).await, [0, 3, 0]);
    let (operation, range) = (Some(name("quote")), between(1, 9));
    let filter = LatencyFilter { operation, range, ..any() };
    assert_eq!(store.latency_histogram(&filter, &[1, 10]).await.unwrap(), [0, 1, 0]);
}

async fn histogram_bounds_must_increase(store: Store) {
    let too_many: Vec<u64> = (0..1_001).collect();
    for bounds in [&[][..], &[5, 5], &[5, 6, 4], &too_many] {
        let error = store.latency_histogram(&any(), bounds).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{error}");
    }
}
