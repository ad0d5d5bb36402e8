//! Cases of [`MetricStore::metric_buckets`](crate::MetricStore::metric_buckets).

use tradekeep_models::{BucketQuery, Labels, MetricBucket, MetricFilter, TimeRange, Timestamp};

use super::metrics::{metric, save_values};
use super::{Store, assert_close, at, interval, name, time};
use crate::ErrorKind;

super::list_cases!(buckets:
    nothing_of_no_values,
    buckets_of_every_width,
    numbers_are_those_of_the_values_inside,
    one_nanosecond_before_the_end_is_inside,
    empty_buckets_are_absent,
    late_value_corrects_its_bucket,
    range_holds_whole_buckets_that_open_in_it,
    only_what_passes_the_filter,
    pages_cover_everything_once,
    full_last_page_has_no_cursor,
    limit_out_of_range_is_invalid_input,
);

fn every(width: &str) -> BucketQuery {
    BucketQuery::new(MetricFilter::default(), interval(width))
}

async fn all(store: &Store, mut query: BucketQuery) -> Vec<MetricBucket> {
    let mut all = Vec::new();
    loop {
        let page = store.metric_buckets(query.clone()).page().await.unwrap();
        assert!(page.items.len() <= query.limit);
        all.extend(page.items);
        let Some(next) = page.next else {
            return all;
        };
        // By its text, as users send it.
        let next = Some(next.to_string().parse().unwrap());
        assert_ne!(query.after, next, "pages go on");
        query.after = next;
    }
}

/// Opening second and count of each bucket.
fn counts(buckets: &[MetricBucket]) -> Vec<(i64, u64)> {
    let second = |ts: Timestamp| (ts.as_nanos() - at(0, 0).as_nanos()) / 1_000_000_000;
    buckets.iter().map(|bucket| (second(bucket.open_ts), bucket.stats.count)).collect()
}

async fn nothing_of_no_values(store: Store) {
    let page = store.metric_buckets(every("1m")).page().await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
}

async fn buckets_of_every_width(store: Store) {
    let mut late = metric(0, 1.0);
    late.ts = time("2024-08-08T17:34:56.789Z");
    let mut early = metric(0, 2.0);
    early.ts = time("1970-01-01T00:00:00Z");
    store.save(vec![late, early]).await.unwrap();
    for (width, open) in [
        ("1s", "2024-08-08T17:34:56Z"),
        ("15s", "2024-08-08T17:34:45Z"),
        ("1m", "2024-08-08T17:34:00Z"),
        ("7m", "2024-08-08T17:30:00Z"),
        ("4h", "2024-08-08T16:00:00Z"),
        ("1d", "2024-08-08T00:00:00Z"),
        ("1w", "2024-08-05T00:00:00Z"),
        ("2w", "2024-07-29T00:00:00Z"),
        ("1M", "2024-08-01T00:00:00Z"),
        ("3M", "2024-07-01T00:00:00Z"),
        ("12M", "2024-01-01T00:00:00Z"),
    ] {
        let found = all(&store, every(width)).await;
        let opens: Vec<_> = found.iter().map(|bucket| bucket.open_ts).collect();
        assert_eq!(opens, [time("1970-01-01"), time(open)], "{width}");
    }
}

async fn numbers_are_those_of_the_values_inside(store: Store) {
    let mut values = vec![3.0, -1.0, 4.0, 1.5];
    values.extend([0.0; 56]);
    values.push(7.25);
    save_values(&store, &values).await;
    let [first, second] = all(&store, every("1m")).await.try_into().unwrap();
    let (stats, alone) = (first.stats, second.stats);
    assert_eq!((first.open_ts, stats.count, stats.min, stats.max), (at(0, 0), 60, -1.0, 4.0));
    // Place 57 of -1, 56 zeros, 1.5, 3, 4; and place 60.
    assert_eq!((stats.p50, stats.p95, stats.p99), (0.0, 0.0, 4.0));
    assert_close(stats.sum, 7.5);
    assert_close(stats.avg, 0.125);
    assert_eq!((second.open_ts, alone.count), (at(60, 0), 1));
    for number in [alone.sum, alone.avg, alone.min, alone.max, alone.p50, alone.p95, alone.p99] {
        assert_close(number, 7.25);
    }
}

async fn one_nanosecond_before_the_end_is_inside(store: Store) {
    let mut metrics: Vec<_> = (0..3).map(|n| metric(n, 1.0)).collect();
    for (metric, nanos) in metrics.iter_mut().zip([-1, 0, 1]) {
        metric.ts = at(60, nanos);
    }
    store.save(metrics).await.unwrap();
    assert_eq!(counts(&all(&store, every("1m")).await), [(0, 1), (60, 2)]);
}

async fn empty_buckets_are_absent(store: Store) {
    store.save([5, 65, 305].map(|second| metric(second, 1.0)).to_vec()).await.unwrap();
    assert_eq!(counts(&all(&store, every("1m")).await), [(0, 1), (60, 1), (300, 1)]);
}

async fn late_value_corrects_its_bucket(store: Store) {
    store.save(vec![metric(5, 1.0), metric(65, 1.0)]).await.unwrap();
    assert_eq!(counts(&all(&store, every("1m")).await), [(0, 1), (60, 1)]);
    store.save(vec![metric(2, 9.0)]).await.unwrap();
    let found = all(&store, every("1m")).await;
    assert_eq!(counts(&found), [(0, 2), (60, 1)]);
    assert_eq!(found[0].stats.max, 9.0);
}

async fn range_holds_whole_buckets_that_open_in_it(store: Store) {
    let metrics = [59, 60, 90, 119, 120].map(|second| metric(second, 1.0));
    store.save(metrics.to_vec()).await.unwrap();
    for (from, to, expected) in [
        (Some(30), Some(90), vec![(60, 3)]),
        (Some(60), Some(120), vec![(60, 3)]),
        (Some(61), None, vec![(120, 1)]),
        (None, Some(61), vec![(0, 1), (60, 3)]),
        (Some(60), Some(60), vec![]),
        (Some(61), Some(119), vec![]),
    ] {
        let range = TimeRange::new(from.map(|s| at(s, 0)), to.map(|s| at(s, 0))).unwrap();
        let mut query = every("1m");
        query.filter.range = range;
        assert_eq!(counts(&all(&store, query).await), expected, "{from:?}..{to:?}");
    }
}

async fn only_what_passes_the_filter(store: Store) {
    let mut metrics: Vec<_> = (0..4).map(|n| metric(n, 1.0)).collect();
    metrics[1].name = name("other");
    metrics[2].labels = Labels::default().with("venue", "v").unwrap();
    store.save(metrics).await.unwrap();
    let mut query = every("1s");
    query.filter.name = Some(name("lag"));
    assert_eq!(counts(&all(&store, query.clone()).await), [(0, 1), (2, 1), (3, 1)]);
    query.filter.labels = Labels::default().with("venue", "v").unwrap();
    assert_eq!(counts(&all(&store, query).await), [(2, 1)]);
}

async fn pages_cover_everything_once(store: Store) {
    // Two in every third minute.
    let metrics = (0..40).map(|n| metric(n / 2 * 180 + n % 2, 1.0));
    store.save(metrics.collect::<Vec<_>>()).await.unwrap();
    let expected: Vec<_> = (0..20).map(|n| (n * 180, 2)).collect();
    for limit in [1, 3, 19, 20, 10_000] {
        let found = all(&store, BucketQuery { limit, ..every("1m") }).await;
        assert_eq!(counts(&found), expected, "pages of {limit}");
    }
    let mut part = BucketQuery { limit: 2, ..every("1m") };
    part.filter.range = TimeRange::new(at(180, 0), at(901, 0)).unwrap();
    assert_eq!(counts(&all(&store, part).await), expected[1..6]);
}

async fn full_last_page_has_no_cursor(store: Store) {
    store.save([5, 65, 305].map(|second| metric(second, 1.0)).to_vec()).await.unwrap();
    let full = store.metric_buckets(BucketQuery { limit: 3, ..every("1m") }).page().await.unwrap();
    assert_eq!(full.next, None);
    let cut = store.metric_buckets(BucketQuery { limit: 2, ..every("1m") }).page().await.unwrap();
    assert!(cut.items.len() == 2 && cut.next.is_some());
}

async fn limit_out_of_range_is_invalid_input(store: Store) {
    for limit in [0, 10_001] {
        let query = BucketQuery { limit, ..every("1m") };
        let error = store.metric_buckets(query).page().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
    }
}
