//! Syncs that fail: what is said to be safe is, and nothing is read twice or lost.

use std::io::ErrorKind;
use std::sync::Arc;

use super::super::Reader;
use super::{append, disk, open, rest, seqs};
use crate::fs::sim::Operation;

fn fail(fs: &crate::fs::sim::SimFs, operation: Operation, times: u32) {
    fs.fail_next(operation, times, ErrorKind::Other);
}

#[test]
fn a_failed_sync_is_made_good_in_another_segment() {
    for seed in 0..50 {
        let fs = disk(seed);
        let (log, _) = open(&fs);
        append(&log, 1, 0, &[40; 3]).unwrap();
        log.sync().unwrap();
        append(&log, 1, 3, &[40; 60]).unwrap();
        fail(&fs, Operation::Sync, 1);
        assert_eq!(log.sync().unwrap(), 63);
        append(&log, 2, 63, &[40; 2]).unwrap();
        assert_eq!(log.sync().unwrap(), 65);
        let (after, found) = open(&fs.power_loss(seed));
        assert_eq!(seqs(&found), (1..=65).collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(after.end().counts[1..3], [63, 2]);
    }
}

#[test]
fn no_file_whose_sync_failed_is_asked_again() {
    for seed in 0..50 {
        let fs = disk(seed);
        let (log, _) = open(&fs);
        append(&log, 1, 0, &[40; 5]).unwrap();
        // The one it is in, and the one it is written to again.
        fail(&fs, Operation::Sync, 2);
        log.sync().unwrap_err();
        // Now the disk says yes to everything: to the first file too, which means nothing.
        assert_eq!(log.sync().unwrap(), 5);
        let (_, found) = open(&fs.power_loss(seed));
        assert_eq!(seqs(&found), (1..=5).collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn what_is_written_after_a_sync_that_could_not_be_made_good_stays() {
    for failing in [Operation::Create, Operation::WriteAt, Operation::Sync, Operation::SyncDir] {
        for times in 1..8 {
            for left_behind in [false, true] {
                let fs = disk(u64::from(times));
                let (log, _) = open(&fs);
                append(&log, 1, 0, &[200; 30]).unwrap();
                log.sync().unwrap();
                append(&log, 1, 30, &[200; 30]).unwrap();
                fail(&fs, Operation::Sync, 1);
                // Some of the copies are made, or all, and what is to be taken back stays.
                let skip = fs.operations() + u64::from(times);
                for number in skip..skip + 4 {
                    fs.fail_at(number, ErrorKind::Other);
                }
                fail(&fs, failing, times);
                if left_behind {
                    fail(&fs, Operation::Remove, 9);
                }
                let outcome = log.sync();
                let fs_then = fs.kill();
                let (_, found) = open(&fs_then);
                let about = format!("{failing:?} {times} {left_behind} {outcome:?}");
                assert_eq!(seqs(&found), (1..=60).collect::<Vec<_>>(), "{about}");
                // It goes on, whatever was left behind.
                let mut added = 0;
                while added < 3 {
                    added += u64::from(append(&log, 1, 60, &[200]).is_ok());
                }
                let expected = seqs(&rest(&mut Reader::new(Arc::clone(&log), 0, None)).unwrap());
                assert_eq!(expected.len(), 63, "{about}");
                let (_, found) = open(&fs.kill());
                assert_eq!(seqs(&found), expected, "{about}");
                while log.sync().is_err() {}
                let (_, found) = open(&fs.power_loss(u64::from(times)));
                assert_eq!(seqs(&found), expected, "{about}");
            }
        }
    }
}

#[test]
fn whatever_step_of_making_it_good_the_process_ends_at() {
    let mut step = 0;
    loop {
        let fs = disk(step);
        let (log, _) = open(&fs);
        append(&log, 1, 0, &[200; 5]).unwrap();
        log.sync().unwrap();
        // The copies fill several segments, which stand for all of the old ones or for none.
        append(&log, 1, 5, &[200; 40]).unwrap();
        fail(&fs, Operation::Sync, 1);
        fs.crash_at(fs.operations() + step);
        let outcome = log.sync();
        let (after, found) = open(&fs.kill());
        assert_eq!(seqs(&found), (1..=45).collect::<Vec<_>>(), "step {step}");
        assert_eq!(after.end().counts[1], 45, "step {step}");
        let must = if outcome.is_ok() { 45 } else { 5 };
        for seed in 0..10 {
            let (_, found) = open(&fs.power_loss(seed));
            let kept = seqs(&found).into_iter().take_while(|seq| *seq <= must).count() as u64;
            assert_eq!(kept, must, "step {step}, seed {seed}");
        }
        if outcome.is_ok() {
            assert!(step > 12, "{step} steps");
            return;
        }
        step += 1;
    }
}
