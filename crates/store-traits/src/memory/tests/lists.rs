//! Random batches and lists: the store does as a vector does that is searched from end to end.

use proptest::prelude::*;
use tradekeep_models::record::{Record, Value};
use tradekeep_models::{
    Cursor, FillFilter, LatencyFilter, ListQuery, MetricFilter, NodeHealthFilter, OrderFilter,
    PositionFilter, RecordFilter, StoredCandleFilter, SystemEventFilter, TickFilter, TimeRange,
    Timestamp, TradeFilter, strategies,
};

use super::*;
use crate::batch_strategies::batches;

/// What a batch came to: how many were new, or which conflict and why.
type Outcome = std::result::Result<usize, Vec<(usize, String)>>;

fn values<'a, R: Record>(row: &'a R, columns: &[&str]) -> Vec<Value<'a>> {
    columns.iter().map(|column| row.named(column)).collect()
}

/// Writes as the docs of [`RecordSink`] say, row by row.
fn write<R: Record>(stored: &mut Vec<R>, batch: &[R]) -> Outcome {
    let times = || batch.iter().map(R::ts);
    let (first, last) = (times().min(), times().max());
    let mut new: Vec<&R> = Vec::new();
    let mut bad = Vec::new();
    for (index, row) in batch.iter().enumerate() {
        let met: Vec<&R> = stored
            .iter()
            .filter(|other| Some(other.ts()) >= first && Some(other.ts()) <= last)
            .chain(new.iter().copied())
            .collect();
        let same = |columns: &[&str], other: &&&R| values(row, columns) == values(**other, columns);
        let known: Vec<_> = met.iter().filter(|other| same(R::IDENTITY, other)).collect();
        let taken = R::UNIQUE.filter(|unique| {
            met.iter().any(|other| same(&[*unique], &other) && !same(R::SUBJECT, &other))
        });
        if known.iter().any(|other| **other == row) || !known.is_empty() && !R::CONFLICTS {
            continue;
        }
        if !known.is_empty() {
            bad.push((index, format!("{}: is stored with other content", R::IDENTITY.join(", "))));
        } else if let Some(column) = taken {
            bad.push((index, format!("{column}: is the id of another order")));
        } else {
            new.push(row);
        }
    }
    if !bad.is_empty() {
        return Err(bad);
    }
    let count = new.len();
    stored.extend(new.into_iter().cloned().collect::<Vec<_>>());
    Ok(count)
}

/// Lists as the docs of [`ListQuery`] say.
fn list<F: RecordFilter>(stored: &[F::Record], filter: &F, query: &ListQuery) -> Vec<F::Record> {
    let subject = |row: &F::Record| {
        let values = values(row, F::Record::SUBJECT).into_iter().map(Value::into_owned);
        values.collect::<Vec<_>>()
    };
    let height = |row: &F::Record| row.named("version").into_owned();
    let is_highest = |row: &F::Record| {
        F::Record::SUBJECT.is_empty()
            || !stored
                .iter()
                .any(|other| subject(other) == subject(row) && height(other) > height(row))
    };
    let mut rows: Vec<_> = stored
        .iter()
        .filter(|row| filter.matches(row) && query.is_behind_cursor(*row))
        .filter(|row| query.history || is_highest(row))
        .cloned()
        .collect();
    rows.sort_by(|a, b| query.compare(a, b));
    rows
}

/// Asks for a list, page by page, in every way.
async fn compare<F: RecordFilter>(
    store: &MemoryStore,
    stored: &[F::Record],
    filter: &F,
    limit: usize,
) {
    for (newest_first, history) in [(false, false), (false, true), (true, false), (true, true)] {
        let cursors = stored.first().map(|row| Cursor::at(row, newest_first));
        for after in [None, cursors] {
            let mut query =
                ListQuery { limit, after, newest_first, history, ..ListQuery::new(filter) };
            let expected = list(stored, filter, &query);
            let mut found = Vec::new();
            loop {
                let page = store.page(&query).await.unwrap();
                let rows = F::Record::from_records(page.records).unwrap();
                assert!(rows.len() == limit || page.next.is_none());
                found.extend(rows);
                match page.next {
                    Some(next) => query.after = Some(next),
                    None => break,
                }
            }
            assert_eq!(found, expected, "{query:?}");
        }
    }
}

/// Every table as a vector.
#[derive(Default)]
struct Model {
    ticks: Vec<tradekeep_models::Tick>,
    trades: Vec<tradekeep_models::Trade>,
    orders: Vec<tradekeep_models::Order>,
    fills: Vec<tradekeep_models::Fill>,
    positions: Vec<tradekeep_models::Position>,
    metrics: Vec<Metric>,
    latencies: Vec<tradekeep_models::Latency>,
    events: Vec<SystemEvent>,
    reports: Vec<tradekeep_models::NodeHealth>,
    candles: Vec<tradekeep_models::StoredCandle>,
}

impl Model {
    fn write(&mut self, records: &Records) -> Option<Outcome> {
        Some(match records {
            Records::Trades(rows) => write(&mut self.trades, rows),
            Records::Orders(rows) => write(&mut self.orders, rows),
            Records::Fills(rows) => write(&mut self.fills, rows),
            Records::Positions(rows) => write(&mut self.positions, rows),
            Records::Metrics(rows) => write(&mut self.metrics, rows),
            Records::Latencies(rows) => write(&mut self.latencies, rows),
            Records::SystemEvents(rows) => write(&mut self.events, rows),
            Records::NodeHealth(rows) => write(&mut self.reports, rows),
            Records::Ticks(rows) => write(&mut self.ticks, rows),
            Records::Candles(rows) => write(&mut self.candles, rows),
            // As metrics are.
            Records::MevEvents(_) => return None,
        })
    }

    /// Drops a day everywhere.
    async fn drop_day(&mut self, store: &MemoryStore, ts: Timestamp) {
        for table in Table::ALL {
            store.drop_partitions(*table, &[ts.day()]).await.unwrap();
        }
        self.ticks.retain(|row| row.ts().day() != ts.day());
        self.trades.retain(|row| row.ts.day() != ts.day());
        self.orders.retain(|row| row.ts.day() != ts.day());
        self.fills.retain(|row| row.ts.day() != ts.day());
        self.positions.retain(|row| row.ts.day() != ts.day());
        self.metrics.retain(|row| row.ts.day() != ts.day());
        self.latencies.retain(|row| row.ts.day() != ts.day());
        self.events.retain(|row| row.ts.day() != ts.day());
        self.reports.retain(|row| row.ts.day() != ts.day());
        self.candles.retain(|row| row.ts.day() != ts.day());
    }

    async fn compare(&self, store: &MemoryStore, range: TimeRange, limit: usize) {
        let symbol = self.ticks.last().map(|tick| tick.symbol().clone());
        let filter = TickFilter { range, symbol, venue: None };
        compare(store, &self.ticks, &filter, limit).await;
        let trade = self.trades.last();
        let token = trade.map(|trade| trade.base_token.clone());
        let mode = trade.map(|trade| trade.mode);
        let filter = TradeFilter { range, token, mode, ..TradeFilter::default() };
        compare(store, &self.trades, &filter, limit).await;
        let filter = TradeFilter { id: trade.map(|trade| trade.id), ..TradeFilter::default() };
        compare(store, &self.trades, &filter, limit).await;
        let status = self.orders.last().map(|order| order.status);
        let filter = OrderFilter { range, status, ..OrderFilter::default() };
        compare(store, &self.orders, &filter, limit).await;
        let venue = self.fills.last().map(|fill| fill.venue.clone());
        let filter = FillFilter { range, venue, ..FillFilter::default() };
        compare(store, &self.fills, &filter, limit).await;
        let filter = StoredCandleFilter { range, ..StoredCandleFilter::default() };
        compare(store, &self.candles, &filter, limit).await;
        let filter = PositionFilter { range, ..PositionFilter::default() };
        compare(store, &self.positions, &filter, limit).await;
        let labels = self.metrics.last().map(|metric| metric.labels.clone()).unwrap_or_default();
        let filter = MetricFilter { range, labels, name: None };
        compare(store, &self.metrics, &filter, limit).await;
        let service = self.latencies.last().map(|latency| latency.service.clone());
        let filter = LatencyFilter { range, service, operation: None };
        compare(store, &self.latencies, &filter, limit).await;
        let at_least = self.events.last().map(|event| event.severity);
        let filter = SystemEventFilter { range, at_least, ..SystemEventFilter::default() };
        compare(store, &self.events, &filter, limit).await;
        let filter = NodeHealthFilter { range, node: None };
        compare(store, &self.reports, &filter, limit).await;
    }
}

fn range() -> impl Strategy<Value = TimeRange> {
    let ends = (strategies::near_timestamp(), strategies::near_timestamp());
    prop::option::of(ends).prop_map(|ends| match ends {
        None => TimeRange::ALL,
        Some((a, b)) => TimeRange::new(a.min(b), a.max(b)).unwrap(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]
    #[test]
    fn agrees_with_vectors(
        batches in batches(24, 12),
        range in range(),
        limit in 1usize..8,
        dropped in prop::option::of(strategies::near_timestamp()),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (store, mut model) = (MemoryStore::new(), Model::default());
            for records in batches {
                let outcome = match store.save(records.clone()).await {
                    Ok(saved) => Ok(usize::try_from(saved.inserted).unwrap()),
                    Err(StoreError { act: Act::BadRows(rows), kind: ErrorKind::Conflict, .. }) => {
                        Err(rows.into_iter().map(|row| (row.index, row.reason)).collect())
                    }
                    Err(error) => panic!("{error:?}"),
                };
                if let Some(expected) = model.write(&records) {
                    assert_eq!(outcome, expected, "{records:?}");
                }
            }
            model.compare(&store, range, limit).await;
            if let Some(ts) = dropped {
                model.drop_day(&store, ts).await;
                model.compare(&store, range, limit).await;
            }
        });
    }
}
