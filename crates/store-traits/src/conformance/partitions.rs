//! Cases of [`PartitionAdmin`](crate::PartitionAdmin).

use tradekeep_models::{Day, Latency, Metric, Name, StreamId, Timestamp};

use super::{Store, bad_places, everything, tick, time};
use crate::{Batch, ErrorKind, Origin, Records, Saved, Table};

super::list_cases!(partitions:
    empty_store_has_none,
    days_are_utc_and_listed_oldest_first,
    drop_takes_whole_days_and_no_more,
    dropping_nothing_is_fine,
    dropped_rows_can_come_back,
    first_and_last_day_can_go,
    empty_store_has_no_floor,
    rows_before_the_floor_are_named_and_nothing_is_stored,
    floors_are_of_their_table,
    what_is_stored_stays_under_the_floor,
    lowered_floor_lets_rows_in,
    floor_keeps_a_dropped_day_away,
    broken_rules_are_told_before_the_floor;
    watermarks:
    replayed_rows_are_never_expired,
);

/// Three days: 1, 2 and 1 ticks, at the very edges.
async fn three_days(store: &Store) -> [Day; 3] {
    let ticks = [
        "2024-08-08T23:59:59.999999999Z",
        "2024-08-09T00:00:00Z",
        "2024-08-09T23:59:59.999999999Z",
        "2024-08-10T00:00:00Z",
    ];
    store.save(ticks.map(|ts| tick(time(ts), "1", "1")).to_vec()).await.unwrap();
    ["2024-08-08", "2024-08-09", "2024-08-10"].map(|day| day.parse().unwrap())
}

async fn rows(store: &Store) -> Vec<(Day, u64)> {
    let partitions = store.partitions(Table::Ticks).await.unwrap();
    assert!(partitions.iter().all(|partition| partition.bytes > 0), "{partitions:?}");
    partitions.iter().map(|partition| (partition.day, partition.rows)).collect()
}

async fn empty_store_has_none(store: Store) {
    assert_eq!(rows(&store).await, []);
}

async fn days_are_utc_and_listed_oldest_first(store: Store) {
    let [a, b, c] = three_days(&store).await;
    assert_eq!(rows(&store).await, [(a, 1), (b, 2), (c, 1)]);
}

async fn drop_takes_whole_days_and_no_more(store: Store) {
    let [a, b, c] = three_days(&store).await;
    assert_eq!(store.drop_partitions(Table::Ticks, &[b]).await.unwrap(), 2);
    assert_eq!(rows(&store).await, [(a, 1), (c, 1)]);
    let left = store.ticks(everything()).all().await.unwrap();
    assert_eq!(left.len(), 2);
    assert_eq!(store.drop_partitions(Table::Ticks, &[c, a]).await.unwrap(), 2);
    assert_eq!(rows(&store).await, []);
}

async fn dropping_nothing_is_fine(store: Store) {
    let [_, b, _] = three_days(&store).await;
    assert_eq!(store.drop_partitions(Table::Ticks, &[]).await.unwrap(), 0);
    store.drop_partitions(Table::Ticks, &[b, b]).await.unwrap();
    assert_eq!(store.drop_partitions(Table::Ticks, &[b]).await.unwrap(), 0);
    assert_eq!(rows(&store).await.len(), 2);
}

async fn dropped_rows_can_come_back(store: Store) {
    let [_, b, _] = three_days(&store).await;
    store.drop_partitions(Table::Ticks, &[b]).await.unwrap();
    let late = vec![tick(time("2024-08-09T00:00:00Z"), "1", "1")];
    assert_eq!(store.save(late).await.unwrap(), Saved { inserted: 1, duplicates: 0 });
}

/// So many seconds after the start of the second of [`three_days`].
fn noon(second: i64, nanos: i64) -> Timestamp {
    let start = time("2024-08-09T12:00:00Z").as_nanos();
    Timestamp::from_nanos(start + second * 1_000_000_000 + nanos).unwrap()
}

async fn refused(store: &Store, batch: &Batch) -> Vec<usize> {
    bad_places(store.write(batch).await.unwrap_err(), ErrorKind::Expired)
}

async fn empty_store_has_no_floor(store: Store) {
    for table in Table::ALL {
        assert_eq!(store.floor(*table).await.unwrap(), None, "{table}");
    }
}

async fn rows_before_the_floor_are_named_and_nothing_is_stored(store: Store) {
    let floor = noon(0, 0);
    store.set_floor(Table::Ticks, Some(floor)).await.unwrap();
    assert_eq!(store.floor(Table::Ticks).await.unwrap(), Some(floor));
    let at = |ts| tick(ts, "1", "1");
    let mixed = [noon(1, 0), noon(0, -1), noon(0, 0), Timestamp::MIN, noon(0, 1), noon(-1, 0)];
    let batch = Batch::new(mixed.map(at).to_vec().into());
    store.prepare(&batch);
    assert_eq!(refused(&store, &batch).await, [1, 3, 5]);
    assert_eq!(rows(&store).await, []);
    store.save([noon(1, 0), noon(0, 0), noon(0, 1)].map(at).to_vec()).await.unwrap();
    assert_eq!(rows(&store).await, [(floor.day(), 3)]);
}

async fn floors_are_of_their_table(store: Store) {
    let (ticks, metrics) = (Timestamp::MAX, noon(0, 0));
    store.set_floor(Table::Ticks, Some(ticks)).await.unwrap();
    store.set_floor(Table::Metrics, Some(metrics)).await.unwrap();
    for table in Table::ALL {
        let expected = match table {
            Table::Ticks => Some(ticks),
            Table::Metrics => Some(metrics),
            _ => None,
        };
        assert_eq!(store.floor(*table).await.unwrap(), expected, "{table}");
    }
    let metric = |ts| vec![Metric::new(ts, Name::new("m").unwrap(), 1.0)];
    store.save(metric(noon(0, 0))).await.unwrap();
    assert_eq!(refused(&store, &Batch::new(metric(noon(0, -1)).into())).await, [0]);
    let latency = || Name::new("s").unwrap();
    let latency = Latency::new(Timestamp::MIN, latency(), latency(), 1);
    store.save(vec![latency]).await.unwrap();
    for table in [Table::Metrics, Table::Latencies] {
        assert_eq!(store.partitions(table).await.unwrap()[0].rows, 1, "{table}");
    }
}

async fn what_is_stored_stays_under_the_floor(store: Store) {
    let days = three_days(&store).await;
    store.set_floor(Table::Ticks, Some(noon(0, 0))).await.unwrap();
    let counts = [1, 2, 1];
    assert_eq!(rows(&store).await, days.into_iter().zip(counts).collect::<Vec<_>>());
    // Also a record that is stored is refused.
    let again = vec![tick(time("2024-08-09T00:00:00Z"), "1", "1")];
    assert_eq!(refused(&store, &Batch::new(again.into())).await, [0]);
}

async fn lowered_floor_lets_rows_in(store: Store) {
    let early = |second| vec![tick(noon(second, 0), "1", "1")];
    for floor in [Timestamp::MAX, noon(10, 0)] {
        store.set_floor(Table::Ticks, Some(floor)).await.unwrap();
        assert_eq!(refused(&store, &Batch::new(early(5).into())).await, [0]);
    }
    store.set_floor(Table::Ticks, Some(noon(5, 0))).await.unwrap();
    store.save(early(5)).await.unwrap();
    assert_eq!(refused(&store, &Batch::new(early(4).into())).await, [0]);
    store.set_floor(Table::Ticks, None).await.unwrap();
    assert_eq!(store.floor(Table::Ticks).await.unwrap(), None);
    store.save(early(4)).await.unwrap();
    store.set_floor(Table::Ticks, None).await.unwrap();
    assert_eq!(rows(&store).await, [(noon(0, 0).day(), 2)]);
}

async fn floor_keeps_a_dropped_day_away(store: Store) {
    let [a, b, c] = three_days(&store).await;
    store.set_floor(Table::Ticks, Some(c.start())).await.unwrap();
    store.drop_partitions(Table::Ticks, &[a, b]).await.unwrap();
    let late = vec![tick(time("2024-08-09T23:59:59.999999999Z"), "1", "1")];
    assert_eq!(refused(&store, &Batch::new(late.into())).await, [0]);
    assert_eq!(rows(&store).await, [(c, 1)]);
}

async fn broken_rules_are_told_before_the_floor(store: Store) {
    store.set_floor(Table::Metrics, Some(noon(0, 0))).await.unwrap();
    let metric = |ts, value| Metric::new(ts, Name::new("m").unwrap(), value);
    let batch = vec![metric(noon(-1, 0), 1.0), metric(noon(1, 0), f64::INFINITY)];
    let error = store.save(batch).await.unwrap_err();
    assert_eq!(bad_places(error, ErrorKind::InvalidInput), [1]);
}

async fn replayed_rows_are_never_expired(store: Store) {
    let ticks = |count: i64| (0..count).map(|n| tick(noon(n, 0), "1", "1")).collect::<Vec<_>>();
    let batch = |count: i64| {
        let seqs = (1..=count.cast_unsigned()).collect();
        let origin = Origin { stream: StreamId::new("s").unwrap(), epoch: 1, seqs };
        Batch::from_stream(Records::Ticks(ticks(count)), origin).unwrap()
    };
    store.write(&batch(3)).await.unwrap();
    store.set_floor(Table::Ticks, Some(noon(10, 0))).await.unwrap();
    assert_eq!(store.write(&batch(3)).await.unwrap().duplicates, 3);
    // Numbered from the start of the batch.
    assert_eq!(refused(&store, &batch(5)).await, [3, 4]);
    // Nothing moved with what was refused.
    store.set_floor(Table::Ticks, None).await.unwrap();
    store.write(&batch(5)).await.unwrap();
    assert_eq!(rows(&store).await, [(noon(0, 0).day(), 5)]);
}

async fn first_and_last_day_can_go(store: Store) {
    let ends = ["1970-01-01T00:00:00Z", "2261-12-31T23:59:59.999999999Z"];
    store.save(ends.map(|ts| tick(time(ts), "1", "1")).to_vec()).await.unwrap();
    for end in ends {
        assert_eq!(store.drop_partitions(Table::Ticks, &[time(end).day()]).await.unwrap(), 1);
    }
    assert_eq!(rows(&store).await, []);
}
