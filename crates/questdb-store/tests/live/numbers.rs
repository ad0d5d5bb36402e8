//! Numbers about records, against the reference. Rows are put in by SQL.

use tradekeep_models::record::Record;
use tradekeep_models::{
    BucketQuery, Decimal, Latency, LatencyFilter, LatencyNumbers, Metric, MetricFilter, MevEvent,
    MevFilter, SlippageFilter, TimeRange, Timestamp, Trade, TradeFilter, TradeStatus, ValueStats,
    strategies,
};
use tradekeep_store_traits::{
    ApproxLatencies, ErrorKind, MemoryStore, MetricStore, RecordSinkExt, TradeStore,
};

use crate::Test;
use crate::insert::insert;
use crate::records::{crowded, reference};
use crate::support::{Scratch, run};

pub(crate) const TESTS: &[Test] = &[
    ("numbers_of_metrics_equal_the_reference", |url| run(url, metrics)),
    ("numbers_of_latencies_equal_the_reference", |url| run(url, latencies)),
    ("approximate_percentiles_are_within_their_bound", |url| run(url, approximate)),
    ("numbers_of_mev_equal_the_reference", |url| run(url, mev)),
    ("numbers_of_trades_equal_the_reference", |url| run(url, trades)),
    ("summary_equals_the_reference", |url| run(url, summary)),
    ("nothing_has_no_numbers", |url| run(url, nothing)),
    ("sums_that_do_not_fit_are_errors", |url| run(url, too_large)),
];

/// Sums are exact in any order: the strategies see to that.
fn assert_numbers(found: Option<ValueStats>, expected: Option<ValueStats>, what: &str) {
    let (Some(found), Some(expected)) = (found, expected) else {
        assert_eq!(found, expected, "{what}");
        return;
    };
    let each = |s: ValueStats| (s.count, [s.sum, s.avg, s.min, s.max, s.p50, s.p95, s.p99]);
    assert_eq!(each(found), each(expected), "{what}");
}

/// The range of everything, and some between the times of rows.
fn ranges<R: Record>(rows: &[R]) -> Vec<TimeRange> {
    let mut all = vec![TimeRange::ALL];
    for pair in rows.windows(2).step_by(rows.len() / 12) {
        let (a, b) = (pair[0].ts(), pair[1].ts());
        all.push(TimeRange::new(a.min(b), a.max(b)).unwrap());
    }
    all
}

fn some_metrics() -> Vec<Metric> {
    crowded(strategies::metric(), 400, |row, ts| Metric { ts, ..row })
}

async fn metrics(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let memory = MemoryStore::new();
    let rows = reference(&memory, some_metrics()).await;
    insert(&scratch, &rows).await;
    for range in ranges(&rows) {
        for row in rows.iter().step_by(40) {
            for filter in [
                MetricFilter { range, ..MetricFilter::default() },
                MetricFilter { range, ..MetricFilter::of(row.name.clone()) },
                MetricFilter { labels: row.labels.clone(), range, name: None },
            ] {
                let found = store.metric_stats(&filter).await.unwrap();
                let expected = memory.metric_stats(&filter).await.unwrap();
                assert_numbers(found, expected, &format!("{filter:?}"));
            }
        }
        for width in ["1s", "7s", "1m", "4h", "1d", "1w", "1M", "3M"] {
            let filter = MetricFilter { range, ..MetricFilter::default() };
            let mut query = BucketQuery::new(filter, width.parse().unwrap());
            for limit in [2, 10_000] {
                (query.limit, query.after) = (limit, None);
                for _ in 0..4 {
                    let found = store.bucket_page(&query).await.unwrap();
                    let expected = memory.bucket_page(&query).await.unwrap();
                    assert_eq!(found.next, expected.next, "{query:?}");
                    assert_eq!(found.items.len(), expected.items.len(), "{query:?}");
                    for (found, expected) in found.items.iter().zip(&expected.items) {
                        assert_eq!(found.open_ts, expected.open_ts, "{query:?}");
                        let what = format!("{query:?}");
                        assert_numbers(Some(found.stats), Some(expected.stats), &what);
                    }
                    query.after = found.next;
                    if query.after.is_none() {
                        break;
                    }
                }
            }
        }
    }
    let wrong = BucketQuery {
        limit: 0,
        ..BucketQuery::new(MetricFilter::default(), "1s".parse().unwrap())
    };
    let error = store.bucket_page(&wrong).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
}

fn some_latencies() -> Vec<Latency> {
    let mut rows = crowded(strategies::latency(), 400, |row, ts| Latency { ts, ..row });
    let largest = Latency {
        latency_ns: i64::MAX.unsigned_abs(),
        success: true,
        error_type: None,
        ..rows[0].clone()
    };
    rows.extend((1_000..1_003).map(|seq| Latency { seq, ..largest.clone() }));
    rows
}

async fn latencies(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let memory = MemoryStore::new();
    let rows = reference(&memory, some_latencies()).await;
    insert(&scratch, &rows).await;
    let mut values: Vec<_> = rows.iter().map(|row| row.latency_ns).collect();
    values.sort_unstable();
    values.dedup();
    let many: Vec<u64> = (0..1_000).collect();
    for range in ranges(&rows) {
        for row in rows.iter().step_by(60) {
            let service = Some(row.service.clone());
            for filter in [
                LatencyFilter { range, ..LatencyFilter::default() },
                LatencyFilter { service: service.clone(), operation: None, range },
                LatencyFilter { service, operation: Some(row.operation.clone()), range },
            ] {
                assert_eq!(
                    store.latency_stats(&filter).await.unwrap(),
                    memory.latency_stats(&filter).await.unwrap(),
                    "{filter:?}"
                );
                for bounds in [&[0][..], &[u64::MAX], &[0, 1, 1_000, u64::MAX], &values, &many] {
                    assert_eq!(
                        store.latency_histogram(&filter, bounds).await.unwrap(),
                        memory.latency_histogram(&filter, bounds).await.unwrap(),
                        "{filter:?} {bounds:?}"
                    );
                }
            }
        }
    }
    let too_many: Vec<u64> = (0..1_001).collect();
    for bounds in [&[][..], &[5, 5], &[5, 6, 4], &too_many] {
        let found = store.latency_histogram(&LatencyFilter::default(), bounds).await;
        assert_eq!(found.unwrap_err().kind, ErrorKind::InvalidInput);
    }
}

fn some_events() -> Vec<MevEvent> {
    crowded(strategies::mev_event(), 400, |row, ts| MevEvent { ts, ..row })
}

async fn mev(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let memory = MemoryStore::new();
    let mut rows = some_events();
    // Sums of sizes that do not fit a decimal, of losses that do.
    let large = MevEvent {
        trade_size: Some(Decimal::MAX),
        token_pair: "large".parse().ok(),
        ..rows[0].clone()
    };
    let losses = [1, 1, i32::MAX, -i32::MAX].map(Some);
    rows.extend(losses.into_iter().zip(1_000..).map(|(actual_loss_bps, seq)| MevEvent {
        seq,
        actual_loss_bps,
        ..large.clone()
    }));
    let rows = reference(&memory, rows).await;
    insert(&scratch, &rows).await;
    let mut answered = 0;
    for range in ranges(&rows) {
        for row in rows.iter().step_by(20).chain(rows.last()) {
            let any = MevFilter { range, ..MevFilter::default() };
            for filter in [
                any.clone(),
                MevFilter { trade_id: row.trade_id, ..any.clone() },
                MevFilter { trader_id: row.trader_id.clone(), ..any.clone() },
                MevFilter { token_pair: row.token_pair.clone(), ..any },
            ] {
                let found = store.mev_analysis(&filter).await.map_err(|error| error.kind);
                let expected = memory.mev_analysis(&filter).await.map_err(|error| error.kind);
                answered += usize::from(found.is_ok());
                assert_eq!(found, expected, "{filter:?}");
            }
        }
    }
    assert!(answered > 100);
}

fn some_trades() -> Vec<Trade> {
    crowded(strategies::trade(), 500, |row, ts| Trade { ts, ..row })
}

async fn trades(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let memory = MemoryStore::new();
    let mut trades = some_trades();
    // The executed price is anything, and what is left times it seldom fits.
    for (trade, n) in trades.iter_mut().zip(0i64..).filter(|(_, n)| n % 9 != 0) {
        trade.executed_price = n.into();
    }
    let rows = reference(&memory, trades).await;
    insert(&scratch, &rows).await;
    let metrics = reference(&memory, some_metrics()).await;
    insert(&scratch, &metrics).await;
    let (mut fits, mut of_metrics) = (0, 0);
    for range in [ranges(&rows), ranges(&metrics)].concat() {
        for row in rows.iter().step_by(20) {
            let any = TradeFilter { range, ..TradeFilter::default() };
            for filter in [
                any.clone(),
                TradeFilter { id: Some(row.id), ..any.clone() },
                TradeFilter { token: Some(row.base_token.clone()), ..any.clone() },
                TradeFilter { trader_id: Some(row.trader_id.clone()), ..any },
            ] {
                let found = store.performance(&filter).await.map_err(|error| error.kind);
                let expected = memory.performance(&filter).await.map_err(|error| error.kind);
                fits += usize::from(found.is_ok());
                assert_eq!(found, expected, "{filter:?}");
            }
            for token in [None, Some(row.base_token.clone())] {
                let asked = SlippageFilter { range, token: token.clone() };
                let found = store.slippage(&asked).await.unwrap();
                let expected = memory.slippage(&asked).await.unwrap();
                assert_eq!(found.map(|s| s.source), expected.map(|s| s.source), "{token:?}");
                let numbers = (found.map(|s| s.numbers), expected.map(|s| s.numbers));
                assert_numbers(numbers.0, numbers.1, &format!("{range:?} {token:?}"));
                let source = found.map(|found| found.source.as_str());
                of_metrics += usize::from(source == Some("metric"));
            }
        }
    }
    assert!(fits > 100 && of_metrics > 10, "{fits} {of_metrics}");
}

async fn summary(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let memory = MemoryStore::new();
    let trades = reference(&memory, some_trades()).await;
    let metrics = reference(&memory, some_metrics()).await;
    let latencies = reference(&memory, some_latencies()).await;
    let events = reference(&memory, some_events()).await;
    insert(&scratch, &trades).await;
    insert(&scratch, &metrics).await;
    insert(&scratch, &latencies).await;
    insert(&scratch, &events).await;
    let all = [ranges(&trades), ranges(&metrics), ranges(&latencies), ranges(&events)].concat();
    for range in all {
        assert_eq!(
            store.summary(range).await.unwrap(),
            memory.summary(range).await.unwrap(),
            "{range:?}"
        );
    }
}

async fn nothing(scratch: Scratch) {
    let (store, memory) = (scratch.open().await.unwrap(), MemoryStore::new());
    let (range, any) = (TimeRange::ALL, MetricFilter::default());
    assert_eq!(store.metric_stats(&any).await.unwrap(), None);
    let buckets = BucketQuery::new(any, "1s".parse().unwrap());
    let found = store.bucket_page(&buckets).await.unwrap();
    assert_eq!(found, memory.bucket_page(&buckets).await.unwrap());
    let latencies = LatencyFilter::default();
    assert_eq!(store.latency_stats(&latencies).await.unwrap(), []);
    assert_eq!(store.latency_histogram(&latencies, &[5, 6]).await.unwrap(), [0, 0, 0]);
    assert_eq!(store.slippage(&SlippageFilter { range, token: None }).await.unwrap(), None);
    let events = MevFilter::default();
    let found = store.mev_analysis(&events).await.unwrap();
    assert_eq!(found, memory.mev_analysis(&events).await.unwrap());
    assert_eq!(store.summary(range).await.unwrap(), memory.summary(range).await.unwrap());
    let trades = TradeFilter::default();
    let found = store.performance(&trades).await.unwrap();
    assert_eq!(found, memory.performance(&trades).await.unwrap());
}

async fn too_large(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let metric = Metric { value: 1.7e308, ..some_metrics().remove(0) };
    let metrics = [1, 2].map(|seq| Metric { seq, ..metric.clone() });
    insert(&scratch, &metrics).await;
    let error = store.metric_stats(&MetricFilter::default()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Query, "{error}");
    let largest = Decimal::MAX;
    let trade = Trade {
        quote_amount: largest,
        actual_slippage: Some(largest),
        status: TradeStatus::Confirmed,
        version: 0,
        ..some_trades().remove(0)
    };
    let trades = [1u128, 2].map(|id| Trade { id: uuid::Uuid::from_u128(id), ..trade.clone() });
    insert(&scratch, &trades).await;
    let error = store.performance(&TradeFilter::default()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Query, "{error}");
    // Slippages count as doubles, and their sum fits one.
    let slippage = store.slippage(&SlippageFilter::default()).await.unwrap().unwrap().numbers;
    assert_eq!((slippage.sum, slippage.max), (2e20, 1e20));
}

async fn approximate(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let rows: Vec<Latency> = (0..20_000)
        .map(|n: u64| {
            let ts = Timestamp::from_nanos(i64::try_from(n).unwrap() * 1_000).unwrap();
            let took = 50_000 + n * n * 7_919 % 900_000_007;
            let (service, operation) = (["a", "b"][usize::from(n.is_multiple_of(3))], "o");
            let row = Latency::new(ts, service.parse().unwrap(), operation.parse().unwrap(), took);
            Latency { success: !n.is_multiple_of(11), ..row }
        })
        .collect();
    store.save(rows).await.unwrap();
    let filter = LatencyFilter::default();
    let exact = store.latency_stats(&filter).await.unwrap();
    let found = store.approx_latency_stats(&filter).await.unwrap();
    assert_eq!((exact.len(), found.len()), (2, 2));
    for (exact, found) in exact.iter().zip(&found) {
        assert_eq!((&exact.service, exact.failures), (&found.service, found.failures));
        let (exact, found) = (exact.numbers.unwrap(), found.numbers.unwrap());
        let sure = |n: LatencyNumbers| (n.min_ns, n.max_ns, n.avg_ns.to_bits());
        assert_eq!(sure(exact), sure(found));
        let ranks = |n: LatencyNumbers| [n.p50_ns, n.p95_ns, n.p99_ns, n.p999_ns];
        for (exact, found) in ranks(exact).into_iter().zip(ranks(found)) {
            assert!(exact.abs_diff(found) * 1_000 <= exact, "{found} for {exact}");
        }
    }
}
