//! Days, retention floors, and what the tables hold. Rows are put in by SQL.

use std::time::{Duration, Instant};

use tradekeep_models::{Day, NANOS_PER_DAY, Timestamp};
use tradekeep_questdb_store::QuestDbStore;
use tradekeep_store_traits::{
    Act, Delivery, ErrorKind, Maintenance, PartitionAdmin, Probe, SeriesStore, Table,
};

use crate::Test;
use crate::support::{LONG, Scratch, run};

pub(crate) const TESTS: &[Test] = &[
    ("data_past_thirty_days_loses_exactly_the_old_partitions", |url| run(url, thirty_days)),
    ("hours_are_summed_to_days_and_dropped_with_them", |url| run(url, hours)),
    ("dropping_nothing_changes_nothing", |url| run(url, nothing)),
    ("the_first_and_the_last_day_can_go", |url| run(url, first_and_last)),
    ("what_is_acknowledged_is_counted_before_it_goes", |url| run(url, acknowledged)),
    ("two_may_drop_the_same_days_at_once", |url| run(url, two_at_once)),
    ("a_suspended_table_drops_nothing_and_says_how_to_mend_it", |url| run(url, suspended)),
    ("floors_outlive_the_store_and_the_latest_counts", |url| run(url, floors)),
    ("a_floor_waits_until_every_sink_goes_by_it", |url| run(url, floor_waits)),
    ("a_floor_that_cannot_be_seen_is_an_error", |url| run(url, floor_suspended)),
    ("tables_are_measured_to_the_nanosecond", |url| run(url, measured)),
    ("optimize_waits_for_what_is_taken", |url| run(url, optimized)),
];

/// Puts rows of these times into a table, and waits until they are seen, with those that were there.
async fn insert(scratch: &Scratch, table: &str, times: &[i64]) {
    let count = format!("SELECT count() FROM \"{{}}{table}\"");
    let before = scratch.number(&count).await;
    scratch.execute(&[&insert_sql(table, times)]).await;
    scratch.until(&count, before + i64::try_from(times.len()).unwrap()).await;
}

fn insert_sql(table: &str, times: &[i64]) -> String {
    // Of all tables, and different in each row: none replaces another one.
    let rows: Vec<_> = times.iter().map(|time| format!("({time}L::timestamp_ns)")).collect();
    format!("INSERT INTO \"{{}}{table}\" (ts) VALUES {}", rows.join(", "))
}

async fn rows(store: &QuestDbStore, table: Table) -> Vec<(Day, u64)> {
    let partitions = store.partitions(table).await.unwrap();
    assert!(partitions.iter().all(|partition| partition.bytes > 0), "{partitions:?}");
    partitions.iter().map(|partition| (partition.day, partition.rows)).collect()
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_nanos()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

async fn thirty_days(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    // Two rows a day, at its very ends, for forty days; trades, whose days are nobody's business here.
    let noon = at("2024-08-08T12:00:00Z");
    let start = noon - noon.rem_euclid(NANOS_PER_DAY);
    let days: Vec<_> = (0..40i64).rev().map(|age| start - age * NANOS_PER_DAY).collect();
    let times: Vec<_> = days.iter().flat_map(|day| [*day, day + NANOS_PER_DAY - 1]).collect();
    insert(&scratch, "ticks", &times).await;
    insert(&scratch, "trades", &times).await;
    let all = rows(&store, Table::Ticks).await;
    assert_eq!(all.len(), 40);
    assert!(all.iter().all(|(_, rows)| *rows == 2), "{all:?}");

    let before = Timestamp::from_nanos(noon - 30 * NANOS_PER_DAY).unwrap();
    let series: &dyn SeriesStore = &store;
    assert_eq!(series.delete_before(Table::Ticks, before).await.unwrap(), 18);
    // That of thirty days ago is younger than thirty days at its end.
    assert_eq!(rows(&store, Table::Ticks).await, all[9..]);
    assert_eq!(all[9].0, before.day());
    assert_eq!(rows(&store, Table::Trades).await, all);
    assert_eq!(series.delete_before(Table::Ticks, before).await.unwrap(), 0);
}

async fn hours(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let times = [
        "2024-08-08T23:59:59.999999999Z",
        "2024-08-09T00:00:00Z",
        "2024-08-09T00:59:59.999999999Z",
        "2024-08-09T13:00:00Z",
        "2024-08-09T23:59:59.999999999Z",
        "2024-08-10T00:00:00Z",
    ];
    let days = [("2024-08-08", 1), ("2024-08-09", 4), ("2024-08-10", 1)];
    let [first, second, third] = days.map(|(name, rows)| (day(name), rows));
    for (name, table) in [("latencies", Table::Latencies), ("positions", Table::Positions)] {
        insert(&scratch, name, &times.map(at)).await;
        assert_eq!(rows(&store, table).await, [first, second, third]);
        assert_eq!(store.drop_partitions(table, &[second.0]).await.unwrap(), 4);
        assert_eq!(rows(&store, table).await, [first, third]);
        let left = format!("SELECT count() FROM \"{{}}{name}\"");
        assert_eq!(scratch.number(&left).await, 2);
    }
}

async fn nothing(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    assert_eq!(store.partitions(Table::Fills).await.unwrap(), []);
    insert(&scratch, "fills", &[at("2024-08-08T12:00:00Z")]).await;
    let all = rows(&store, Table::Fills).await;
    let strangers = [day("2024-08-07"), day("2024-08-09"), day("1970-01-01")];
    for days in [&[][..], &strangers, &strangers[..1]] {
        assert_eq!(store.drop_partitions(Table::Fills, days).await.unwrap(), 0);
    }
    assert_eq!(rows(&store, Table::Fills).await, all);
    // One that is there among those that are not, and named twice.
    let there = day("2024-08-08");
    let days = [strangers[0], there, strangers[1], there];
    assert_eq!(store.drop_partitions(Table::Fills, &days).await.unwrap(), 1);
    assert_eq!(rows(&store, Table::Fills).await, []);
}

async fn first_and_last(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let ends = [Timestamp::MIN, Timestamp::MAX];
    for (name, table) in [("ticks", Table::Ticks), ("latencies", Table::Latencies)] {
        insert(&scratch, name, &ends.map(Timestamp::as_nanos)).await;
        assert_eq!(rows(&store, table).await, ends.map(|end| (end.day(), 1)));
        // The last one is the one that is written to.
        for (end, left) in ends.into_iter().rev().zip([1, 0]) {
            assert_eq!(store.drop_partitions(table, &[end.day()]).await.unwrap(), 1);
            assert_eq!(rows(&store, table).await.len(), left);
        }
        // The table is as good as new.
        insert(&scratch, name, &[0]).await;
        assert_eq!(rows(&store, table).await, [(Timestamp::MIN.day(), 1)]);
    }
}

async fn acknowledged(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let start = at("2024-08-08T00:00:00Z");
    let sqls: Vec<_> =
        (0..100).map(|n| insert_sql("metrics", &[start + n, start + NANOS_PER_DAY + n])).collect();
    // Nobody waits until they are seen.
    scratch.execute(&sqls.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let gone = store.drop_partitions(Table::Metrics, &[day("2024-08-08")]).await.unwrap();
    assert_eq!(gone, 100);
    assert_eq!(rows(&store, Table::Metrics).await, [(day("2024-08-09"), 100)]);
}

async fn two_at_once(scratch: Scratch) {
    let (one, other) = (scratch.open().await.unwrap(), scratch.open().await.unwrap());
    let start = at("2024-08-01T00:00:00Z");
    for round in 0..5 {
        let first = start + round * 100 * NANOS_PER_DAY;
        let times: Vec<_> = (0..60).map(|day| first + day * NANOS_PER_DAY).collect();
        insert(&scratch, "ticks", &times).await;
        let days: Vec<_> =
            times.iter().map(|time| Timestamp::from_nanos(*time).unwrap().day()).collect();
        // At the first day that the other one has dropped, the server stops, and says nothing.
        let (one, other) = tokio::join!(
            one.drop_partitions(Table::Ticks, &days[..40]),
            other.drop_partitions(Table::Ticks, &days[20..])
        );
        assert!(one.unwrap() <= 40 && other.unwrap() <= 40);
        assert_eq!(scratch.number("SELECT count() FROM \"{}ticks\"").await, 0, "round {round}");
    }
}

async fn suspended(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let time = at("2024-08-08T12:00:00Z");
    insert(&scratch, "orders", &[time]).await;
    let all = rows(&store, Table::Orders).await;
    scratch.suspend("orders").await;
    let since = Instant::now();
    let error = store.drop_partitions(Table::Orders, &[all[0].0]).await.unwrap_err();
    // It is told so, and does not wait in vain until time is up.
    assert!(since.elapsed() < LONG / 2, "{:?}", since.elapsed());
    assert_eq!((error.kind, &error.act), (ErrorKind::Write, &Act::Halt), "{error}");
    assert_eq!(error.delivery, Delivery::NotApplied);
    let remedy = format!("ALTER TABLE \"{}\" RESUME WAL", scratch.table("orders"));
    assert!(error.to_string().ends_with(&remedy), "{error}");
    assert!(store.optimize().await.unwrap_err().to_string().contains(&remedy));

    scratch.execute(&[&remedy]).await;
    assert_eq!(rows(&store, Table::Orders).await, all);
    assert_eq!(store.drop_partitions(Table::Orders, &[all[0].0]).await.unwrap(), 1);
    // Suspended between two drops, where nothing is stored any more.
    scratch.suspend("orders").await;
    scratch.execute(&[&insert_sql("orders", &[time])]).await;
    let error = store.drop_partitions(Table::Orders, &[all[0].0]).await.unwrap_err();
    assert!(error.to_string().contains(&remedy), "{error}");
}

async fn floors(scratch: Scratch) {
    let (one, other) = (scratch.open().await.unwrap(), scratch.open().await.unwrap());
    for table in Table::ALL {
        assert_eq!(one.floor(*table).await.unwrap(), None);
    }
    let floor = |text| Some(Timestamp::from_nanos(at(text)).unwrap());
    let (high, low) = (floor("2024-08-08T12:00:00.000000001Z"), floor("1970-01-01"));
    // Raised, lowered, taken away and back, by either: the last change counts.
    for (number, floor) in [high, low, None, Some(Timestamp::MAX), high].into_iter().enumerate() {
        let (setter, reader) = if number % 2 == 0 { (&one, &other) } else { (&other, &one) };
        setter.set_floor(Table::Ticks, floor).await.unwrap();
        assert_eq!(reader.floor(Table::Ticks).await.unwrap(), floor);
    }
    other.set_floor(Table::Latencies, low).await.unwrap();
    drop((one, other));
    let store = scratch.open().await.unwrap();
    for table in Table::ALL {
        let expected = match table {
            Table::Ticks => high,
            Table::Latencies => low,
            _ => None,
        };
        assert_eq!(store.floor(*table).await.unwrap(), expected, "{table}");
    }
    // A clock that was put back does not hide a change.
    scratch
        .execute(&["INSERT INTO \"{}retention_floor\" (table_name, before_ts, changed_at) VALUES \
                    ('ticks', NULL, '2100-01-01T00:00:00.000000007Z')"])
        .await;
    scratch.until("SELECT count() FROM \"{}retention_floor\"", 7).await;
    assert_eq!(store.floor(Table::Ticks).await.unwrap(), None);
    store.set_floor(Table::Ticks, low).await.unwrap();
    assert_eq!(store.floor(Table::Ticks).await.unwrap(), low);
}

async fn floor_waits(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let since = Instant::now();
    store.set_floor(Table::Ticks, Some(Timestamp::MAX)).await.unwrap();
    // A sink goes by the floors it has read for a second.
    assert!(since.elapsed() >= Duration::from_secs(1), "{:?}", since.elapsed());
}

async fn floor_suspended(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    scratch.suspend("retention_floor").await;
    let error = store.set_floor(Table::Ticks, Some(Timestamp::MAX)).await.unwrap_err();
    let remedy = format!("ALTER TABLE \"{}\" RESUME WAL", scratch.table("retention_floor"));
    assert!(error.to_string().ends_with(&remedy), "{error}");
    let health = store.health().await;
    assert!(health.troubles.iter().any(|trouble| trouble.remedy.ends_with(&remedy)), "{health:?}");
    scratch.execute(&[&remedy]).await;
    assert_eq!(store.floor(Table::Ticks).await.unwrap(), None, "nothing was changed");
    store.set_floor(Table::Ticks, Some(Timestamp::MAX)).await.unwrap();
}

async fn measured(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let ends = ["2024-08-08T12:00:00.000000001Z", "2024-08-09T23:59:59.999999999Z"].map(at);
    insert(&scratch, "node_health", &ends).await;
    let stats = store.table_stats().await.unwrap();
    assert!(stats.iter().map(|stats| stats.table).eq(Table::ALL.iter().copied()));
    for stats in stats {
        let [first, last] = ends.map(|end| Some(Timestamp::from_nanos(end).unwrap()));
        let expected = match stats.table {
            Table::NodeHealth => (2, first, last),
            _ => (0, None, None),
        };
        assert_eq!((stats.rows, stats.first_ts, stats.last_ts), expected, "{stats:?}");
        assert!(stats.rows == 0 || stats.bytes > 0, "{stats:?}");
    }
}

async fn optimized(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let sqls: Vec<_> = (0..100).map(|n| insert_sql("metrics", &[n])).collect();
    scratch.execute(&sqls.iter().map(String::as_str).collect::<Vec<_>>()).await;
    store.optimize().await.unwrap();
    assert_eq!(scratch.number("SELECT count() FROM \"{}metrics\"").await, 100);
}
