//! Records that a store does not take: exactly those become dead letters, and the order stays.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::timeout;
use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::{Class, DeadLetter, DeadLetterFilter, Ingest, IngestStats};
use tradekeep_models::TickFilter;
use tradekeep_store_traits::{Act, ErrorKind, MemoryStore, SeriesStore, Table};

use crate::disk::records_end;
use crate::support::{
    Answer, SOON, Station, TABLES, at, bad_places, config, drained, error, metrics, open, refusing,
    second, sink, ticks, with_one,
};

async fn dead(ingest: &Ingest) -> Vec<DeadLetter> {
    ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap()
}

/// Numbers of seconds of the letters, which are of ticks.
fn seconds(letters: &[DeadLetter]) -> Vec<u64> {
    let of = |letter: &DeadLetter| match letter.record.as_ref().unwrap() {
        tradekeep_store_traits::Records::Ticks(ticks) => second(ticks[0].ts()),
        other => panic!("{other:?}"),
    };
    letters.iter().map(of).collect()
}

/// So many ticks, of which each `every`th is refused.
async fn poisoned(count: u64, every: u64) {
    let is_bad = move |second: u64| second % every == every / 2;
    let station = Station::answering(refusing(is_bad));
    let ingest = with_one(&station, &SimFs::new()).await;
    for from in (0..count).step_by(500) {
        ingest.append(ticks(from, 500)).await.unwrap();
    }
    drained(&ingest).await;
    let (bad, good): (Vec<u64>, Vec<u64>) = (0..count).partition(|second| is_bad(*second));
    assert_eq!(station.seconds(Table::Ticks), good);
    let letters = dead(&ingest).await;
    assert_eq!(seconds(&letters), bad);
    assert!(letters.iter().all(|letter| letter.class == Class::Invalid));
    assert!(letters.iter().all(|letter| letter.reason == "is bad" && letter.attempts == 1));
}

#[tokio::test(start_paused = true)]
async fn one_in_ten_thousand_is_bad() {
    poisoned(20_000, 10_000).await;
}

#[tokio::test(start_paused = true)]
async fn one_in_a_hundred_is_bad() {
    poisoned(5_000, 100).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_before_the_retention_floor_is_expired() {
    let store: Arc<dyn SeriesStore> = Arc::new(MemoryStore::new());
    store.set_floor(Table::Ticks, Some(at(40))).await.unwrap();
    let sinks = vec![sink("one", Arc::clone(&store) as _, TABLES)];
    let ingest = open(config(), sinks, &SimFs::new()).await.unwrap();
    // In one batch, and of another table, which has no floor.
    ingest.append(ticks(30, 30)).await.unwrap();
    ingest.append(metrics(0, 5)).await.unwrap();
    drained(&ingest).await;
    let stored = store.ticks(TickFilter::default()).all().await.unwrap();
    let stored: Vec<u64> = stored.iter().map(|tick| second(tick.ts())).collect();
    assert_eq!(stored, (40..60).collect::<Vec<_>>());
    assert_eq!(store.partitions(Table::Metrics).await.unwrap()[0].rows, 5);
    let letters = dead(&ingest).await;
    assert_eq!(seconds(&letters), (30..40).collect::<Vec<_>>());
    assert!(letters.iter().all(|letter| letter.class == Class::Expired), "{letters:?}");
    // With the floor lowered, they can be had back.
    store.set_floor(Table::Ticks, Some(at(35))).await.unwrap();
    ingest.replay(&DeadLetterFilter::default(), false).await.unwrap();
    drained(&ingest).await;
    let open = DeadLetterFilter { open: true, ..DeadLetterFilter::default() };
    assert_eq!(seconds(&ingest.dead_letters(&open).await.unwrap()), (30..35).collect::<Vec<_>>());
    assert_eq!(store.partitions(Table::Ticks).await.unwrap()[0].rows, 25);
}

#[tokio::test(start_paused = true)]
async fn rows_without_numbers_are_found_by_halves() {
    for act in [Act::Never, Act::Split, Act::BadRows(Vec::new())] {
        let refused = error(ErrorKind::Write, act.clone());
        let station = Station::answering(move |batch| {
            if bad_places(batch, |second| second % 71 == 3).is_empty() {
                return Answer::Go;
            }
            Answer::Fail(error(refused.kind, refused.act.clone()))
        });
        let ingest = with_one(&station, &SimFs::new()).await;
        ingest.append(ticks(0, 300)).await.unwrap();
        drained(&ingest).await;
        let (bad, good): (Vec<u64>, Vec<u64>) = (0..300).partition(|second| second % 71 == 3);
        assert_eq!(station.seconds(Table::Ticks), good, "{act:?}");
        assert_eq!(seconds(&dead(&ingest).await), bad, "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_poisons_its_batch_is_suspect() {
    for bad in [0u64, 1, 150, 298, 299] {
        let station = Station::answering(move |batch| {
            if bad_places(batch, |second| second == bad).is_empty() {
                return Answer::Go;
            }
            Answer::Fail(error(ErrorKind::Write, Act::Retry { after: None }))
        });
        let ingest = with_one(&station, &SimFs::new()).await;
        ingest.append(ticks(0, 300)).await.unwrap();
        // What is of another table does not wait for it.
        ingest.append(metrics(1_000, 5)).await.unwrap();
        drained(&ingest).await;
        let good: Vec<u64> = (0..300).filter(|second| *second != bad).collect();
        assert_eq!(station.seconds(Table::Ticks), good);
        assert_eq!(station.seconds(Table::Metrics), (1_000..1_005).collect::<Vec<_>>());
        let letters = dead(&ingest).await;
        assert_eq!(seconds(&letters), [bad]);
        assert_eq!(letters[0].class, Class::Suspect);
        assert!(letters[0].attempts >= 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_writes_nothing_for_a_while_is_not_taken_for_bad_rows() {
    for failures in [1, 7, 60, 400] {
        let station = Station::new();
        let mut left = failures;
        station.answer(move |batch| {
            if left == 0 || batch.records().table() != Table::Ticks {
                return Answer::Go;
            }
            left -= 1;
            Answer::Fail(error(ErrorKind::Write, Act::Retry { after: None }))
        });
        let ingest = with_one(&station, &SimFs::new()).await;
        ingest.append(ticks(0, 200)).await.unwrap();
        drained(&ingest).await;
        // Where it is back just when what is behind them is tried, those that were passed over are
        // taken for bad: they are few, and nothing is lost.
        let open = DeadLetterFilter { open: true, ..DeadLetterFilter::default() };
        let suspects = ingest.dead_letters(&open).await.unwrap();
        assert!(suspects.len() <= 16, "{} of {failures}", suspects.len());
        let stored = station.seconds(Table::Ticks);
        assert!(stored.is_sorted());
        let mut all = [seconds(&suspects), stored].concat();
        all.sort_unstable();
        assert_eq!(all, (0..200).collect::<Vec<_>>(), "{failures} failures");
        assert_eq!(ingest.stats().dead_letters, suspects.len() as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_given_up_is_kept_before_anything_behind_it_is_sent() {
    // However the bad one is found, the process ends right after the store has what is behind it.
    for act in [Act::BadRows(Vec::new()), Act::Split, Act::Retry { after: None }] {
        let fs = SimFs::new();
        let after: Arc<Mutex<Option<SimFs>>> = Arc::default();
        let (of_script, fs_then, of_act) = (Arc::clone(&after), fs.clone(), act.clone());
        let is_bad = |second: u64| second == 20;
        let station = Station::answering(move |batch| {
            if bad_places(batch, is_bad).is_empty() {
                if !bad_places(batch, |second| second > 20).is_empty() {
                    of_script.lock().unwrap().get_or_insert_with(|| fs_then.kill());
                }
                return Answer::Go;
            }
            Answer::Fail(error(ErrorKind::Write, of_act.clone()))
        });
        let ingest = with_one(&station, &fs).await;
        ingest.append(ticks(0, 50)).await.unwrap();
        drained(&ingest).await;
        ingest.shutdown(SOON).await.unwrap();
        // As the next process finds it.
        let fs = after.lock().unwrap().take().unwrap();
        let ingest = with_one(&station, &fs).await;
        drained(&ingest).await;
        let letters = dead(&ingest).await;
        assert_eq!(seconds(&letters), [20], "{act:?}");
        let good: Vec<u64> = (0..50).filter(|second| !is_bad(*second)).collect();
        assert_eq!(station.seconds(Table::Ticks), good, "{act:?}");
        assert_eq!(ingest.stats().lanes().map(|lane| lane.dead).sum::<u64>(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_bad_in_the_spool_before_it_is_sent_is_not_waited_for() {
    let station = Station::answering(|_| Answer::Hang);
    let fs = SimFs::new();
    let ingest = with_one(&station, &fs).await;
    ingest.append(ticks(0, 5)).await.unwrap();
    station.until(|station| !station.sent_of(Table::Ticks).is_empty()).await;
    // Behind what is on its way; the last byte of a record is never zero.
    ingest.append(ticks(5, 3)).await.unwrap();
    let (path, last) = records_end(&fs);
    fs.flip_bit(&path, last as u64 * 8).unwrap();
    station.answer(|_| Answer::Go);
    // Without the patience that it is given: there is nothing to come.
    let soon = Duration::from_secs(600);
    let stats = timeout(soon, ingest.flush(SOON)).await.expect("waits for what is lost");
    let ticks_of = |stats: &IngestStats| {
        let lane = stats.lanes().find(|lane| lane.table == Table::Ticks).unwrap();
        (lane.applied, lane.pending, lane.unaccounted())
    };
    assert_eq!(ticks_of(&stats), (7, 0, 1));
    ingest.append(ticks(8, 2)).await.unwrap();
    assert_eq!(ticks_of(&ingest.flush(SOON).await), (9, 0, 1));
    assert_eq!(station.seconds(Table::Ticks), [0, 1, 2, 3, 4, 5, 6, 8, 9]);
}
