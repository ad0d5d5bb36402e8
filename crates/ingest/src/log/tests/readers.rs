//! Readers beside who appends.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::super::{DATA, Reader};
use super::{append, disk, open, rest, seqs};
use crate::fs::sim::Operation;

#[test]
fn a_read_that_failed_passes_nothing() {
    let fs = disk(0);
    let (log, _) = open(&fs);
    append(&log, 1, 0, &[50; 100]).unwrap();
    let mut reader = Reader::new(Arc::clone(&log), 0, Some(1));
    for _ in 0..3 {
        fs.fail_next(Operation::ReadAt, 1, ErrorKind::Other);
        assert!(rest(&mut reader).is_err());
    }
    assert_eq!(seqs(&rest(&mut reader).unwrap()), (1..=100).collect::<Vec<_>>());
}

#[test]
fn what_went_bad_at_the_end_is_passed_and_keeps_nobody_busy() {
    let fs = disk(0);
    let (log, _) = open(&fs);
    append(&log, 1, 0, &[50; 3]).unwrap();
    let third = DATA + 2 * (28 + 50);
    fs.flip_bit(&fs.paths()[0], (third + 40) * 8).unwrap();
    let mut reader = Reader::new(Arc::clone(&log), 0, None);
    assert_eq!(seqs(&rest(&mut reader).unwrap()), [1, 2]);
    append(&log, 1, 3, &[50; 2]).unwrap();
    assert_eq!(seqs(&rest(&mut reader).unwrap()), [4, 5]);
    // In a segment that grows no more it is the same.
    let mut reader = Reader::new(Arc::clone(&log), 0, None);
    log.seal();
    append(&log, 1, 5, &[50]).unwrap();
    assert_eq!(seqs(&rest(&mut reader).unwrap()), [1, 2, 4, 5, 6]);
}

#[test]
fn every_record_is_read_once_while_others_append_sync_fail_and_trim() {
    let fs = disk(3);
    let (log, _) = open(&fs);
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = [None, Some(1), Some(2)]
        .into_iter()
        .map(|kind| {
            let (log, over) = (Arc::clone(&log), Arc::clone(&over));
            thread::spawn(move || {
                let mut reader = Reader::new(log, 0, kind);
                let mut found = Vec::new();
                loop {
                    // In this order: what comes after the look is read by the last round.
                    let last = over.load(Ordering::SeqCst);
                    found.extend(rest(&mut reader).unwrap());
                    if last {
                        return found;
                    }
                    thread::yield_now();
                }
            })
        })
        .collect();
    let syncing = {
        let (log, over, fs) = (Arc::clone(&log), Arc::clone(&over), fs.clone());
        thread::spawn(move || {
            let mut round = 0u64;
            while !over.load(Ordering::SeqCst) {
                round += 1;
                if round.is_multiple_of(3) {
                    fs.fail_next(Operation::Sync, 1, ErrorKind::Other);
                }
                // Where it fails, the next one is for the same.
                let _ = log.sync();
                log.prepare(u64::MAX).unwrap();
            }
        })
    };
    let mut kinds = Vec::new();
    for round in 0..400u64 {
        let kind = u16::try_from(1 + round % 3 % 2).unwrap();
        let first = append(&log, kind, round * 5, &[70; 5]).unwrap();
        kinds.extend((first..first + 5).map(|seq| (seq, kind)));
    }
    over.store(true, Ordering::SeqCst);
    syncing.join().unwrap();
    for (reader, kind) in readers.into_iter().zip([None, Some(1), Some(2)]) {
        let found = reader.join().unwrap();
        let expected = kinds.iter().filter(|(_, of)| kind.is_none_or(|kind| kind == *of));
        assert_eq!(seqs(&found), expected.map(|(seq, _)| *seq).collect::<Vec<_>>(), "{kind:?}");
    }
}

#[test]
fn a_reader_outlives_the_segment_that_it_reads() {
    let fs = disk(0);
    let (log, _) = open(&fs);
    append(&log, 1, 0, &[50; 200]).unwrap();
    let mut reader = Reader::new(Arc::clone(&log), 0, None);
    assert_eq!(reader.next().unwrap().unwrap().head.seq, 1);
    assert!(log.trim(|_| true).unwrap() > 0);
    let rest = seqs(&rest(&mut reader).unwrap());
    assert!(rest.is_sorted() && rest.first() == Some(&2) && rest.last() == Some(&200));
}
