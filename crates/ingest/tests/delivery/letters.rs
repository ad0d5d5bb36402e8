//! Dead letters: replayed once, whatever ends the process meanwhile.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use tradekeep_ingest::fs::FileSystem;
use tradekeep_ingest::fs::sim::{Operation, SimFs};
use tradekeep_ingest::{Class, DeadLetterFilter, DeadState, Ingest, Replayed};
use tradekeep_store_traits::Table;

use crate::disk::records_end;
use crate::support::{
    Answer, SOON, Station, TABLES, config, drained, open, refusing, sink, ticks, with_one,
};

/// A way in with ten dead letters of ticks, of the seconds 0, 10 … 90, and a store that takes them
/// from now on.
async fn with_ten(fs: &SimFs) -> (Ingest, Arc<Station>) {
    let station = Station::answering(refusing(|second| second % 10 == 0));
    let ingest = with_one(&station, fs).await;
    ingest.append(ticks(0, 100)).await.unwrap();
    drained(&ingest).await;
    assert_eq!(ingest.stats().dead_letters, 10);
    station.answer(|_| Answer::Go);
    (ingest, station)
}

async fn states(ingest: &Ingest) -> (usize, usize) {
    let letters = ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap();
    let open = letters.iter().filter(|letter| letter.state == DeadState::Open).count();
    (open, letters.len() - open)
}

/// The store has all that there was, each once: no identity had to help.
fn whole(station: &Station, about: &str) {
    let mut seconds = station.seconds(Table::Ticks);
    seconds.sort_unstable();
    assert_eq!(seconds, (0..100).collect::<Vec<_>>(), "{about}");
}

fn told(replayed: u64, already: u64, unreadable: u64) -> Replayed {
    let mut told = Replayed::default();
    (told.replayed, told.already, told.unreadable) = (replayed, already, unreadable);
    told
}

#[tokio::test(start_paused = true)]
async fn replayed_three_times_they_are_there_once() {
    let (ingest, station) = with_ten(&SimFs::new()).await;
    let dry = ingest.replay(&DeadLetterFilter::default(), true).await.unwrap();
    assert_eq!(dry, told(10, 0, 0));
    assert_eq!(states(&ingest).await, (10, 0));
    for round in 0..3 {
        let (replayed, already) = if round == 0 { (10, 0) } else { (0, 10) };
        let done = ingest.replay(&DeadLetterFilter::default(), false).await.unwrap();
        assert_eq!(done, told(replayed, already, 0));
        drained(&ingest).await;
        whole(&station, "replayed");
    }
    assert_eq!(states(&ingest).await, (0, 10));
    assert_eq!(ingest.purge_resolved().await.unwrap(), 10);
    assert_eq!(states(&ingest).await, (0, 0));
    assert_eq!(
        ingest.replay(&DeadLetterFilter::default(), false).await.unwrap(),
        Replayed::default()
    );
}

#[tokio::test(start_paused = true)]
async fn only_those_that_are_wanted() {
    let (ingest, station) = with_ten(&SimFs::new()).await;
    let done = ingest.replay(&DeadLetterFilter::ids(1..=4), false).await.unwrap();
    assert_eq!(done.replayed, 4);
    drained(&ingest).await;
    assert_eq!(station.rows_of(Table::Ticks).len(), 94);
    assert_eq!(states(&ingest).await, (6, 4));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_again_is_a_new_letter() {
    let (ingest, station) = with_ten(&SimFs::new()).await;
    station.answer(refusing(|second| second == 50));
    ingest.replay(&DeadLetterFilter::default(), false).await.unwrap();
    drained(&ingest).await;
    assert_eq!(states(&ingest).await, (1, 10));
    station.answer(|_| Answer::Go);
    ingest.replay(&DeadLetterFilter::default(), false).await.unwrap();
    drained(&ingest).await;
    whole(&station, "in the end");
}

#[tokio::test(start_paused = true)]
async fn many_that_die_again_do_not_go_round() {
    let station = Station::answering(refusing(|_| true));
    let ingest = with_one(&station, &SimFs::new()).await;
    ingest.append(ticks(0, 3_000)).await.unwrap();
    drained(&ingest).await;
    let done = ingest.replay(&DeadLetterFilter::default(), false).await.unwrap();
    assert_eq!(done.replayed, 3_000);
    drained(&ingest).await;
    assert_eq!(states(&ingest).await, (3_000, 3_000));
}

/// Runs a replay whose n-th operation fails, or ends it; `then` is how the next process finds it.
async fn cut_short(crash: bool, then: impl Fn(&SimFs, u64) -> SimFs) {
    let mut steps = 0;
    loop {
        let fs = SimFs::with_seed(steps);
        let (ingest, station) = with_ten(&fs).await;
        // Everything else is done, and nobody syncs or saves meanwhile.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let before = fs.operations();
        if crash {
            fs.crash_at(before + steps);
        } else {
            fs.fail_at(before + steps, ErrorKind::Other);
        }
        let outcome = ingest.replay(&DeadLetterFilter::default(), false).await;
        let about = format!("step {steps}, {outcome:?}");
        let done = fs.operations() - before;
        if !crash {
            // The process goes on: another try is right.
            ingest.replay(&DeadLetterFilter::default(), false).await.unwrap();
            drained(&ingest).await;
            whole(&station, &about);
            assert_eq!(states(&ingest).await, (0, 10), "{about}");
        }
        let fs = then(&fs, steps);
        let _ = ingest.shutdown(Duration::ZERO).await;
        drop(ingest);
        let ingest = with_one(&station, &fs).await;
        ingest.replay(&DeadLetterFilter::default(), false).await.unwrap();
        drained(&ingest).await;
        whole(&station, &about);
        assert_eq!(states(&ingest).await, (0, 10), "{about}");
        if done < steps {
            assert!(steps > 6, "{steps} steps");
            return;
        }
        steps += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn killed_between_the_steps_of_a_replay_each_is_there_once() {
    cut_short(true, |fs, _| fs.kill()).await;
}

#[tokio::test(start_paused = true)]
async fn a_loss_of_power_between_the_steps_of_a_replay() {
    for seed in 0..3 {
        cut_short(true, move |fs, step| fs.power_loss(step * 31 + seed)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_fails_at_a_step_of_a_replay() {
    cut_short(false, |fs, _| fs.kill()).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_a_dead_letter() {
    let station = Station::answering(|_| Answer::Hang);
    let fs = SimFs::new();
    let ingest = with_one(&station, &fs).await;
    ingest.append(ticks(0, 5)).await.unwrap();
    ingest.shutdown(Duration::ZERO).await.unwrap();
    drop(ingest);
    // As a later version would have written the third: whole, and of a layout that nobody here knows.
    let (path, _) = records_end(&fs);
    let bytes = with_version(fs.read(&path).unwrap(), 2, 999);
    fs.write(&path, bytes).unwrap();
    station.answer(|_| Answer::Go);
    let ingest = with_one(&station, &fs).await;
    drained(&ingest).await;
    assert_eq!(station.seconds(Table::Ticks), [0, 1, 3, 4]);
    let letters = ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].class, &letters[0].record), (Class::Undecodable, &None));
    assert!(letters[0].reason.contains("version 999"), "{}", letters[0].reason);
    let done = ingest.replay(&DeadLetterFilter::default(), false).await.unwrap();
    assert_eq!(done, told(0, 0, 1));
}

/// A segment whose record at `place` claims another version of its layout, checksums and all.
fn with_version(mut bytes: Vec<u8>, place: usize, version: u16) -> Vec<u8> {
    let salt: [u8; 8] = bytes[20..28].try_into().unwrap();
    let length = |bytes: &[u8], at: usize| {
        28 + u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    };
    let at = (0..place).fold(1024, |at, _| at + length(&bytes, at));
    let end = at + length(&bytes, at);
    bytes[at + 26..at + 28].copy_from_slice(&version.to_le_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&salt), &bytes[at..at + 4]);
    let sum = crc32c::crc32c_append(sum, &bytes[at + 8..end]);
    bytes[at + 4..at + 8].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[tokio::test(start_paused = true)]
async fn letters_that_cannot_be_kept_hold_up_delivery_and_lose_nothing() {
    let station = Station::answering(refusing(|second| second == 3));
    let fs = SimFs::new();
    let ingest = with_one(&station, &fs).await;
    // The journal's first segment.
    fs.fail_next(Operation::Create, 3, ErrorKind::StorageFull);
    ingest.append(ticks(0, 10)).await.unwrap();
    drained(&ingest).await;
    assert_eq!(ingest.stats().dead_letters, 1);
    assert_eq!(station.rows_of(Table::Ticks).len(), 9);
    ingest.shutdown(SOON).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_fails_at_the_end_lets_go_of_the_spool() {
    let fs = SimFs::new();
    let (ingest, station) = with_ten(&fs).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    // Cut short after it was noted that they are on their way.
    fs.crash_at(fs.operations() + 3);
    ingest.replay(&DeadLetterFilter::default(), false).await.unwrap_err();
    let copy = fs.kill();
    drop(ingest);
    let mut failures = 0;
    for step in 0..40 {
        let fs = copy.kill();
        fs.fail_at(step, ErrorKind::Other);
        let sinks = || vec![sink("one", Arc::clone(&station) as _, TABLES)];
        match open(config(), sinks(), &fs).await {
            Ok(ingest) => {
                let _ = ingest.shutdown(Duration::ZERO).await;
            }
            Err(error) => {
                failures += 1;
                assert!(matches!(error, tradekeep_ingest::IngestError::Disk { .. }), "{error}");
                // What works in the background for a moment may still hold it then.
                let mut lock = fs.lock(std::path::Path::new("data/spool/lock"));
                for _ in 0..100 {
                    if lock.is_ok() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    lock = fs.lock(std::path::Path::new("data/spool/lock"));
                }
                lock.unwrap_or_else(|error| panic!("step {step}: still held: {error}"));
            }
        }
    }
    assert!(failures > 5, "{failures} failures");
}
