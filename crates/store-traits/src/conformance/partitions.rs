//! Cases of [`PartitionAdmin`](crate::PartitionAdmin).

use tradekeep_models::{Day, TickQuery};

use super::{Store, everything, tick, time};
use crate::{RecordSinkExt, Saved, Table, TickStoreExt};

super::list_cases!(partitions:
    empty_store_has_none,
    days_are_utc_and_listed_oldest_first,
    drop_takes_whole_days_and_no_more,
    dropping_nothing_is_fine,
    dropped_rows_can_come_back,
    first_and_last_day_can_go,
);

/// Three days: 1, 2 and 1 ticks, at the very edges.
async fn three_days(store: &Store) -> [Day; 3] {
    let ticks = [
        "2024-08-08T23:59:59.999999999Z",
        "2024-08-09T00:00:00Z",
        "2024-08-09T23:59:59.999999999Z",
        "2024-08-10T00:00:00Z",
    ];
    store.save_ticks(ticks.map(|ts| tick(time(ts), "1", "1")).to_vec()).await.unwrap();
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
    let left = store.all_ticks(TickQuery::new(everything())).await.unwrap();
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
    assert_eq!(store.save_ticks(late).await.unwrap(), Saved { inserted: 1, duplicates: 0 });
}

async fn first_and_last_day_can_go(store: Store) {
    let ends = ["1970-01-01T00:00:00Z", "2261-12-31T23:59:59.999999999Z"];
    store.save_ticks(ends.map(|ts| tick(time(ts), "1", "1")).to_vec()).await.unwrap();
    for end in ends {
        assert_eq!(store.drop_partitions(Table::Ticks, &[time(end).day()]).await.unwrap(), 1);
    }
    assert_eq!(rows(&store).await, []);
}
