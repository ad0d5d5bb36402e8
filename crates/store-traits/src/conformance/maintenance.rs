//! Cases of [`Maintenance`](crate::Maintenance).

use tradekeep_models::{
    BucketQuery, CandleQuery, Fill, Latency, ListQuery, Metric, MetricFilter, MevEvent, NodeHealth,
    Order, Position, StoredCandle, StreamId, SystemEvent, TickFilter, TimeRange, Timestamp, Trade,
    TradeFilter,
};

use super::samples::Sample;
use super::{Store, at, interval, page_of, saved, seconds, symbol, tick, venue};
use crate::{Batch, Origin, Records, Table, TableStats};

super::list_cases!(maintenance:
    empty_tables_are_listed,
    tables_are_counted_in_order,
    every_version_is_counted,
    dropped_rows_are_not_counted,
    optimize_of_an_empty_store,
    optimize_changes_no_answer,
    optimize_keeps_what_is_known_of_records;
    watermarks:
    optimize_keeps_watermarks,
);

fn full<R: Sample>(count: i64) -> Records {
    R::into_records((0..count).map(R::full).collect())
}

async fn save_all(store: &Store) {
    let tables = [
        Records::Ticks(seconds(1)),
        full::<Trade>(2),
        full::<Order>(3),
        full::<Fill>(4),
        full::<Position>(5),
        full::<Metric>(6),
        full::<Latency>(7),
        full::<MevEvent>(8),
        full::<SystemEvent>(9),
        full::<NodeHealth>(10),
        full::<StoredCandle>(11),
    ];
    for records in tables {
        store.save(records).await.unwrap();
    }
}

/// All but the bytes, which are an estimate.
type Counts = (Table, u64, Option<Timestamp>, Option<Timestamp>);

async fn counts(store: &Store) -> Vec<Counts> {
    let row = |stats: &TableStats| (stats.table, stats.rows, stats.first_ts, stats.last_ts);
    store.table_stats().await.unwrap().iter().map(row).collect()
}

async fn empty_tables_are_listed(store: Store) {
    let expected: Vec<Counts> = Table::ALL.iter().map(|table| (*table, 0, None, None)).collect();
    assert_eq!(counts(&store).await, expected);
}

async fn tables_are_counted_in_order(store: Store) {
    save_all(&store).await;
    let first = Some(Trade::full(0).ts);
    let expected = Table::ALL.iter().zip(1i64..).map(|(table, rows)| match rows {
        1 => (*table, 1, Some(at(0, 0)), Some(at(0, 0))),
        _ => (*table, rows.unsigned_abs(), first, Some(Trade::full(rows - 1).ts)),
    });
    assert_eq!(counts(&store).await, expected.collect::<Vec<_>>());
}

async fn every_version_is_counted(store: Store) {
    let first = Trade { version: 0, ..Trade::full(7) };
    let second = Trade { version: 1, ts: at(-1, 5), ..first.clone() };
    store.save(vec![first.clone(), second]).await.unwrap();
    let trades = counts(&store).await[1];
    assert_eq!(trades, (Table::Trades, 2, Some(at(-1, 5)), Some(first.ts)));
}

async fn dropped_rows_are_not_counted(store: Store) {
    let yesterday = |n| Order::full(n).at(at(n - 86_400, 0));
    store.save(Records::Orders(vec![yesterday(0), yesterday(1), Order::full(2)])).await.unwrap();
    store.drop_partitions(Table::Orders, &[at(-1, 0).day()]).await.unwrap();
    let ts = Some(Order::full(2).ts);
    assert_eq!(counts(&store).await[2], (Table::Orders, 1, ts, ts));
}

async fn optimize_of_an_empty_store(store: Store) {
    store.optimize().await.unwrap();
    assert!(counts(&store).await.iter().all(|(_, rows, ..)| *rows == 0));
    assert_eq!(store.save(seconds(2)).await.unwrap(), saved(2, 0));
}

/// Answers of every role, as text.
async fn answers(store: &Store) -> Vec<String> {
    async fn list<R: Sample>(store: &Store) -> String {
        let query = ListQuery { limit: 3, ..R::during(TimeRange::ALL) };
        format!("{:?}", page_of::<R>(store, &query).await.unwrap())
    }
    let ticks = store.ticks(TickFilter::default()).all().await.unwrap();
    let candles = CandleQuery::new(venue("v"), symbol("X"), interval("1m"));
    let buckets = BucketQuery::new(MetricFilter::default(), interval("1m"));
    let mut days = Vec::new();
    for table in Table::ALL {
        let partitions = store.partitions(*table).await.unwrap();
        days.extend(partitions.iter().map(|partition| (partition.day, partition.rows)));
    }
    // Neither sums nor means, which differ by the order of adding.
    let buckets = store.metric_buckets(buckets).page().await.unwrap().items.into_iter();
    let numbers = buckets.map(|bucket| (bucket.open_ts, bucket.stats.count, bucket.stats.p50));
    let numbers: Vec<_> = numbers.collect();
    vec![
        format!("{ticks:?} {:?}", store.candles(candles).page().await.unwrap()),
        list::<Trade>(store).await,
        list::<Order>(store).await,
        list::<Fill>(store).await,
        list::<Position>(store).await,
        list::<SystemEvent>(store).await,
        list::<NodeHealth>(store).await,
        list::<StoredCandle>(store).await,
        format!("{numbers:?}"),
        format!("{:?}", store.summary(TimeRange::ALL).await.unwrap()),
        format!("{:?}", store.performance(&TradeFilter::default()).await.unwrap()),
        format!("{days:?} {:?}", counts(store).await),
    ]
}

async fn optimize_changes_no_answer(store: Store) {
    // Out of order, with versions, and with days that went.
    let newer = Trade { version: 9, ..Trade::full(1).at(at(99, 0)) };
    store.save(Records::Trades(vec![newer])).await.unwrap();
    save_all(&store).await;
    store.save(vec![tick(at(-86_400, 0), "1", "1"), tick(at(30, 0), "3", "1")]).await.unwrap();
    store.drop_partitions(Table::Ticks, &[at(-1, 0).day()]).await.unwrap();
    let before = answers(&store).await;
    for _ in 0..2 {
        store.optimize().await.unwrap();
        assert_eq!(answers(&store).await, before);
    }
}

async fn optimize_keeps_what_is_known_of_records(store: Store) {
    save_all(&store).await;
    store.optimize().await.unwrap();
    assert_eq!(store.save(full::<Trade>(4)).await.unwrap(), saved(2, 2));
    assert_eq!(store.save(full::<NodeHealth>(11)).await.unwrap(), saved(1, 10));
    assert_eq!(store.save(seconds(3)).await.unwrap(), saved(2, 1));
}

async fn optimize_keeps_watermarks(store: Store) {
    let stream = StreamId::new("s").unwrap();
    let origin = Origin { stream: stream.clone(), epoch: 3, seqs: vec![4, 5] };
    let batch = Batch::from_stream(full::<Order>(2), origin).unwrap();
    store.write(&batch).await.unwrap();
    store.optimize().await.unwrap();
    assert_eq!(store.watermark(&stream, 3, Table::Orders).await.unwrap(), Some(5));
    assert_eq!(store.write(&batch).await.unwrap().duplicates, 2);
}
