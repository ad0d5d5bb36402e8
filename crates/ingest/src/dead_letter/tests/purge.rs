//! Letters that come while others go.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use std::sync::Arc;

use crate::dead_letter::{Class, DeadLetters, RejectedRecord};
use crate::fs::{FileSystem, RealFs};
use crate::log::Access;

fn rejected_record(seq: u64) -> RejectedRecord {
    RejectedRecord {
        seq,
        accepted: 1,
        class: Class::Conflict,
        reason: "no".into(),
        attempts: 1,
        kind: 1,
        version: 1,
        payload: vec![1; 40],
    }
}

#[test]
fn a_letter_that_comes_while_others_are_purged_stays() {
    let folder = tempfile::tempdir().unwrap();
    let fs: Arc<dyn FileSystem> = Arc::new(RealFs);
    let open = |access| DeadLetters::open(&fs, folder.path(), access).unwrap();
    let letters = open(Access::Write);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for seq in 1..=400 {
                letters.add("sink", "name", 1, &[rejected_record(seq)]).unwrap();
            }
            ended.store(true, Ordering::SeqCst);
        });
        // One of each ten is replayed, and removed.
        let mut replayed = 0;
        while !ended.load(Ordering::SeqCst) {
            let next = replayed + 10;
            if letters.has("sink", next) {
                letters.replaying(&[next], 1_000 + next, 1).unwrap();
                letters.resolved(&[next], 1).unwrap();
                replayed = next;
                letters.purge(1, 1, |_, _, _| true).unwrap();
            }
        }
    });
    let (open_now, _) = letters.count();
    drop(letters);
    let again = open(Access::ReadOnly);
    assert_eq!(again.count().0, open_now);
    let mut told = 0;
    again
        .read(|_| {
            told += 1;
            true
        })
        .unwrap();
    assert!(open_now >= 300 && told >= open_now, "{told} of {open_now} are there");
}
