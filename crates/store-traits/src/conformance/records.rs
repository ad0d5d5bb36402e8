//! Cases of [`RecordSink`](crate::RecordSink) that are the same for every record: once, exact, or
//! refused. Ticks have theirs in `sink` and `ticks`.

use tradekeep_models::record::{Contradiction, Kind, Value};
use tradekeep_models::{
    Fill, Latency, ListQuery, Metric, MevEvent, NodeHealth, Order, Position, StoredCandle,
    StreamId, SystemEvent, Table, TimeRange, Timestamp, Trade,
};
use uuid::Uuid;

use super::samples::{Sample, list_cases_of, row, with};
use super::{
    Case, Need, Store, applied, assert_no_watermark, at, bad_places, bad_rows, page_of, saved,
    seconds, tick, time,
};
use crate::{Ack, Batch, ErrorKind, Origin, Records, Result};

/// The cases of this file.
pub(super) fn cases() -> Vec<Case> {
    const CONFLICTS: Option<Need> = Some(("conflicts", |capabilities| capabilities.conflicts));
    const KEEPS_FIRST: Option<Need> =
        Some(("keeps_first", |capabilities| capabilities.keeps_first));
    const WATERMARKS: Option<Need> = Some(("watermarks", |capabilities| capabilities.watermarks));
    [
        list_cases_of!([Trade trades, Order orders, Fill fills, Position positions,
            Metric metrics, Latency latencies, MevEvent mev_events, SystemEvent system_events,
            NodeHealth node_health, StoredCandle candles]: records None, [
            empty_batch_is_answered,
            same_batch_twice_is_stored_once,
            repeats_in_a_batch_are_stored_once,
            partly_stored_batch_adds_its_rest,
            late_batch_meets_its_duplicates,
            each_column_of_the_identity_counts,
            every_field_comes_back,
            absent_stays_absent,
            extremes_come_back,
            days_are_listed_and_dropped,
        ]),
        list_cases_of!([Trade trades, Order orders, Fill fills, Position positions,
            Metric metrics, Latency latencies, MevEvent mev_events, SystemEvent system_events,
            NodeHealth node_health, StoredCandle candles]: records WATERMARKS, [
            replays_are_dropped_by_watermark,
            tables_share_no_watermark,
        ]),
        list_cases_of!([Trade trades, Order orders, Fill fills, Metric metrics,
            Latency latencies, MevEvent mev_events, NodeHealth node_health, StoredCandle candles]: records None, [
            bad_rows_are_named_at_once,
        ]),
        list_cases_of!([Trade trades, Order orders, Fill fills, Position positions, StoredCandle candles]:
            records CONFLICTS, [
            conflicts_are_named_at_once,
            equal_content_is_no_conflict,
        ]),
        list_cases_of!([Metric metrics, Latency latencies, MevEvent mev_events,
            SystemEvent system_events, NodeHealth node_health]: records KEEPS_FIRST, [
            first_stored_stays,
        ]),
    ]
    .concat()
}

fn series<R: Sample>(numbers: std::ops::Range<i64>) -> Vec<R> {
    numbers.map(R::full).collect()
}

async fn save<R: Sample>(store: &Store, rows: &[R]) -> Result<crate::Saved> {
    store.save(R::into_records(rows.to_vec())).await
}

async fn streamed<R: Sample>(store: &Store, seqs: &[u64], rows: Vec<R>) -> Result<Ack> {
    let origin = Origin { stream: StreamId::new("s").unwrap(), epoch: 1, seqs: seqs.to_vec() };
    applied(store, &Batch::from_stream(R::into_records(rows), origin).unwrap()).await
}

async fn watermark<R: Sample>(store: &Store) -> Option<u64> {
    store.watermark(&StreamId::new("s").unwrap(), 1, R::TABLE).await.unwrap()
}

/// Every row of the table, every version, oldest first.
async fn stored<R: Sample>(store: &Store) -> Vec<R> {
    let all = R::during(TimeRange::ALL);
    let query = ListQuery { history: true, newest_first: false, ..all };
    let page = page_of::<R>(store, &query).await.unwrap();
    assert!(page.next.is_none());
    page.items
}

/// Expects these rows in the store, and nothing else; by their values, which tell -0 from 0.
async fn assert_stored<R: Sample>(store: &Store, expected: &[R]) {
    let found = stored::<R>(store).await;
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(row(found), row(expected), "{}", R::TABLE);
    }
    assert_eq!(found.len(), expected.len(), "{}", R::TABLE);
}

async fn empty_batch_is_answered<R: Sample>(store: Store) {
    assert_eq!(save::<R>(&store, &[]).await.unwrap(), saved(0, 0));
    assert_eq!(streamed::<R>(&store, &[], vec![]).await.unwrap().inserted, 0);
    assert_no_watermark(&store, R::TABLE).await;
}

async fn same_batch_twice_is_stored_once<R: Sample>(store: Store) {
    let rows = series::<R>(0..10);
    assert_eq!(save(&store, &rows).await.unwrap(), saved(10, 0));
    assert_eq!(save(&store, &rows).await.unwrap(), saved(0, 10));
    assert_stored(&store, &rows).await;
}

async fn repeats_in_a_batch_are_stored_once<R: Sample>(store: Store) {
    let rows = series::<R>(0..3);
    let twice = [rows.clone(), rows.clone()].concat();
    assert_eq!(save(&store, &twice).await.unwrap(), saved(3, 3));
    assert_stored(&store, &rows).await;
}

async fn partly_stored_batch_adds_its_rest<R: Sample>(store: Store) {
    save(&store, &series::<R>(3..6)).await.unwrap();
    assert_eq!(save(&store, &series::<R>(0..10)).await.unwrap(), saved(7, 3));
    assert_stored(&store, &series::<R>(0..10)).await;
}

async fn late_batch_meets_its_duplicates<R: Sample>(store: Store) {
    save(&store, &series::<R>(0..50)).await.unwrap();
    assert_eq!(save(&store, &series::<R>(10..20)).await.unwrap(), saved(0, 10));
    let [first, late, last] = [0, 30, 49].map(R::full);
    assert_eq!(save(&store, &[last, late, first]).await.unwrap(), saved(0, 3));
}

async fn each_column_of_the_identity_counts<R: Sample>(store: Store) {
    let (one, other) = (R::full(0), R::full(1));
    let take = |to: &R, column| with(to, column, other.named(column).into_owned()).unwrap();
    let alike = |column: &&'static str| match R::UNIQUE {
        // No two orders may have one id of the client.
        Some(unique) if R::SUBJECT.contains(column) => take(&take(&one, column), unique),
        _ => take(&one, column),
    };
    let mut rows: Vec<R> = R::IDENTITY.iter().map(alike).collect();
    rows.push(one.clone());
    let all = rows.len() as u64;
    assert_eq!(save(&store, &rows).await.unwrap(), saved(all, 0), "{}", R::TABLE);
    assert_eq!(save(&store, &rows).await.unwrap(), saved(0, all), "{}", R::TABLE);
}

async fn every_field_comes_back<R: Sample>(store: Store) {
    let rows = series::<R>(0..20);
    save(&store, &rows).await.unwrap();
    assert_stored(&store, &rows).await;
}

async fn absent_stays_absent<R: Sample>(store: Store) {
    // Between others, so that no value is taken over from a neighbour.
    let rows: Vec<R> = (0..9).map(|n| if n % 3 == 1 { R::full(n) } else { R::bare(n) }).collect();
    save(&store, &rows).await.unwrap();
    assert_stored(&store, &rows).await;
}

/// Values at the edges of each type, and text that means something to somebody.
fn extremes(kind: Kind) -> Vec<Value<'static>> {
    let texts = [
        "'; drop table trades; --",
        "\"q\" 'q' `q` \\ \\n $1 %s ? {}",
        "币安🚀 e\u{301} \u{200f}",
        "a,b=c d",
        "%_",
        "NULL",
        "null",
        "{}",
        "two\nlines\r\n\ttab \u{1} and space ",
        " { \"a\" : [1, 0.10, 1e2, 12345678901234567890.10, null],\n\"a\": \"\\u0041 'q' \\\"\" } ",
        "{\"a\":\"x\\\",\\\"b\\\":\\\"y\",\"b\":\"\",\"c/d\":\"1:2,{}'%_\\n\"}",
    ];
    let json = format!("{{\"a\":\"{}\"}}", "x".repeat(65_536 - 8));
    let long = [64, 128, 65_536].map(|bytes| "x".repeat(bytes));
    let decimals = [
        "99999999999999999999.999999999999999999",
        "-99999999999999999999.999999999999999999",
        "12345678901234567890.123456789012345678",
        "0.000000000000000001",
        "-0.000000000000000001",
        "0",
        "1",
    ];
    let floats = [-0.0, 0.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, f64::MIN, 0.1, 1.0 / 3.0, 1.0];
    let ints = [i64::MIN, i64::MAX, i64::from(i32::MIN), i64::from(i32::MAX)];
    let ints = ints.into_iter().chain([i64::from(u32::MAX), (1 << 53) + 1, -1, 0]);
    let uuids = [1, 1 << 63, 1 << 127, u128::MAX];
    let times = [Timestamp::MIN, at(0, 1), at(0, 999), at(0, 1_001), at(0, -1), Timestamp::MAX];
    match kind {
        Kind::Text => {
            let texts = texts.map(str::to_owned).into_iter().chain(long).chain([json]);
            texts.map(|text| Value::Text(text.into())).collect()
        }
        Kind::Int => ints.map(Value::Int).collect(),
        Kind::Float => floats.map(Value::Float).to_vec(),
        Kind::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Kind::Decimal => decimals.map(|text| Value::Decimal(text.parse().unwrap())).to_vec(),
        Kind::Time => times.map(Value::Time).to_vec(),
        // Every one of 128 bits is one, versions or not.
        Kind::Uuid => uuids.map(|id| Value::Uuid(Uuid::from_u128(id))).to_vec(),
    }
}

async fn extremes_come_back<R: Sample>(store: Store) {
    // Each value in each column that takes it, in a record of its own.
    let mut rows: Vec<R> = Vec::new();
    for column in R::COLUMNS {
        let mut taken = 0;
        for value in extremes(column.kind) {
            // Even ones are failed latencies, which may have an error.
            let base = R::full(2 * i64::try_from(rows.len()).unwrap());
            let changed = with(&base, column.name, value);
            taken += usize::from(changed.is_some());
            rows.extend(changed);
        }
        // Names of variants and ids take none of these texts, and some numbers are bound by others.
        let bound = ["notional", "open", "close"].contains(&column.name);
        assert!(taken > 0 || column.kind == Kind::Text || bound);
    }
    save(&store, &rows).await.unwrap();
    rows.sort_by_key(R::ts);
    assert_stored(&store, &rows).await;
}

/// This record with one column after another taken from the next one, where it takes it: the same identity,
/// other content, and not the same record again where that can be told.
fn contradictions<R: Sample>(n: i64) -> Vec<R> {
    let (one, next) = (R::full(n), R::full(n + 1));
    let content = R::COLUMNS.iter().filter(|column| !R::IDENTITY.contains(&column.name));
    let changed = |name| with(&one, name, next.named(name).into_owned());
    let contradicts =
        |other: &R| R::CONTRADICTION == Contradiction::Duplicate || !one.is_again(other);
    let changed = content.filter_map(|column| changed(column.name)).filter(contradicts);
    let changed: Vec<R> = changed.collect();
    assert!(changed.len() >= 3 && !changed.contains(&one), "{}", R::TABLE);
    changed
}

async fn conflicts_are_named_at_once<R: Sample>(store: Store) {
    save(&store, &[R::full(4)]).await.unwrap();
    let (with_stored, with_earlier) = (contradictions::<R>(4), contradictions::<R>(6));
    let first = 2..2 + with_stored.len();
    let second = first.end + 1..first.end + 1 + with_earlier.len();
    let rows = [vec![R::full(2), R::full(4)], with_stored, vec![R::full(6)], with_earlier].concat();
    let error = save(&store, &rows).await.unwrap_err();
    let named = bad_places(error, ErrorKind::Conflict);
    assert_eq!(named, first.chain(second).collect::<Vec<_>>(), "{}", R::TABLE);
    assert_stored(&store, &[R::full(4)]).await;
    let kept = |(place, row): (usize, &R)| (!named.contains(&place)).then(|| row.clone());
    let rest: Vec<R> = rows.iter().enumerate().filter_map(kept).collect();
    assert_eq!(save(&store, &rest).await.unwrap(), saved(2, 1));
    assert_stored(&store, &[R::full(2), R::full(4), R::full(6)]).await;
}

async fn equal_content_is_no_conflict<R: Sample>(store: Store) {
    let rows = [R::full(0), R::bare(1), R::full(0), R::bare(1)];
    assert_eq!(save(&store, &rows).await.unwrap(), saved(2, 2));
    assert_eq!(save(&store, &rows).await.unwrap(), saved(0, 4));
}

async fn first_stored_stays<R: Sample>(store: Store) {
    let others = contradictions::<R>(0);
    let many = others.len() as u64;
    let batch = [vec![R::full(0)], others.clone()].concat();
    assert_eq!(save(&store, &batch).await.unwrap(), saved(1, many));
    assert_eq!(save(&store, &others).await.unwrap(), saved(0, many));
    assert_stored(&store, &[R::full(0)]).await;
}

async fn bad_rows_are_named_at_once<R: Sample>(store: Store) {
    let (broken, fields): (Vec<R>, Vec<&str>) = R::broken().into_iter().unzip();
    let good = [R::full(0), R::full(99)];
    let rows = [&good[..1], &broken, &good[1..]].concat();
    let seqs: Vec<u64> = (1..=rows.len() as u64).collect();
    let named = bad_rows(streamed(&store, &seqs, rows).await.unwrap_err(), ErrorKind::InvalidInput);
    let places: Vec<_> = named.iter().map(|row| row.index).collect();
    assert_eq!(places, (1..=broken.len()).collect::<Vec<_>>(), "{}", R::TABLE);
    for (row, field) in named.iter().zip(fields) {
        assert!(row.reason.starts_with(&format!("{field}: ")), "{row:?}");
    }
    assert_stored::<R>(&store, &[]).await;
    assert_no_watermark(&store, R::TABLE).await;
    let ends = [1, broken.len() as u64 + 2];
    assert_eq!(streamed(&store, &ends, good.to_vec()).await.unwrap().inserted, 2);
    assert_stored(&store, &good).await;
}

async fn replays_are_dropped_by_watermark<R: Sample>(store: Store) {
    streamed(&store, &[1, 5], series::<R>(0..2)).await.unwrap();
    assert_eq!(watermark::<R>(&store).await, Some(5));
    // Even rows of another identity or content: what carries these numbers was applied.
    let others = vec![contradictions::<R>(0).remove(0), R::full(7)];
    let ack = streamed(&store, &[1, 5], others).await.unwrap();
    assert_eq!((ack.inserted, ack.duplicates), (0, 2));
    let ack = streamed(&store, &[1, 5, 6], series::<R>(0..3)).await.unwrap();
    assert_eq!((ack.inserted, ack.duplicates), (1, 2));
    // What is stored already moves it too, and what came before does not move it back.
    streamed(&store, &[9], series::<R>(0..1)).await.unwrap();
    streamed(&store, &[3], series::<R>(0..1)).await.unwrap();
    assert_eq!(watermark::<R>(&store).await, Some(9));
    assert_stored(&store, &series::<R>(0..3)).await;
}

async fn tables_share_no_watermark<R: Sample>(store: Store) {
    streamed(&store, &[5, 6], series::<R>(0..2)).await.unwrap();
    let stream = StreamId::new("s").unwrap();
    for &table in Table::ALL {
        let expected = (table == R::TABLE).then_some(6);
        assert_eq!(store.watermark(&stream, 1, table).await.unwrap(), expected, "{table}");
    }
    let origin = Origin { stream, epoch: 1, seqs: vec![2] };
    let ticks = Batch::from_stream(Records::Ticks(seconds(1)), origin).unwrap();
    assert_eq!(store.write(&ticks).await.unwrap().inserted, 1);
    assert_eq!(watermark::<R>(&store).await, Some(6));
}

async fn days_are_listed_and_dropped<R: Sample>(store: Store) {
    let times = [
        "2024-08-08T23:59:59.999999999Z",
        "2024-08-09T00:00:00Z",
        "2024-08-09T23:59:59.999999999Z",
        "2024-08-10T00:00:00Z",
    ];
    let rows: Vec<R> = times.iter().zip(0..).map(|(ts, n)| R::full(n).at(time(ts))).collect();
    save(&store, &rows).await.unwrap();
    // These stay: tables share no days.
    store.save(times.map(|ts| tick(time(ts), "1", "1")).to_vec()).await.unwrap();
    let days = async |table| {
        let found = store.partitions(table).await.unwrap();
        assert!(found.iter().all(|partition| partition.bytes > 0), "{found:?}");
        found
            .iter()
            .map(|partition| (partition.day.to_string(), partition.rows))
            .collect::<Vec<_>>()
    };
    let day = |day: &str, rows| (format!("2024-08-{day}"), rows);
    let all = [day("08", 1), day("09", 2), day("10", 1)];
    assert_eq!(days(R::TABLE).await, all);
    let gone = store.drop_partitions(R::TABLE, &[time("2024-08-09").day()]).await.unwrap();
    assert_eq!((gone, days(R::TABLE).await), (2, vec![day("08", 1), day("10", 1)]));
    for &table in Table::ALL.iter().filter(|table| **table != R::TABLE) {
        let expected = if table == Table::Ticks { all.to_vec() } else { vec![] };
        assert_eq!(days(table).await, expected, "{table}");
    }
    assert_stored(&store, &[rows[0].clone(), rows[3].clone()]).await;
    assert_eq!(save(&store, &rows).await.unwrap(), saved(2, 2), "dropped rows can come back");
    assert_stored(&store, &rows).await;
}
