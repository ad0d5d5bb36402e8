//! Tests of what looks at a log beside whoever appends to it.

use std::path::Path;
use std::sync::Arc;

use super::check::check;
use super::stale::Stale;
use super::{Access, DATA, Entries, Follower, Log, LogConfig, Reader, segment};
use crate::fs::{FileExt, FileSystem, RealFs};

/// Bytes of a record here.
const RECORD: u64 = 28 + 100;

fn log(folder: &Path) -> Log {
    let fs: Arc<dyn FileSystem> = Arc::new(RealFs);
    let config = LogConfig { folder: folder.to_owned(), name: "n".into(), segment_bytes: 1 << 14 };
    let (log, _) = Log::open(fs, config, Access::Write, &mut |_| {}).unwrap();
    log.allow_below(u64::MAX);
    log
}

fn append(log: &Log, count: usize) -> u64 {
    let payload = |_: usize, out: &mut Vec<u8>| {
        out.extend([7; 100]);
        true
    };
    log.append(&Entries { time: 1, kind: 1, version: 1, count, payload }, |_| Ok(())).unwrap()
}

fn follower(fs: impl FileSystem + 'static, folder: &Path) -> Follower {
    Follower::new(Arc::new(fs), folder.to_owned(), Some("n".into()), 0)
}

fn told(follower: &mut Follower) -> Vec<u64> {
    let mut seqs = Vec::new();
    while let Some(frame) = follower.next().unwrap() {
        seqs.push(frame.head.seq);
    }
    seqs
}

#[test]
fn half_an_append_is_not_there_yet() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    append(&log, 3);
    let mut follower = follower(RealFs, folder.path());
    assert_eq!(told(&mut follower), [1, 2, 3]);
    append(&log, 1);
    let file = RealFs.open(&folder.path().join(segment::name(1))).unwrap();
    let (at, mut bytes) = (DATA + 3 * RECORD, vec![0; 128]);
    file.read_up_to(&mut bytes, at).unwrap();
    for written in 0..bytes.len() {
        let half: Vec<_> = bytes[..written].iter().copied().chain(vec![0; 128 - written]).collect();
        file.write_all_at(&half, at).unwrap();
        assert_eq!(told(&mut follower), [0; 0], "{written} bytes");
    }
    file.write_all_at(&bytes, at).unwrap();
    assert_eq!(told(&mut follower), [4]);
    // The same before there is a segment at all.
    log.seal();
    assert_eq!(told(&mut follower), [0; 0]);
    append(&log, 2);
    assert_eq!(told(&mut follower), [5, 6]);
}

#[test]
fn an_append_over_two_segments_is_seen_whole() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    append(&log, 100);
    let first = log.segment_from(0).unwrap();
    let end = first.end();
    std::thread::scope(|scope| {
        // While a reader looks for the next segment, this append cannot make it known.
        let reader = log.segments.read().unwrap();
        let appending = scope.spawn(|| append(&log, 100));
        let second = folder.path().join(segment::name(2));
        let is_written = || {
            let mut bytes = [0; 64];
            let read = RealFs.open(&second).and_then(|file| file.read_up_to(&mut bytes, DATA));
            read.is_ok() && bytes != [0; 64]
        };
        while !is_written() {
            std::thread::yield_now();
        }
        for _ in 0..10_000 {
            assert_eq!(first.end(), end, "its half would be seen");
            std::thread::yield_now();
        }
        drop(reader);
        assert_eq!(appending.join().unwrap(), 101);
    });
    assert!(first.end() > end, "it begins in the first");
    let mut reader = Reader::new(Arc::new(log), 0, Some(1));
    assert_eq!(std::iter::from_fn(|| reader.next().unwrap().map(drop)).count(), 200);
}

#[test]
fn a_hole_that_was_there_for_a_moment_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    append(&log, 9);
    for reads in 0..3 {
        let hole = DATA + 3 * RECORD..DATA + 5 * RECORD;
        let checked =
            check(&Stale::new(hole.clone(), reads), folder.path(), Some("n"), &mut |_| {}).unwrap();
        assert_eq!(checked.records, if reads < 2 { 9 } else { 7 }, "{reads} reads");
        assert_eq!(checked.damaged.len(), usize::from(reads >= 2), "twice is for good");
    }
    // Two reads of any size come before the one that sees what is behind.
    for reads in 0..=3 {
        let hole = DATA + 3 * RECORD..DATA + 5 * RECORD;
        let mut follower = follower(Stale::new(hole, reads), folder.path());
        assert_eq!(told(&mut follower), (1..=9).collect::<Vec<_>>(), "{reads} reads");
    }
}

#[test]
fn a_header_that_is_being_written_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    append(&log, 2);
    log.seal();
    append(&log, 2);
    let stale = Stale::new(0..1_000, 1);
    let checked = check(&stale, folder.path(), Some("n"), &mut |_| {}).unwrap();
    assert_eq!((checked.records, checked.damaged), (4, vec![]));
}

#[test]
fn a_header_that_stays_broken_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    append(&log, 2);
    log.seal();
    append(&log, 2);
    let path = folder.path().join(segment::name(1));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..1024].fill(0xff);
    std::fs::write(&path, &bytes).unwrap();
    let checked = check(&RealFs, folder.path(), Some("n"), &mut |_| {}).unwrap();
    assert_eq!((checked.segments, checked.blank, checked.records), (2, 0, 2));
    assert_eq!(checked.damaged, [(segment::name(1), 0..bytes.len() as u64)]);
    assert_eq!(told(&mut follower(RealFs, folder.path())), [3, 4]);
}

#[test]
fn what_is_void_is_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    append(&log, 2);
    // An append that failed, and could not be taken back.
    let path = folder.path().join(segment::name(1));
    let before = std::fs::read(&path).unwrap();
    append(&log, 3);
    let failed = std::fs::read(&path).unwrap();
    std::fs::write(&path, before).unwrap();
    drop(log);
    let log = self::log(folder.path());
    append(&log, 2);
    std::fs::write(&path, failed).unwrap();
    assert_eq!(told(&mut follower(RealFs, folder.path())), [1, 2, 3, 4]);
    let checked = check(&RealFs, folder.path(), Some("n"), &mut |_| {}).unwrap();
    assert_eq!((checked.records, checked.void), (4, 3));
    // Another log's are not ours.
    let checked = check(&RealFs, folder.path(), Some("other"), &mut |_| {}).unwrap();
    assert_eq!((checked.records, checked.damaged.len()), (0, 2));
}
