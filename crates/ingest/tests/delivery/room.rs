//! A spool that is full, and a disk that is.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tradekeep_ingest::fs::sim::{Operation, SimFs};
use tradekeep_ingest::{Ingest, IngestConfig, IngestError, Level, WhenFull};
use tradekeep_store_traits::{Records, Table};

use crate::support::{Answer, Station, TABLES, config, drained, metrics, open, sink, ticks};

const PATIENCE: Duration = Duration::from_secs(3);

async fn filled(config: IngestConfig, station: &Arc<Station>, fs: &SimFs) -> (Ingest, u64) {
    let config = config.with_max_bytes(600 << 10);
    let sinks = vec![sink("one", Arc::clone(station) as _, TABLES)];
    let ingest = open(config, sinks, fs).await.unwrap();
    let mut given = 0;
    while ingest.try_append(&ticks(given, 500)).is_ok() {
        given += 500;
    }
    (ingest, given)
}

#[tokio::test(start_paused = true)]
async fn who_may_wait_waits_for_room_and_not_for_ever() {
    let station = Station::answering(|_| Answer::Hang);
    let config = config().with_when_full(WhenFull::Block(PATIENCE));
    let (ingest, given) = filled(config, &station, &SimFs::new()).await;
    let before = Instant::now();
    let error = ingest.append(ticks(given, 1)).await.unwrap_err();
    let IngestError::Full { held, most, waited } = error else { panic!("{error}") };
    // With another segment it would be more.
    assert!(held <= most && held + (264 << 10) > most && waited >= PATIENCE);
    let took = before.elapsed();
    assert!(took >= PATIENCE && took < PATIENCE + Duration::from_millis(200), "{took:?}");
    // Who waits gets the first room there is.
    let waiting = {
        let ingest = ingest.clone();
        tokio::spawn(async move { ingest.append(ticks(given, 10)).await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished());
    // What hangs is given up after its time; who waits for room may not last until then.
    station.answer(|_| Answer::Go);
    let first = waiting.await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    if first.is_err() {
        ingest.append(ticks(given, 10)).await.unwrap();
    }
    drained(&ingest).await;
    assert_eq!(station.seconds(Table::Ticks), (0..given + 10).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_served_while_the_spool_drains() {
    // Slow, but it takes.
    let station = Station::new();
    let slow = Arc::new(tokio::sync::Semaphore::new(0));
    let gate = Arc::clone(&slow);
    station.answer(move |_| match gate.try_acquire() {
        Ok(permit) => {
            permit.forget();
            Answer::Go
        }
        Err(_) => Answer::Fail(crate::support::lost(tradekeep_store_traits::ErrorKind::Connection)),
    });
    let config = config().with_when_full(WhenFull::Block(Duration::from_secs(60)));
    let (ingest, given) = filled(config, &station, &SimFs::new()).await;
    let waiting = {
        let ingest = ingest.clone();
        tokio::spawn(async move { ingest.append(ticks(given, 10)).await })
    };
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!waiting.is_finished());
    slow.add_permits(1_000_000);
    waiting.await.unwrap().unwrap();
    drained(&ingest).await;
    assert_eq!(station.seconds(Table::Ticks), (0..given + 10).collect::<Vec<_>>());
}

/// What is delivered stays in the spool until the store has it in its own files, and not only in its
/// log: the store is told to see to that when there is little room.
#[tokio::test(start_paused = true)]
async fn what_is_only_in_a_log_of_the_store_makes_room_in_time() {
    let station = Station::new();
    station.keep_a_log();
    for when_full in [WhenFull::Block(PATIENCE), WhenFull::Reject] {
        let config = config().with_when_full(when_full).with_max_bytes(600 << 10);
        let sinks = vec![sink("one", Arc::clone(&station) as _, TABLES)];
        let ingest = open(config, sinks, &SimFs::new()).await.unwrap();
        let before = station.rows().len() as u64;
        let (told, began) = (station.checkpoints(), Instant::now());
        for call in 0..200 {
            ingest.append(ticks(before + call * 100, 100)).await.unwrap();
            if when_full == WhenFull::Reject {
                // Slow enough that it never comes to be refused.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        drained(&ingest).await;
        assert_eq!(station.rows().len() as u64, before + 20_000);
        let told = station.checkpoints() - told;
        assert!((1..=began.elapsed().as_secs() + 1).contains(&told), "{told} checkpoints");
    }
}

#[tokio::test(start_paused = true)]
async fn an_append_that_waits_for_room_learns_of_the_shutdown() {
    let station = Station::answering(|_| Answer::Hang);
    for when_full in [WhenFull::Block(PATIENCE), WhenFull::DropMeasurements(PATIENCE)] {
        let config = config().with_when_full(when_full);
        let (ingest, given) = filled(config, &station, &SimFs::new()).await;
        let waiting = {
            let ingest = ingest.clone();
            tokio::spawn(async move { ingest.append(ticks(given, 1)).await })
        };
        tokio::time::sleep(Duration::from_millis(1)).await;
        ingest.shutdown(Duration::ZERO).await.unwrap();
        let before = Instant::now();
        let error = waiting.await.unwrap().unwrap_err();
        assert!(matches!(error, IngestError::Closed), "{error}");
        assert!(before.elapsed() < Duration::from_millis(200));
        // The same afterwards, and nothing is dropped without a word.
        let before = Instant::now();
        for records in [ticks(given, 1), metrics(0, 1)] {
            let error = ingest.append(records).await.unwrap_err();
            assert!(matches!(error, IngestError::Closed), "{error}");
        }
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_wait_is_refused_at_once() {
    let station = Station::answering(|_| Answer::Hang);
    let config = config().with_when_full(WhenFull::Reject);
    let (ingest, given) = filled(config, &station, &SimFs::new()).await;
    let before = Instant::now();
    let error = ingest.append(ticks(given, 1)).await.unwrap_err();
    assert!(matches!(error, IngestError::Full { .. }), "{error}");
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(ingest.stats().lanes().next().unwrap().accepted, given);
}

#[tokio::test(start_paused = true)]
async fn measurements_are_dropped_and_counted_and_nothing_else() {
    let station = Station::answering(|_| Answer::Hang);
    let fs = SimFs::new();
    let config = config().with_when_full(WhenFull::DropMeasurements(PATIENCE));
    let (ingest, given) = filled(config.clone(), &station, &fs).await;
    let receipt = ingest.append(metrics(0, 7)).await.unwrap();
    assert_eq!((receipt.dropped(), receipt.seqs().is_empty()), (7, true));
    receipt.applied().await.unwrap();
    ingest.append(metrics(7, 3)).await.unwrap();
    ingest.append(ticks(given, 1)).await.unwrap_err();
    assert_eq!(ingest.stats().dropped, [(Table::Metrics, 10)]);
    // The count stays.
    ingest.shutdown(Duration::ZERO).await.unwrap();
    drop(ingest);
    station.answer(|_| Answer::Go);
    let sinks = vec![sink("one", Arc::clone(&station) as _, TABLES)];
    let ingest = open(config, sinks, &fs.kill()).await.unwrap();
    assert_eq!(ingest.stats().dropped, [(Table::Metrics, 10)]);
    drained(&ingest).await;
    assert_eq!(station.seconds(Table::Ticks), (0..given).collect::<Vec<_>>());
    assert_eq!(station.rows_of(Table::Metrics), []);
}

#[tokio::test]
async fn a_full_disk_breaks_no_receipt_and_is_over_when_there_is_room() {
    let station = Station::new();
    let fs = SimFs::new();
    // Room for the small files, three segments of the spool and none of the dead letters.
    fs.capacity((600 << 10) + 3 * (264 << 10));
    let patience = Duration::from_millis(300);
    let config = config().with_when_full(WhenFull::Block(patience));
    let hangs = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_stuck = Arc::clone(&hangs);
    station.answer(move |_| {
        if is_stuck.load(std::sync::atomic::Ordering::SeqCst) {
            return Answer::Fail(crate::support::lost(
                tradekeep_store_traits::ErrorKind::Connection,
            ));
        }
        Answer::Go
    });
    let sinks = || vec![sink("one", Arc::clone(&station) as _, TABLES)];
    let ingest = open(config.clone(), sinks(), &fs).await.unwrap();
    let mut given = 0;
    let error = loop {
        let before = Instant::now();
        match ingest.append_at(&ticks(given, 500), Level::Synced).await {
            Ok(_) => given += 500,
            Err(error) => {
                assert!(before.elapsed() >= patience, "{:?}", before.elapsed());
                assert!(before.elapsed() < patience * 10, "{:?}", before.elapsed());
                break error;
            }
        }
        assert!(given < 100_000, "the disk is never full");
    };
    let IngestError::Disk { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
    assert!(error.to_string().contains("free space"), "{error}");
    // All that was answered survives, on a disk that is still full.
    let copy = fs.power_loss(3);
    let after = open(config, sinks(), &copy).await.unwrap();
    assert_eq!(after.stats().lanes().next().unwrap().accepted, given);
    drop(after);
    // What is delivered makes room.
    hangs.store(false, std::sync::atomic::Ordering::SeqCst);
    drained(&ingest).await;
    let began = Instant::now();
    while ingest.append_at(&ticks(given, 10), Level::Synced).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not resume");
    }
    drained(&ingest).await;
    assert_eq!(station.seconds(Table::Ticks).len() as u64, given + 10);
}

#[tokio::test]
async fn a_receipt_is_not_given_for_what_cannot_be_synced() {
    let station = Station::new();
    // The spool has to keep it all.
    station.admit(0);
    let fs = SimFs::new();
    let sinks = vec![sink("one", Arc::clone(&station) as _, TABLES)];
    let ingest = open(config(), sinks, &fs).await.unwrap();
    ingest.append_at(&ticks(0, 5), Level::Synced).await.unwrap();
    let mut given = 5;
    let error = loop {
        // The file, and the one that it is written to again; unless another file is synced just then.
        fs.fail_next(Operation::Sync, 2, std::io::ErrorKind::Other);
        let outcome = ingest.append_at(&ticks(given, 5), Level::Synced).await;
        given += 5;
        if let Err(error) = outcome {
            break error;
        }
        assert!(given < 500, "no sync fails");
    };
    assert!(matches!(error, IngestError::Disk { .. }), "{error}");
    // It is there, and is delivered; and the next sync makes good for it.
    let receipt = ingest.append_at(&ticks(given, 5), Level::Synced).await.unwrap();
    given += 5;
    receipt.applied().await.unwrap();
    drained(&ingest).await;
    assert_eq!(station.seconds(Table::Ticks), (0..given).collect::<Vec<_>>());
    for seed in 0..20 {
        let late = Station::new();
        let sinks = vec![sink("one", Arc::clone(&late) as _, TABLES)];
        let again = open(config(), sinks, &fs.power_loss(seed)).await.unwrap();
        // A store without them gets all that is held.
        let got = late.until(|late| late.seconds(Table::Ticks).len() as u64 >= given);
        tokio::time::timeout(Duration::from_secs(10), got).await.expect("all of them");
        assert_eq!(late.seconds(Table::Ticks), (0..given).collect::<Vec<_>>(), "seed {seed}");
        again.shutdown(Duration::ZERO).await.unwrap();
    }
}

#[tokio::test]
async fn records_that_break_a_rule_cost_the_others_nothing() {
    let station = Station::new();
    let sinks = vec![sink("one", Arc::clone(&station) as _, TABLES)];
    let ingest = open(config(), sinks, &SimFs::new()).await.unwrap();
    let Records::Metrics(mut bad) = metrics(0, 3) else { panic!("metrics") };
    bad[1].value = f64::NAN;
    for round in 0..50 {
        let error = ingest.append(bad.clone()).await.unwrap_err();
        let IngestError::Invalid { rows, .. } = &error else { panic!("{error}") };
        assert_eq!(rows.iter().map(|row| row.index).collect::<Vec<_>>(), [1]);
        ingest.append(metrics(100 + round, 1)).await.unwrap();
    }
    let stats = drained(&ingest).await;
    assert_eq!(station.seconds(Table::Metrics), (100..150).collect::<Vec<_>>());
    assert_eq!(stats.segments, 1);
}
