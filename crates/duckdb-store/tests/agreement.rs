//! Random operations: DuckDB answers as the reference store does.
#![allow(clippy::unwrap_used, reason = "test code")]

use proptest::prelude::*;
use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{
    CandleQuery, GapFill, ListQuery, StreamId, Symbol, Tick, TickFilter, TimeRange, Timestamp,
    Venue, strategies,
};
use tradekeep_store_traits::{Batch, MemoryStore, Origin, RecordList, Records, SeriesStore, Table};

#[derive(Debug, Clone)]
enum Operation {
    /// Write, from the stream at this sequence number where one is given.
    Write(Vec<Tick>, Option<u64>),
    Ticks(TickFilter, usize),
    Candles(CandleQuery),
    DropDay(Timestamp),
}

fn range() -> impl Strategy<Value = TimeRange> {
    prop::option::of((strategies::near_timestamp(), strategies::near_timestamp())).prop_map(
        |ends| match ends {
            None => TimeRange::ALL,
            Some((a, b)) => TimeRange::new(a.min(b), a.max(b)).unwrap(),
        },
    )
}

fn filter() -> impl Strategy<Value = TickFilter> {
    (prop::option::of(Just("binance")), prop::option::of(Just("BTC-USD")), range()).prop_map(
        |(venue, symbol, range)| TickFilter {
            venue: venue.map(|venue| Venue::new(venue).unwrap()),
            symbol: symbol.map(|symbol| Symbol::new(symbol).unwrap()),
            range,
            ..TickFilter::default()
        },
    )
}

fn candles() -> impl Strategy<Value = CandleQuery> {
    let width = prop::sample::select(vec!["1s", "7s", "1m", "7m", "1h", "1d", "1w", "1M"]);
    let fill = prop::sample::select(vec![GapFill::None, GapFill::Previous, GapFill::Zero]);
    (width, fill, range(), 1usize..200).prop_map(|(width, fill, range, limit)| {
        let (venue, symbol) = (Venue::new("binance").unwrap(), Symbol::new("BTC-USD").unwrap());
        CandleQuery {
            fill,
            range,
            limit,
            ..CandleQuery::new(venue, symbol, width.parse().unwrap())
        }
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (strategies::ticks(40), prop::option::of(0u64..60)).prop_map(|(t, s)| Operation::Write(t, s)),
        2 => (filter(), 1usize..50).prop_map(|(filter, limit)| Operation::Ticks(filter, limit)),
        2 => candles().prop_map(Operation::Candles),
        1 => strategies::near_timestamp().prop_map(Operation::DropDay),
    ]
}

/// Everything an operation answers, as text.
async fn perform(store: &dyn SeriesStore, operation: &Operation) -> String {
    match operation {
        Operation::Write(ticks, position) => {
            let records = Records::Ticks(ticks.clone());
            let batch = match position {
                None => Batch::new(records),
                Some(first) => {
                    let stream = StreamId::new("s").unwrap();
                    let seqs = (0..ticks.len() as u64).map(|n| first + n).collect();
                    Batch::from_stream(records, Origin { stream, epoch: 1, seqs }).unwrap()
                }
            };
            let ack = store.write(&batch).await.unwrap();
            let stream = StreamId::new("s").unwrap();
            let mark = store.watermark(&stream, 1, Table::Ticks).await.unwrap();
            format!("{} {} {mark:?}", ack.inserted, ack.duplicates)
        }
        Operation::Ticks(filter, limit) => {
            // In pages of that size.
            let query = ListQuery { limit: *limit, ..ListQuery::new(filter) };
            let all = RecordList::<Tick>::asked(store, query).all().await.unwrap();
            format!("{all:?}")
        }
        Operation::Candles(query) => {
            // Two pages at most: a filled second of three days is long.
            let first = store.candles(query.clone()).page().await.unwrap();
            let second = store.candles(query.clone()).after(first.next).page().await.unwrap();
            format!("{first:?} {second:?}")
        }
        Operation::DropDay(ts) => {
            let dropped = store.drop_partitions(Table::Ticks, &[ts.day()]).await.unwrap();
            let left = store.partitions(Table::Ticks).await.unwrap();
            let rows: Vec<_> = left.iter().map(|p| (p.day, p.rows)).collect();
            format!("{dropped} {rows:?} {:?}", store.series().await.unwrap())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
    #[test]
    fn agrees_with_memory(operations in prop::collection::vec(operation(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let memory = MemoryStore::new();
            let duckdb = DuckDbStore::connect(DuckDbConfig::in_memory()).await.unwrap();
            for operation in &operations {
                let (expected, got) = (perform(&memory, operation).await, perform(&duckdb, operation).await);
                prop_assert_eq!(got, expected, "{:?}", operation);
            }
            Ok(())
        })?;
    }
}
