//! Older copies brought back: of the spool, and of a store.

use std::time::Duration;

use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::{DeadLetterFilter, LaneStatus};
use tradekeep_store_traits::Table;

use crate::support::{
    SOON, Station, TABLES, config, drained, metrics, open, refusing, sink, ticks, with_one,
};

#[tokio::test(start_paused = true)]
async fn an_older_copy_of_the_spool_is_halted_before_it_loses_anything() {
    let station = Station::new();
    let fs = SimFs::new();
    let ingest = with_one(&station, &fs).await;
    ingest.append(ticks(0, 10)).await.unwrap();
    drained(&ingest).await;
    ingest.shutdown(SOON).await.unwrap();
    drop(ingest);
    let copy = fs.kill();
    let ingest = with_one(&station, &fs).await;
    ingest.append(ticks(10, 10)).await.unwrap();
    drained(&ingest).await;
    // The copy comes back, and takes new records: none of them is taken for one the store has.
    let ingest = with_one(&station, &copy).await;
    ingest.append(ticks(100, 10)).await.unwrap();
    ingest.append(metrics(200, 5)).await.unwrap();
    station.until(|station| station.rows_of(Table::SystemEvents).len() == 1).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let lanes = ingest.stats().sinks[0].lanes.clone();
    let LaneStatus::Halted { reason } = &lanes[0].status else { panic!("{lanes:?}") };
    assert!(reason.contains("new-epoch"), "{reason}");
    assert_eq!(lanes[0].pending, 10);
    assert_eq!(station.seconds(Table::Ticks), (0..20).collect::<Vec<_>>());
    assert_eq!(ingest.stats().dead_letters, 0);
    // One alarm, however often it is looked at; what the store knows nothing of goes on.
    assert_eq!(station.rows_of(Table::SystemEvents).len(), 1);
    assert_eq!(station.seconds(Table::Metrics), (200..205).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_copy_from_within_the_same_run_drops_nothing_either() {
    let station = Station::new();
    let fs = SimFs::new();
    let ingest = with_one(&station, &fs).await;
    ingest.append(ticks(0, 10)).await.unwrap();
    drained(&ingest).await;
    let copy = fs.kill();
    ingest.append(ticks(10, 10)).await.unwrap();
    drained(&ingest).await;
    ingest.shutdown(SOON).await.unwrap();
    // Its numbers begin above all that this run could have given out.
    let ingest = with_one(&station, &copy).await;
    ingest.append(ticks(100, 10)).await.unwrap();
    drained(&ingest).await;
    let expected: Vec<u64> = (0..20).chain(100..110).collect();
    assert_eq!(station.seconds(Table::Ticks), expected);
}

#[tokio::test(start_paused = true)]
async fn an_older_or_emptied_store_gets_again_what_is_held() {
    for kept in [0, 1, 57, 99, 100] {
        let station = Station::answering(refusing(|second| second == 60 || second == 99));
        let fs = SimFs::new();
        let ingest = with_one(&station, &fs).await;
        for from in 0..10 {
            ingest.append(ticks(from * 10, 10)).await.unwrap();
        }
        drained(&ingest).await;
        ingest.shutdown(SOON).await.unwrap();
        drop(ingest);
        let whole = station.rows_of(Table::Ticks);
        station.restore(kept);
        let ingest = with_one(&station, &fs).await;
        ingest.append(ticks(100, 10)).await.unwrap();
        drained(&ingest).await;
        let good: Vec<u64> = (0..110).filter(|second| *second != 60 && *second != 99).collect();
        assert_eq!(station.seconds(Table::Ticks), good, "{kept} rows kept");
        assert_eq!(
            station.rows_of(Table::Ticks)[..whole.len()],
            whole,
            "{kept} rows kept: other numbers"
        );
        assert_eq!(ingest.stats().dead_letters, 2, "{kept} rows kept");
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_older_store_refuses_the_second_time_is_a_dead_letter() {
    let station = Station::new();
    let fs = SimFs::new();
    let ingest = with_one(&station, &fs).await;
    ingest.append(ticks(0, 10)).await.unwrap();
    drained(&ingest).await;
    ingest.shutdown(SOON).await.unwrap();
    drop(ingest);
    station.restore(0);
    station.answer(refusing(|second| second == 4));
    let ingest = with_one(&station, &fs).await;
    drained(&ingest).await;
    station.until(|station| station.rows().len() == 9).await;
    ingest.append(ticks(10, 1)).await.unwrap();
    drained(&ingest).await;
    assert_eq!(ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_forgotten_that_a_store_could_still_lose() {
    // It takes everything, and has little of it for certain.
    let station = Station::new();
    station.admit(500);
    let fs = SimFs::new();
    let ingest =
        open(config(), vec![sink("one", std::sync::Arc::clone(&station) as _, TABLES)], &fs)
            .await
            .unwrap();
    for from in 0..20 {
        ingest.append(ticks(from * 1_000, 1_000)).await.unwrap();
        drained(&ingest).await;
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let held = ingest.stats().segments;
    assert!(held > 3, "{held} segments");
    ingest.shutdown(SOON).await.unwrap();
    drop(ingest);
    station.restore(500);
    station.admit(u64::MAX);
    let ingest = with_one(&station, &fs).await;
    ingest.append(ticks(20_000, 1)).await.unwrap();
    drained(&ingest).await;
    let stored = station.seconds(Table::Ticks);
    let wrong = (0..=20_000).zip(&stored).find(|(expected, second)| expected != *second);
    assert_eq!((stored.len(), wrong), (20_001, None));
    // Now it has: all but the last segment goes.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(ingest.stats().segments <= 2, "{} segments", ingest.stats().segments);
}
