//! Cases of [`MetricStore`](crate::MetricStore) on slippage, MEV and the summary, worked out by hand.

use tradekeep_models::{
    BucketQuery, CandleQuery, Decimal, Labels, LatencyFilter, Metric, MetricFilter, MevAnalysis,
    MevEvent, MevFilter, SlippageFilter, SlippageSource, SlippageStats, StreamId, Summary,
    TimeRange, Trade, TradeFilter, TradeStatus,
};

use super::latencies::{failed, latency};
use super::metrics::metric;
use super::samples::uuid;
use super::trades::trade;
use super::{Store, assert_close, at, between, decimal, interval, name, symbol, trader, venue};
use crate::{ErrorKind, Table};

super::list_cases!(analysis:
    no_slippage_is_nothing,
    slippage_is_that_of_trades,
    slippage_is_else_the_metric,
    slippage_of_a_token_has_a_source_of_its_own,
    slippage_looks_at_highest_versions_of_any_status,
    slippage_stays_in_its_range,
    mev_filters_match_all_their_parts,
    mev_of_no_events,
    mev_by_hand,
    mev_losses_are_exact,
    mev_without_fees_or_losses,
    mev_of_what_passes_the_filter,
    mev_loss_that_does_not_fit_is_an_error,
    mev_losses_of_large_trades,
    summary_of_nothing,
    summary_by_hand,
    summary_p99_is_nearest_rank,
    summary_counts_trades_once_of_any_status,
    closed_store_answers_connection,
);

fn slipped(n: i64, bps: &str) -> Trade {
    Trade { actual_slippage: Some(decimal(bps)), ..trade(n, n) }
}

fn slippage_metric(second: i64, value: f64, token: Option<&str>) -> Metric {
    let labels = token.map(|token| Labels::default().with("token", token).unwrap());
    let labels = labels.unwrap_or_default();
    Metric { name: name("slippage_bps"), labels, ..metric(second, value) }
}

async fn slippage(store: &Store, range: TimeRange, token: Option<&str>) -> Option<SlippageStats> {
    store.slippage(&SlippageFilter { range, token: token.map(symbol) }).await.unwrap()
}

/// Source, count and sum, for short expectations.
fn short(found: Option<SlippageStats>) -> Option<(SlippageSource, u64, f64)> {
    found.map(|found| (found.source, found.numbers.count, found.numbers.sum))
}

const ALL: TimeRange = TimeRange::ALL;
const TRADES: SlippageSource = SlippageSource::Trades;
const METRIC: SlippageSource = SlippageSource::Metric;

async fn no_slippage_is_nothing(store: Store) {
    assert_eq!(slippage(&store, ALL, None).await, None);
    let expected = Some(decimal("7"));
    store.save(vec![Trade { expected_slippage: expected, ..trade(1, 1) }]).await.unwrap();
    store.save(vec![metric(1, 5.0)]).await.unwrap();
    assert_eq!(slippage(&store, ALL, None).await, None);
    assert_eq!(slippage(&store, ALL, Some("SOL")).await, None);
}

async fn slippage_is_that_of_trades(store: Store) {
    let trades = vec![slipped(1, "20.5"), slipped(2, "-1.5"), trade(3, 3), slipped(4, "0.1")];
    store.save(trades).await.unwrap();
    store.save(vec![slippage_metric(1, 900.0, Some("SOL"))]).await.unwrap();
    for token in [None, Some("SOL"), Some("USDC")] {
        let found = slippage(&store, ALL, token).await.unwrap();
        let numbers = found.numbers;
        assert_eq!((found.source, numbers.count), (TRADES, 3));
        assert_eq!((numbers.min, numbers.max), (-1.5, 20.5));
        assert_eq!((numbers.p50, numbers.p95, numbers.p99), (0.1, 20.5, 20.5));
        assert_close(numbers.sum, 19.1);
        assert_close(numbers.avg, 19.1 / 3.0);
    }
}

async fn slippage_is_else_the_metric(store: Store) {
    store.save(vec![trade(1, 1)]).await.unwrap();
    let mut other_name = slippage_metric(3, 70.0, Some("SOL"));
    other_name.name = name("slippage");
    let metrics = vec![
        slippage_metric(1, 3.0, Some("SOL")),
        slippage_metric(2, 4.0, Some("BTC")),
        other_name,
        slippage_metric(4, 5.0, None),
    ];
    store.save(metrics).await.unwrap();
    assert_eq!(short(slippage(&store, ALL, None).await), Some((METRIC, 3, 12.0)));
    assert_eq!(short(slippage(&store, ALL, Some("SOL")).await), Some((METRIC, 1, 3.0)));
    assert_eq!(slippage(&store, ALL, Some("sol")).await, None);
}

async fn slippage_of_a_token_has_a_source_of_its_own(store: Store) {
    store.save(vec![slipped(1, "2")]).await.unwrap();
    store.save(vec![slippage_metric(1, 4.0, Some("BTC"))]).await.unwrap();
    assert_eq!(short(slippage(&store, ALL, Some("SOL")).await), Some((TRADES, 1, 2.0)));
    assert_eq!(short(slippage(&store, ALL, Some("BTC")).await), Some((METRIC, 1, 4.0)));
    assert_eq!(short(slippage(&store, ALL, None).await), Some((TRADES, 1, 2.0)));
    assert_eq!(slippage(&store, ALL, Some("ETH")).await, None);
}

async fn slippage_looks_at_highest_versions_of_any_status(store: Store) {
    let forgotten = Trade { version: 1, actual_slippage: None, ..slipped(2, "40") };
    let corrected = Trade { version: 1, ..slipped(1, "5") };
    let failed = Trade { status: TradeStatus::Failed, ..slipped(3, "100") };
    let trades = vec![slipped(1, "4"), corrected, slipped(2, "40"), forgotten, failed];
    store.save(trades).await.unwrap();
    assert_eq!(short(slippage(&store, ALL, None).await), Some((TRADES, 2, 105.0)));
}

async fn slippage_stays_in_its_range(store: Store) {
    store.save(vec![slipped(3, "1"), slipped(5, "10")]).await.unwrap();
    let metrics = [2, 3, 5].map(|second| slippage_metric(second, 7.0, None));
    store.save(metrics.to_vec()).await.unwrap();
    assert_eq!(short(slippage(&store, between(3, 5), None).await), Some((TRADES, 1, 1.0)));
    assert_eq!(short(slippage(&store, between(2, 3), None).await), Some((METRIC, 1, 7.0)));
    assert_eq!(slippage(&store, between(6, 9), None).await, None);
}

/// An event without anything that may be absent, and suffered.
fn event(n: i64) -> MevEvent {
    MevEvent::builder()
        .ts(at(n, 0))
        .stream(StreamId::new("s").unwrap())
        .seq(n)
        .sandwich_probability(0.5)
        .estimated_loss_bps(1_000)
        .avoided(false)
        .build()
}

fn loss(n: i64, bps: i32, size: &str) -> MevEvent {
    MevEvent { actual_loss_bps: Some(bps), trade_size: Some(decimal(size)), ..event(n) }
}

async fn analysis(store: &Store, filter: MevFilter) -> MevAnalysis {
    store.mev_analysis(&filter).await.unwrap()
}

async fn mev_filters_match_all_their_parts(store: Store) {
    let wanted = MevEvent {
        trade_id: Some(uuid(1)),
        trader_id: Some(trader("t")),
        token_pair: Some(symbol("SOL/USDC")),
        ..event(5)
    };
    let others = vec![
        MevEvent { seq: 1, trade_id: None, ..wanted.clone() },
        MevEvent { seq: 2, trade_id: Some(uuid(2)), ..wanted.clone() },
        MevEvent { seq: 3, trader_id: Some(trader("T")), ..wanted.clone() },
        MevEvent { seq: 4, token_pair: Some(symbol("SOL")), ..wanted.clone() },
        MevEvent { ts: at(6, 0), ..wanted.clone() },
    ];
    store.save([vec![wanted.clone()], others].concat()).await.unwrap();
    let filter = MevFilter {
        trade_id: Some(uuid(1)),
        trader_id: Some(trader("t")),
        token_pair: Some(symbol("SOL/USDC")),
        range: between(5, 6),
    };
    assert_eq!(store.mev_events(filter.clone()).page().await.unwrap().items, [wanted]);
    assert_eq!(analysis(&store, filter).await.events, 1);
}

async fn mev_of_no_events(store: Store) {
    let found = analysis(&store, MevFilter::default()).await;
    assert_eq!((found.events, found.avoided, found.suffered), (0, 0, 0));
    assert_eq!((found.avoidance_rate, found.avg_risk), (None, None));
    assert_eq!((found.total_loss_usd, found.avg_priority_fee_lamports), (Decimal::ZERO, None));
}

async fn mev_by_hand(store: Store) {
    let events = vec![
        MevEvent { priority_fee_lamports: Some(5_000), ..loss(1, 40, "12000") },
        MevEvent { avoided: true, sandwich_probability: 0.25, ..event(2) },
        MevEvent { avoided: true, priority_fee_lamports: Some(1_001), ..loss(3, -5, "1000.5") },
        MevEvent { actual_loss_bps: Some(300), sandwich_probability: 0.0, ..event(4) },
        MevEvent { trade_size: Some(decimal("500")), sandwich_probability: 1.0, ..event(5) },
    ];
    store.save(events).await.unwrap();
    let found = analysis(&store, MevFilter::default()).await;
    assert_eq!((found.events, found.avoided, found.suffered), (5, 2, 3));
    assert_close(found.avoidance_rate.unwrap(), 0.4);
    assert_close(found.avg_risk.unwrap(), 0.45);
    // (40 x 12,000 - 5 x 1,000.5) / 10,000
    assert_eq!(found.total_loss_usd, decimal("47.49975"));
    assert_close(found.avg_priority_fee_lamports.unwrap(), 3_000.5);
}

async fn mev_losses_are_exact(store: Store) {
    // 0.5 units of the last place: a tie, which goes to the even one, 0.
    let half = |n| loss(n, 1, "0.000000000000005");
    store.save(vec![half(1)]).await.unwrap();
    assert_eq!(analysis(&store, MevFilter::default()).await.total_loss_usd, Decimal::ZERO);
    // Twice as much is exact: the sum is rounded, not each event. Two and a half are two again.
    store.save(vec![half(2)]).await.unwrap();
    let total = analysis(&store, MevFilter::default()).await.total_loss_usd;
    assert_eq!(total.to_string(), "0.000000000000000001");
    store.save((3..6).map(half).collect::<Vec<_>>()).await.unwrap();
    let total = analysis(&store, MevFilter::default()).await.total_loss_usd;
    assert_eq!(total.to_string(), "0.000000000000000002");
    // More digits than a double has.
    store.save(vec![loss(9, 10_000, "12345678901234.123456789012345678")]).await.unwrap();
    let total = analysis(&store, MevFilter::default()).await.total_loss_usd;
    assert_eq!(total.to_string(), "12345678901234.12345678901234568");
}

async fn mev_without_fees_or_losses(store: Store) {
    store.save(vec![event(1), MevEvent { avoided: true, ..event(2) }]).await.unwrap();
    let found = analysis(&store, MevFilter::default()).await;
    assert_eq!((found.total_loss_usd, found.avg_priority_fee_lamports), (Decimal::ZERO, None));
    assert_eq!(found.avoidance_rate, Some(0.5));
    let largest = Some(i64::MAX.unsigned_abs());
    let dear = [3, 4].map(|n| MevEvent { priority_fee_lamports: largest, ..event(n) });
    store.save(dear.to_vec()).await.unwrap();
    let found = analysis(&store, MevFilter::default()).await;
    assert_close(found.avg_priority_fee_lamports.unwrap(), 9_223_372_036_854_775_807.0);
}

async fn mev_of_what_passes_the_filter(store: Store) {
    let other = MevEvent { trader_id: Some(trader("u")), ..loss(2, 100, "7") };
    let own = |n, size| MevEvent { trader_id: Some(trader("t")), ..loss(n, 100, size) };
    store.save(vec![own(1, "1"), other, own(3, "20"), own(4, "300")]).await.unwrap();
    let range = between(1, 4);
    let filter = MevFilter { trader_id: Some(trader("t")), range, ..MevFilter::default() };
    let found = analysis(&store, filter).await;
    assert_eq!((found.events, found.total_loss_usd), (2, decimal("0.21")));
}

async fn mev_loss_that_does_not_fit_is_an_error(store: Store) {
    let size = "99999999999999999999";
    store.save(vec![loss(1, 10_000, size), loss(2, 10_000, size)]).await.unwrap();
    let error = store.mev_analysis(&MevFilter::default()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Query, "{error}");
}

async fn mev_losses_of_large_trades(store: Store) {
    // The largest size there is. Sums of sizes, and sizes in basis points, do not fit a decimal; what
    // was lost does: it is exact, and rounded once. 1 + 3 bps of it are 39999999999999999.99…9996.
    let size = &Decimal::MAX.to_string();
    let of_pair = |pair: &str, event| MevEvent { token_pair: Some(symbol(pair)), ..event };
    let pairs = [
        ("few", vec![loss(1, 1, size), loss(2, 1, size), loss(3, 2, size)], "40000000000000000"),
        ("all", vec![loss(4, 5_000, size), loss(5, 5_000, size)], size),
        ("less", vec![loss(6, 20_000, size), loss(7, -10_000, size)], size),
        ("none", vec![loss(8, i32::MAX, size), loss(9, -i32::MAX, size)], "0"),
        (
            "odd",
            vec![loss(10, 1, size), loss(11, 1, "0.1"), loss(12, 1, "5.2")],
            "10000000000000000.00053",
        ),
    ];
    for (pair, events, expected) in pairs {
        let events = events.into_iter().map(|event| of_pair(pair, event)).collect::<Vec<_>>();
        store.save(events).await.unwrap();
        let filter = MevFilter { token_pair: Some(symbol(pair)), ..MevFilter::default() };
        assert_eq!(analysis(&store, filter).await.total_loss_usd, decimal(expected), "{pair}");
    }
}

async fn summary_of_nothing(store: Store) {
    assert_eq!(store.summary(ALL).await.unwrap(), Summary::default());
    store.save(vec![trade(1, 1)]).await.unwrap();
    store.save(vec![failed(1, 5)]).await.unwrap();
    let found = store.summary(ALL).await.unwrap();
    let mut expected = Summary::default();
    expected.total_trades = 1;
    assert_eq!(found, expected);
}

async fn summary_by_hand(store: Store) {
    // Second 0 and second 10 are outside: one more of each, to be left out.
    store.save(vec![slipped(0, "500"), slipped(1, "3"), slipped(9, "4")]).await.unwrap();
    store.save(vec![trade(5, 5), slipped(10, "600")]).await.unwrap();
    let latencies = vec![latency(0, 1), latency(1, 10), latency(2, 20), latency(9, 60)];
    store.save(latencies).await.unwrap();
    store.save(vec![failed(5, 9_000), latency(10, 9_000)]).await.unwrap();
    let avoided = |n| MevEvent { avoided: true, ..event(n) };
    let events = vec![event(0), avoided(1), event(2), avoided(3), avoided(9), avoided(10)];
    store.save(events).await.unwrap();
    store.save(vec![slippage_metric(5, 70.0, None)]).await.unwrap();
    let found = store.summary(between(1, 10)).await.unwrap();
    assert_eq!((found.total_trades, found.p99_latency_ns), (3, Some(60)));
    assert_eq!((found.mev_avoided, found.mev_suffered), (3, 1));
    assert_close(found.avg_latency_ns.unwrap(), 30.0);
    assert_close(found.avg_slippage_bps.unwrap(), 3.5);
    let found = store.summary(between(5, 6)).await.unwrap();
    assert_eq!((found.total_trades, found.avg_latency_ns), (1, None));
    assert_close(found.avg_slippage_bps.unwrap(), 70.0);
}

async fn summary_p99_is_nearest_rank(store: Store) {
    // Of 1 to 101: place ceil(99.99).
    let latencies = (1..=101).map(|n| latency(102 - n, n.unsigned_abs()));
    store.save(latencies.collect::<Vec<_>>()).await.unwrap();
    assert_eq!(store.summary(ALL).await.unwrap().p99_latency_ns, Some(100));
}

async fn summary_counts_trades_once_of_any_status(store: Store) {
    let status = |status, n| Trade { status, ..trade(n, n) };
    let all = TradeStatus::ALL.iter().zip(1..).map(|(each, n)| status(*each, n));
    store.save(all.collect::<Vec<_>>()).await.unwrap();
    let later = Trade { version: 1, ts: at(50, 0), ..trade(1, 1) };
    store.save(vec![later]).await.unwrap();
    assert_eq!(store.summary(ALL).await.unwrap().total_trades, 4);
    assert_eq!(store.summary(between(0, 50)).await.unwrap().total_trades, 3);
}

async fn closed_store_answers_connection(store: Store) {
    store.save(vec![metric(1, 1.0)]).await.unwrap();
    store.close().await.unwrap();
    let (metrics, latencies) = (MetricFilter::default(), LatencyFilter::default());
    let buckets = BucketQuery::new(metrics.clone(), interval("1m"));
    let candles = CandleQuery::new(venue("v"), symbol("X"), interval("1m"));
    let errors = [
        store.candles(candles).page().await.unwrap_err(),
        store.series().await.unwrap_err(),
        store.drop_partitions(Table::Metrics, &[at(1, 0).day()]).await.unwrap_err(),
        store.metric_stats(&metrics).await.unwrap_err(),
        store.metric_buckets(buckets).page().await.unwrap_err(),
        store.latency_stats(&latencies).await.unwrap_err(),
        store.latency_histogram(&latencies, &[1]).await.unwrap_err(),
        store.slippage(&SlippageFilter::default()).await.unwrap_err(),
        store.mev_analysis(&MevFilter::default()).await.unwrap_err(),
        store.summary(ALL).await.unwrap_err(),
        store.performance(&TradeFilter::default()).await.unwrap_err(),
        store.table_stats().await.unwrap_err(),
        store.optimize().await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind, ErrorKind::Connection, "{error}");
    }
}
