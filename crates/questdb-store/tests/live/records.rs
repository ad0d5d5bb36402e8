//! Lists of every record but ticks, against the reference. Rows are put in by SQL.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tradekeep_models::record::Record;
use tradekeep_models::{
    Cursor, Decimal, Fill, FillFilter, Latency, LatencyFilter, ListQuery, Metric, MetricFilter,
    MevEvent, MevFilter, NodeHealth, NodeHealthFilter, Order, OrderFilter, Position,
    PositionFilter, RecordFilter, Severity, SystemEvent, SystemEventFilter, TimeRange, Timestamp,
    Trade, TradeFilter, strategies,
};
use tradekeep_store_traits::{ErrorKind, MemoryStore, RecordSinkExt, RecordSource, Records};

use crate::Test;
use crate::insert::{insert, made};
use crate::support::{Scratch, run};

pub(crate) const TESTS: &[Test] = &[
    ("trades_are_listed_as_by_the_reference", |url| run(url, trades)),
    ("orders_are_listed_as_by_the_reference", |url| run(url, orders)),
    ("fills_are_listed_as_by_the_reference", |url| run(url, fills)),
    ("positions_are_listed_as_by_the_reference", |url| run(url, positions)),
    ("metrics_are_listed_as_by_the_reference", |url| run(url, metrics)),
    ("latencies_are_listed_as_by_the_reference", |url| run(url, latencies)),
    ("mev_events_are_listed_as_by_the_reference", |url| run(url, mev_events)),
    ("system_events_are_listed_as_by_the_reference", |url| run(url, system_events)),
    ("node_health_is_listed_as_by_the_reference", |url| run(url, node_health)),
];

/// Fills the reference with those of `records` that have a new identity and contradict none before them, and
/// answers those: on QuestDB the last of an identity would win.
pub(crate) async fn reference<R>(memory: &MemoryStore, records: Vec<R>) -> Vec<R>
where
    R: Record,
    Records: From<Vec<R>>,
{
    let mut kept: Vec<R> = Vec::new();
    for record in records {
        match memory.save(Records::from(vec![record.clone()])).await {
            Ok(saved) => kept.extend((saved.inserted == 1).then_some(record)),
            Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error}"),
        }
    }
    kept
}

/// `count` records, half of them at the time of another.
pub(crate) fn crowded<R: Record>(
    strategy: impl Strategy<Value = R>,
    count: usize,
    at: fn(R, Timestamp) -> R,
) -> Vec<R> {
    let records = made(&prop::collection::vec(strategy, count..=count));
    let times: Vec<_> = records.iter().step_by(9).map(Record::ts).collect();
    let moved = |(n, record): (usize, R)| match n % 2 {
        0 => record,
        _ => at(record, times[n % times.len()]),
    };
    records.into_iter().enumerate().map(moved).collect()
}

fn ranges<R: Record>(rows: &[R]) -> Vec<TimeRange> {
    let times: BTreeSet<_> = rows.iter().map(Record::ts).collect();
    let times: Vec<_> = times.into_iter().collect();
    let (early, late) = (times[times.len() / 4], times[times.len() * 3 / 4]);
    vec![
        TimeRange::ALL,
        TimeRange::new(early, late).unwrap(),
        TimeRange::new(None, early).unwrap(),
        TimeRange::new(late, None).unwrap(),
        TimeRange::new(early, early).unwrap(),
    ]
}

/// Asks for every page of many queries, in both orders, with and without history, also from every tenth
/// row on.
async fn compare<F: RecordFilter>(
    scratch: Scratch,
    records: Vec<F::Record>,
    filters: impl Fn(&F::Record, TimeRange) -> Vec<F>,
) where
    Records: From<Vec<F::Record>>,
{
    let store = scratch.open().await.unwrap();
    let memory = MemoryStore::new();
    let rows = reference(&memory, records).await;
    assert!(rows.len() > 100, "{} rows", rows.len());
    insert(&scratch, &rows).await;
    let mut asked: Vec<F> = Vec::new();
    for range in ranges(&rows) {
        for row in rows.iter().step_by(rows.len() / 4) {
            asked.extend(filters(row, range));
        }
    }
    let (mut found, mut cut) = (0, 0);
    for (n, filter) in asked.iter().enumerate() {
        for (newest_first, history) in [(false, false), (false, true), (true, false), (true, true)]
        {
            let limit = [10_000, 3, 17, 1][n % 4];
            let all = ListQuery { newest_first, history, limit, ..ListQuery::new(filter) };
            let mut query = all.clone();
            // Long answers by few rows are as many questions; some are enough.
            for _ in 0..12 {
                let expected = memory.page(&query).await.unwrap();
                let page = store.page(&query).await.unwrap();
                assert_eq!(page, expected, "{query:?}");
                found += page.records.len();
                let Some(next) = page.next else { break };
                cut += 1;
                query.after = Some(query.cursor(&next.to_string()).unwrap());
            }
            if n % 7 == 0 {
                for row in rows.iter().step_by(20) {
                    let after = Some(Cursor::at(row, newest_first));
                    let query = ListQuery { after, ..all.clone() };
                    let expected = memory.page(&query).await.unwrap();
                    assert_eq!(store.page(&query).await.unwrap(), expected, "{query:?}");
                }
            }
        }
    }
    assert!(found > rows.len() && cut > 10, "{found} rows, {cut} pages");
    refuses(&store, &rows[0]).await;
}

async fn refuses<R: Record>(store: &dyn RecordSource, row: &R) {
    let query = ListQuery { newest_first: true, ..ListQuery::of(R::TABLE) };
    for query in [
        ListQuery { limit: 0, ..query.clone() },
        ListQuery { limit: 10_001, ..query.clone() },
        ListQuery { after: Some(Cursor::at(row, false)), ..query },
    ] {
        let error = store.page(&query).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
    }
}

/// What a LONG and a UUID cannot tell from NULL, and the ends of time.
fn places() -> impl Iterator<Item = (Timestamp, i64)> {
    let seqs = [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX];
    [Timestamp::MIN, Timestamp::MAX].into_iter().flat_map(move |ts| seqs.map(|seq| (ts, seq)))
}

const NULL_UUID: &str = "80000000-0000-0000-8000-000000000000";

async fn trades(scratch: Scratch) {
    let mut rows = crowded(strategies::trade(), 300, |row, ts| Trade { ts, ..row });
    let id = NULL_UUID.parse().unwrap();
    for version in [0, 1, 9, 10, u32::MAX - 1, u32::MAX] {
        rows.push(Trade { id, version, ..rows[0].clone() });
    }
    let filters = |row: &Trade, range| {
        let any = TradeFilter { range, ..TradeFilter::default() };
        vec![
            any.clone(),
            TradeFilter { id: Some(row.id), ..any.clone() },
            TradeFilter { id: NULL_UUID.parse().ok(), ..any.clone() },
            TradeFilter { request_id: row.request_id.clone(), ..any.clone() },
            TradeFilter { token: Some(row.base_token.clone()), ..any.clone() },
            TradeFilter { trader_id: Some(row.trader_id.clone()), mode: Some(row.mode), ..any },
        ]
    };
    compare(scratch, rows, filters).await;
}

async fn orders(scratch: Scratch) {
    let rows = crowded(strategies::order(), 400, |row, ts| Order { ts, ..row });
    let filters = |row: &Order, range| {
        let any = OrderFilter { range, ..OrderFilter::default() };
        vec![
            any.clone(),
            OrderFilter { order_id: Some(row.order_id), ..any.clone() },
            OrderFilter { client_order_id: Some(row.client_order_id.clone()), ..any.clone() },
            OrderFilter { trader_id: row.trader_id.clone(), ..any.clone() },
            OrderFilter {
                venue: Some(row.venue.clone()),
                market: Some(row.market.clone()),
                side: Some(row.side),
                ..any.clone()
            },
            OrderFilter { status: Some(row.status), ..any },
        ]
    };
    compare(scratch, rows, filters).await;
}

async fn fills(scratch: Scratch) {
    let rows = crowded(strategies::fill(), 300, |row, ts| Fill { ts, ..row });
    let filters = |row: &Fill, range| {
        let any = FillFilter { range, ..FillFilter::default() };
        vec![
            any.clone(),
            FillFilter { order_id: Some(row.order_id), ..any.clone() },
            FillFilter { trader_id: row.trader_id.clone(), ..any.clone() },
            FillFilter { venue: Some(row.venue.clone()), market: Some(row.market.clone()), ..any },
        ]
    };
    compare(scratch, rows, filters).await;
}

async fn positions(scratch: Scratch) {
    let rows = crowded(strategies::position(), 400, |row, ts| Position { ts, ..row });
    let filters = |row: &Position, range| {
        let any = PositionFilter { range, ..PositionFilter::default() };
        vec![
            any.clone(),
            PositionFilter { trader_id: Some(row.trader_id.clone()), ..any.clone() },
            PositionFilter {
                venue: Some(row.venue.clone()),
                market: Some(row.market.clone()),
                ..any
            },
        ]
    };
    compare(scratch, rows, filters).await;
}

async fn metrics(scratch: Scratch) {
    let mut rows = crowded(strategies::metric(), 400, |row, ts| Metric { ts, ..row });
    let floats = made(&prop::collection::vec(strategies::float(), 10..=10));
    let extremes =
        places().zip(floats).map(|((ts, seq), value)| Metric { ts, seq, value, ..rows[0].clone() });
    rows.extend(extremes.collect::<Vec<_>>());
    let filters = |row: &Metric, range| {
        let any = MetricFilter { range, ..MetricFilter::default() };
        vec![
            any.clone(),
            MetricFilter { name: Some(row.name.clone()), ..any.clone() },
            MetricFilter { labels: row.labels.clone(), ..any },
        ]
    };
    compare(scratch, rows, filters).await;
}

async fn latencies(scratch: Scratch) {
    let mut rows = crowded(strategies::latency(), 400, |row, ts| Latency { ts, ..row });
    let latency_ns = i64::MAX.unsigned_abs();
    let extremes = places().map(|(ts, seq)| Latency { ts, seq, latency_ns, ..rows[0].clone() });
    rows.extend(extremes.collect::<Vec<_>>());
    let filters = |row: &Latency, range| {
        let service = Some(row.service.clone());
        let operation = Some(row.operation.clone());
        vec![
            LatencyFilter { range, ..LatencyFilter::default() },
            LatencyFilter { service: service.clone(), operation: None, range },
            LatencyFilter { service, operation, range },
        ]
    };
    compare(scratch, rows, filters).await;
}

async fn mev_events(scratch: Scratch) {
    let mut rows = crowded(strategies::mev_event(), 400, |row, ts| MevEvent { ts, ..row });
    let extremes = places().map(|(ts, seq)| MevEvent {
        ts,
        seq,
        estimated_loss_bps: i32::MIN,
        actual_loss_bps: Some(i32::MAX),
        trade_size: Some(Decimal::MAX),
        ..rows[0].clone()
    });
    rows.extend(extremes.collect::<Vec<_>>());
    let filters = |row: &MevEvent, range| {
        let any = MevFilter { range, ..MevFilter::default() };
        vec![
            any.clone(),
            MevFilter { trade_id: row.trade_id, ..any.clone() },
            MevFilter { trader_id: row.trader_id.clone(), ..any.clone() },
            MevFilter { token_pair: row.token_pair.clone(), ..any },
        ]
    };
    compare(scratch, rows, filters).await;
}

async fn system_events(scratch: Scratch) {
    let mut rows = crowded(strategies::system_event(), 400, |row, ts| SystemEvent { ts, ..row });
    let extremes = places().map(|(ts, seq)| SystemEvent { ts, seq, ..rows[0].clone() });
    rows.extend(extremes.collect::<Vec<_>>());
    let filters = |row: &SystemEvent, range| {
        let any = SystemEventFilter { range, ..SystemEventFilter::default() };
        let at_least = Some(Severity::Warning);
        vec![
            any.clone(),
            SystemEventFilter { at_least, ..any.clone() },
            SystemEventFilter { event_type: row.event_type.clone(), at_least, ..any.clone() },
            SystemEventFilter { source: row.source.clone(), ..any },
        ]
    };
    compare(scratch, rows, filters).await;
}

async fn node_health(scratch: Scratch) {
    // Two nodes have one report a moment each: the times are their own.
    let mut rows = crowded(strategies::node_health(), 400, |row, _| row);
    let extremes = places().map(|(ts, seq)| NodeHealth {
        ts,
        node: format!("rpc {seq}\"'\\🚀").parse().unwrap(),
        latency_ms: u32::MAX,
        last_failure: Some(Timestamp::MAX),
        ..rows[0].clone()
    });
    rows.extend(extremes.collect::<Vec<_>>());
    let filters = |row: &NodeHealth, range| {
        vec![
            NodeHealthFilter { node: None, range },
            NodeHealthFilter { node: Some(row.node.clone()), range },
        ]
    };
    compare(scratch, rows, filters).await;
}
