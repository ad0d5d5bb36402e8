//! Another store in the place of the one that was written to, or an earlier state of it, while it is written to; and
//! two copies of a spool that write to one.

use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::{Ingest, LaneStatus};
use tradekeep_store_traits::{Act, ErrorKind, Table};

use crate::support::{Answer, SOON, Station, drained, error, ticks, with_one};

/// Waits until delivery of ticks is halted; answers why.
async fn halted(ingest: &Ingest) -> String {
    loop {
        let lane = ingest.stats().sinks[0].lanes[0].clone();
        if let LaneStatus::Halted { reason } = lane.status {
            assert_eq!(lane.table, Table::Ticks);
            return reason;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_back_is_seen_at_the_next_batch() {
    for kept in [0, 1, 57, 99, 100] {
        let (station, fs) = (Station::new(), SimFs::new());
        let ingest = with_one(&station, &fs).await;
        for from in 0..10 {
            ingest.append(ticks(from * 10, 10)).await.unwrap();
        }
        drained(&ingest).await;
        station.restore(kept);
        ingest.append(ticks(100, 10)).await.unwrap();
        let told = usize::from(kept < 100);
        station.until(|station| station.rows_of(Table::SystemEvents).len() >= told).await;
        drained(&ingest).await;
        assert_eq!(station.seconds(Table::Ticks), (0..110).collect::<Vec<_>>(), "{kept} rows kept");
        // Once told, it is as it was.
        ingest.append(ticks(110, 10)).await.unwrap();
        drained(&ingest).await;
        assert_eq!(station.seconds(Table::Ticks), (0..120).collect::<Vec<_>>(), "{kept} rows kept");
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_back_while_it_is_sent_again_is_no_copy() {
    let (station, fs) = (Station::new(), SimFs::new());
    let ingest = with_one(&station, &fs).await;
    for from in 0..10 {
        ingest.append(ticks(from * 10, 10)).await.unwrap();
    }
    drained(&ingest).await;
    let right = station.rows();
    station.restore(40);
    // It goes away while it gets again what it lacks, and comes back as it was before.
    station.answer(|_| Answer::Fail(error(ErrorKind::Connection, Act::Retry { after: None })));
    let sent = station.sent().len();
    ingest.append(ticks(100, 10)).await.unwrap();
    station.until(|station| station.sent().len() > sent + 1).await;
    station.put_back(right);
    station.answer(|_| Answer::Go);
    drained(&ingest).await;
    assert_eq!(station.seconds(Table::Ticks), (0..110).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_gap_that_the_spool_cannot_fill_halts_until_the_right_store_is_back() {
    let (station, fs) = (Station::new(), SimFs::new());
    let ingest = with_one(&station, &fs).await;
    for from in 0..20 {
        ingest.append(ticks(from * 1_000, 1_000)).await.unwrap();
    }
    drained(&ingest).await;
    while ingest.stats().segments > 2 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let right = station.rows();
    station.restore(500);
    ingest.append(ticks(20_000, 10)).await.unwrap();
    let reason = halted(&ingest).await;
    assert!(reason.contains("new-epoch") && reason.contains("an older copy of itself"), "{reason}");
    assert_eq!(station.seconds(Table::Ticks).len(), 500, "nothing behind the gap");
    // Not by a restart either.
    ingest.shutdown(std::time::Duration::ZERO).await.unwrap();
    let ingest = with_one(&station, &fs).await;
    halted(&ingest).await;
    station.put_back(right);
    drained(&ingest).await;
    assert_eq!(station.seconds(Table::Ticks), (0..20_010).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn of_two_copies_of_a_spool_the_second_halts_and_stays_so() {
    let (station, fs) = (Station::new(), SimFs::new());
    let ingest = with_one(&station, &fs).await;
    ingest.append(ticks(0, 10)).await.unwrap();
    drained(&ingest).await;
    ingest.shutdown(SOON).await.unwrap();
    let copy = fs.kill();
    let (one, other) = (with_one(&station, &fs).await, with_one(&station, &copy).await);
    // Both have asked where the store stands.
    drained(&other).await;
    one.append(ticks(100, 10)).await.unwrap();
    drained(&one).await;
    // With the same numbers.
    other.append(ticks(200, 50)).await.unwrap();
    let reason = halted(&other).await;
    assert!(reason.contains("another copy") && reason.contains("new-epoch"), "{reason}");
    one.append(ticks(110, 10)).await.unwrap();
    drained(&one).await;
    other.shutdown(std::time::Duration::ZERO).await.unwrap();
    let other = with_one(&station, &copy).await;
    halted(&other).await;
    assert_eq!(other.stats().sinks[0].lanes[0].pending, 50);
    let first: Vec<u64> = (0..10).chain(100..120).collect();
    assert_eq!(station.seconds(Table::Ticks), first);
}
