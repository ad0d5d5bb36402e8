//! Random operations on our own records and measurements: DuckDB answers as the reference store does.
#![allow(clippy::unwrap_used, reason = "test code")]

use proptest::collection::vec;
use proptest::prelude::*;
use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{
    BucketQuery, LatencyFilter, ListQuery, MetricFilter, MevFilter, Name, OrderFilter,
    PositionFilter, RecordFilter, SlippageFilter, StreamId, Symbol, SystemEventFilter, Table,
    TimeRange, Timestamp, TradeFilter, TradingMode, ValueStats, strategies,
};
use tradekeep_store_traits::{Batch, MemoryStore, Origin, Records, SeriesStore};

#[derive(Debug, Clone)]
enum Operation {
    /// Write, from the stream at this sequence number where one is given.
    Write(Records, Option<u64>),
    /// Lists and numbers of everything that passes.
    Ask(Question),
    DropDay(Table, Timestamp),
    Floor(Table, Option<Timestamp>),
    Optimize,
}

#[derive(Debug, Clone)]
struct Question {
    range: TimeRange,
    limit: usize,
    newest_first: bool,
    history: bool,
    token: Option<Symbol>,
    name: Option<Name>,
    width: &'static str,
}

fn records() -> impl Strategy<Value = Records> {
    prop_oneof![
        3 => vec(strategies::trade(), 0..20).prop_map(Records::from),
        2 => vec(strategies::order(), 0..20).prop_map(Records::from),
        1 => vec(strategies::fill(), 0..20).prop_map(Records::from),
        2 => vec(strategies::position(), 0..20).prop_map(Records::from),
        2 => vec(strategies::metric(), 0..20).prop_map(Records::from),
        2 => vec(strategies::latency(), 0..20).prop_map(Records::from),
        1 => vec(strategies::mev_event(), 0..20).prop_map(Records::from),
        1 => vec(strategies::system_event(), 0..20).prop_map(Records::from),
        1 => vec(strategies::node_health(), 0..20).prop_map(Records::from),
    ]
}

fn range() -> impl Strategy<Value = TimeRange> {
    let ends = (strategies::crowded_timestamp(), strategies::crowded_timestamp());
    prop::option::of(ends).prop_map(|ends| match ends {
        None => TimeRange::ALL,
        Some((a, b)) => TimeRange::new(a.min(b), a.max(b)).unwrap(),
    })
}

fn question() -> impl Strategy<Value = Question> {
    let token = prop::option::of(strategies::trade().prop_map(|trade| trade.base_token));
    let name = prop::option::of(strategies::metric().prop_map(|metric| metric.name));
    let width = prop::sample::select(vec!["1s", "7s", "1m", "1h", "1d", "1w", "1M"]);
    (range(), 1usize..12, any::<bool>(), any::<bool>(), token, name, width).prop_map(
        |(range, limit, newest_first, history, token, name, width)| Question {
            range,
            limit,
            newest_first,
            history,
            token,
            name,
            width,
        },
    )
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (records(), prop::option::of(0u64..60)).prop_map(|(r, s)| Operation::Write(r, s)),
        3 => question().prop_map(Operation::Ask),
        1 => (prop::sample::select(Table::ALL), strategies::crowded_timestamp())
            .prop_map(|(table, ts)| Operation::DropDay(table, ts)),
        1 => (prop::sample::select(Table::ALL), prop::option::of(strategies::crowded_timestamp()))
            .prop_map(|(table, floor)| Operation::Floor(table, floor)),
        1 => Just(Operation::Optimize),
    ]
}

/// Two pages of a list: what they hold, and where they go on.
async fn pages(store: &dyn SeriesStore, question: &Question, filter: &impl RecordFilter) -> String {
    let Question { limit, newest_first, history, .. } = *question;
    let query = ListQuery { limit, newest_first, history, ..ListQuery::new(filter) };
    let first = store.page(&query).await.unwrap();
    let Some(next) = &first.next else {
        return format!("{first:?}");
    };
    let after = Some(query.cursor(&next.to_string()).unwrap());
    let second = store.page(&ListQuery { after, ..query }).await.unwrap();
    format!("{first:?}\n{second:?}")
}

/// The numbers, their sums and means to ten digits.
fn rounded(stats: Option<ValueStats>) -> String {
    stats.map_or_else(String::new, |s| {
        // Adding 0 makes 0 of -0, which are equal.
        let (sum, avg) = (s.sum + 0.0, s.avg + 0.0);
        let rest = [s.min, s.max, s.p50, s.p95, s.p99].map(|value| value + 0.0);
        format!("{} {sum:.9e} {avg:.9e} {rest:?}", s.count)
    })
}

async fn lists(store: &dyn SeriesStore, q: &Question) -> Vec<String> {
    let (range, token) = (q.range, q.token.clone());
    let trades = TradeFilter { range, token, ..TradeFilter::default() };
    let live = TradeFilter { mode: Some(TradingMode::Live), ..trades.clone() };
    let orders = OrderFilter { range, ..OrderFilter::default() };
    let fills = tradekeep_models::FillFilter { range, ..Default::default() };
    let positions = PositionFilter { range, ..PositionFilter::default() };
    let metrics = MetricFilter { name: q.name.clone(), range, ..MetricFilter::default() };
    let latencies = LatencyFilter { range, ..LatencyFilter::default() };
    let mev = MevFilter { range, ..MevFilter::default() };
    let at_least = Some(tradekeep_models::Severity::Warning);
    let events = SystemEventFilter { range, at_least, ..SystemEventFilter::default() };
    let nodes = tradekeep_models::NodeHealthFilter { range, node: None };
    vec![
        pages(store, q, &trades).await,
        pages(store, q, &live).await,
        pages(store, q, &orders).await,
        pages(store, q, &fills).await,
        pages(store, q, &positions).await,
        pages(store, q, &metrics).await,
        pages(store, q, &latencies).await,
        pages(store, q, &mev).await,
        pages(store, q, &events).await,
        pages(store, q, &nodes).await,
    ]
}

async fn numbers(store: &dyn SeriesStore, q: &Question) -> Vec<String> {
    let (range, token) = (q.range, q.token.clone());
    let metrics = MetricFilter { name: q.name.clone(), range, ..MetricFilter::default() };
    let mut buckets = BucketQuery::new(metrics.clone(), q.width.parse().unwrap());
    buckets.limit = q.limit;
    let page = store.metric_buckets(buckets).page().await.unwrap();
    let rows: Vec<_> = page.items.iter().map(|b| (b.open_ts, rounded(Some(b.stats)))).collect();
    let latencies = LatencyFilter { range, ..LatencyFilter::default() };
    let mev = store.mev_analysis(&MevFilter { range, ..MevFilter::default() }).await;
    let mev = mev.map(|m| {
        let (risk, fee) = (m.avg_risk.map(|r| format!("{r:.9e}")), m.avg_priority_fee_lamports);
        (m.events, m.avoided, m.suffered, m.avoidance_rate, risk, m.total_loss_usd, fee)
    });
    let slippage = store.slippage(&SlippageFilter { range, token: q.token.clone() }).await.unwrap();
    let summary = store.summary(range).await.unwrap();
    let trades = TradeFilter { range, token, ..TradeFilter::default() };
    let bounds = [0, 1, 1_000, 1_000_000, u64::MAX];
    vec![
        rounded(store.metric_stats(&metrics).await.unwrap()),
        format!("{rows:?} {:?}", page.next),
        format!("{:?}", store.latency_stats(&latencies).await.unwrap()),
        format!("{:?}", store.latency_histogram(&latencies, &bounds).await.unwrap()),
        format!("{:?}", mev.map_err(|error| error.kind)),
        format!("{:?} {}", slippage.map(|s| s.source), rounded(slippage.map(|s| s.numbers))),
        format!("{:?}", (summary.total_trades, summary.avg_latency_ns, summary.p99_latency_ns)),
        format!("{:?}", summary.avg_slippage_bps.map(|bps| format!("{:.9e}", bps + 0.0))),
        format!("{:?}", (summary.mev_avoided, summary.mev_suffered)),
        format!("{:?}", store.performance(&trades).await.map_err(|error| error.kind)),
    ]
}

/// Everything an operation answers, as text.
async fn perform(store: &dyn SeriesStore, operation: &Operation) -> Vec<String> {
    match operation {
        Operation::Write(records, position) => {
            let stream = StreamId::new("s").unwrap();
            let batch = match position {
                None => Batch::new(records.clone()),
                Some(first) => {
                    let seqs = (0..records.len() as u64).map(|n| first + n).collect();
                    let origin = Origin { stream: stream.clone(), epoch: 1, seqs };
                    Batch::from_stream(records.clone(), origin).unwrap()
                }
            };
            let written = match store.write(&batch).await {
                Ok(ack) => format!("{} {}", ack.inserted, ack.duplicates),
                Err(error) => format!("{:?} {:?} {:?}", error.kind, error.delivery, error.act),
            };
            vec![written, format!("{:?}", store.watermark(&stream, 1, records.table()).await)]
        }
        Operation::Ask(question) => {
            [lists(store, question).await, numbers(store, question).await].concat()
        }
        Operation::DropDay(table, ts) => {
            let dropped = store.drop_partitions(*table, &[ts.day()]).await.unwrap();
            let left = store.partitions(*table).await.unwrap();
            let rows: Vec<_> = left.iter().map(|p| (p.day, p.rows)).collect();
            vec![format!("{dropped} {rows:?}")]
        }
        Operation::Floor(table, floor) => {
            store.set_floor(*table, *floor).await.unwrap();
            let mut floors = Vec::new();
            for table in Table::ALL {
                floors.push(format!("{table} {:?}", store.floor(*table).await.unwrap()));
            }
            floors
        }
        Operation::Optimize => {
            store.optimize().await.unwrap();
            let stats = store.table_stats().await.unwrap();
            vec![format!(
                "{:?}",
                stats.iter().map(|s| (s.table, s.rows, s.first_ts, s.last_ts)).collect::<Vec<_>>()
            )]
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]
    #[test]
    fn agrees_with_memory(operations in vec(operation(), 1..16)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let memory = MemoryStore::new();
            let duckdb = DuckDbStore::connect(DuckDbConfig::in_memory()).await.unwrap();
            for operation in &operations {
                let (expected, got) = (perform(&memory, operation).await, perform(&duckdb, operation).await);
                for (got, expected) in got.iter().zip(&expected) {
                    prop_assert_eq!(got, expected, "{:?}", operation);
                }
                prop_assert_eq!(got.len(), expected.len());
            }
            Ok(())
        })?;
    }
}
