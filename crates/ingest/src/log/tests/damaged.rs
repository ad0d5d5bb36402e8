//! What is found damaged: kept beside, told once, and in nobody's way.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::{Access, DATA, Reader, Recovery, segment};
use super::{append, disk, open, open_as, rest, seqs};
use crate::fs::FileSystem;
use crate::fs::sim::{Operation, SimFs};

/// Bytes of a segment here: more than are looked at at once.
const SIZE: u64 = 192 << 10;

fn path(index: u64) -> PathBuf {
    Path::new("log").join(segment::name(index))
}

/// Two segments of three records each.
fn two(size: u64) -> SimFs {
    let fs = disk(0);
    let (log, _, _) = open_as(&fs, size, Access::Write).unwrap();
    log.allow_below(u64::MAX);
    append(&log, 1, 0, &[50; 3]).unwrap();
    log.seal();
    append(&log, 1, 3, &[50; 3]).unwrap();
    log.sync().unwrap();
    fs.kill()
}

/// What an opening finds: the numbers, and what it tells.
fn find(fs: &SimFs, access: Access) -> (Vec<u64>, Recovery) {
    let (_, found, recovery) = open_as(fs, SIZE, access).unwrap();
    (seqs(&found), recovery)
}

fn names(fs: &SimFs) -> Vec<String> {
    fs.list(Path::new("log")).unwrap()
}

#[test]
fn a_segment_whose_headers_are_gone_is_kept_beside() {
    let fs = two(SIZE);
    let name = segment::name(1);
    let mut bytes = fs.read(path(1)).unwrap();
    bytes[..1024].fill(0xff);
    fs.write(path(1), &bytes).unwrap();
    let before = names(&fs);
    let (found, recovery) = find(&fs, Access::ReadOnly);
    assert_eq!((found, recovery.damaged), (vec![4, 5, 6], vec![name.clone()]));
    assert_eq!(names(&fs), before, "who looks touches nothing");
    let (found, recovery) = find(&fs, Access::Write);
    let aside = format!("{name}.damaged");
    assert_eq!((found, recovery.damaged), (vec![4, 5, 6], vec![aside.clone()]));
    assert_eq!(names(&fs), [aside.clone(), segment::name(2)]);
    assert_eq!(fs.read(Path::new("log").join(&aside)).unwrap(), bytes);
    // Told once; its name is not used again.
    let (log, found, recovery) = open_as(&fs, SIZE, Access::Write).unwrap();
    assert_eq!((seqs(&found), recovery.damaged), (vec![4, 5, 6], vec![]));
    assert_eq!(log.damaged().unwrap(), [aside]);
    log.allow_below(u64::MAX);
    append(&log, 1, 6, &[50]).unwrap();
    assert!(fs.read(path(3)).is_ok());
}

#[test]
fn what_says_nothing_up_front_and_something_later_is_not_thrown_away() {
    for at in [0, DATA, (64 << 10) - 1, 64 << 10, (128 << 10) + 5, SIZE - 1] {
        let fs = two(SIZE);
        let mut bytes = vec![0; usize::try_from(SIZE).unwrap()];
        bytes[usize::try_from(at).unwrap()] = 1;
        fs.write(path(1), &bytes).unwrap();
        let (found, recovery) = find(&fs, Access::Write);
        assert_eq!((found.len(), recovery.damaged.len()), (3, 1), "a byte at {at}");
    }
    // One that nothing was written to was made before it was needed; whatever its length.
    for length in [0, 1, 64 << 10, 128 << 10, SIZE - 1, SIZE] {
        let fs = two(SIZE);
        fs.write(path(1), vec![0; usize::try_from(length).unwrap()]).unwrap();
        assert_eq!(find(&fs, Access::ReadOnly), find(&fs, Access::ReadOnly));
        assert!(fs.read(path(1)).is_ok(), "who looks touches nothing");
        let (found, recovery) = find(&fs, Access::Write);
        assert_eq!((found.len(), recovery.damaged.len()), (3, 0), "{length} zeros");
        assert_eq!(names(&fs), [segment::name(2)], "{length} zeros");
    }
}

#[test]
fn a_segment_of_another_log_or_place_is_none_of_ours() {
    let fs = two(SIZE);
    // It has the header of the second.
    fs.write(path(7), fs.read(path(2)).unwrap()).unwrap();
    // And one that another log made as its first.
    let other = disk(0);
    let config = super::LogConfig { name: "other".into(), ..super::config(SIZE) };
    let other_fs: Arc<dyn FileSystem> = Arc::new(other.clone());
    let (log, _) = super::Log::open(other_fs, config, Access::Write, &mut |_| {}).unwrap();
    log.allow_below(u64::MAX);
    append(&log, 1, 0, &[50; 9]).unwrap();
    fs.write(path(1), other.read(path(1)).unwrap()).unwrap();
    let (found, recovery) = find(&fs, Access::Write);
    assert_eq!(found, [4, 5, 6]);
    assert_eq!(recovery.damaged, [1, 7].map(|index| segment::name(index) + ".damaged"));
}

#[test]
fn damage_is_told_once_and_one_that_cannot_be_kept_each_time() {
    let fs = two(SIZE);
    fs.flip_bit(path(1), (DATA + 40) * 8).unwrap();
    let copy = fs.kill();
    for round in 0..3 {
        let (found, recovery) = find(&fs, Access::Write);
        assert_eq!(found, [2, 3, 4, 5, 6]);
        assert_eq!(recovery.damaged.len(), usize::from(round == 0), "round {round}");
    }
    for _ in 0..2 {
        copy.fail_next(Operation::Create, 1, ErrorKind::StorageFull);
        let (found, recovery) = find(&copy, Access::Write);
        assert_eq!((found.len(), recovery.damaged.len()), (5, 1));
        assert_eq!(names(&copy).len(), 2, "there was no room");
    }
}

#[test]
fn a_disk_that_cannot_be_read_is_no_empty_log() {
    for operation in [Operation::List, Operation::Open, Operation::ReadAt, Operation::Len] {
        for access in [Access::ReadOnly, Access::Write] {
            let fs = two(SIZE);
            fs.fail_next(operation, 1, ErrorKind::Other);
            open_as(&fs, SIZE, access).unwrap_err();
            assert_eq!(names(&fs).len(), 2, "{operation:?}");
            assert_eq!(find(&fs, access).0, [1, 2, 3, 4, 5, 6], "{operation:?}");
        }
    }
}

#[test]
fn the_name_is_that_of_the_first_segment_that_says_one() {
    let name = |fs: &SimFs| super::Log::name_in(fs, Path::new("log")).unwrap();
    assert_eq!(name(&disk(0)), None);
    let fs = two(SIZE);
    assert_eq!(name(&fs).as_deref(), Some("test"));
    fs.write(path(0), [0; 2_000]).unwrap();
    fs.write("log/lock", fs.read(path(1)).unwrap()).unwrap();
    assert_eq!(name(&fs).as_deref(), Some("test"));
    fs.remove(&path(1)).unwrap();
    fs.remove(&path(2)).unwrap();
    assert_eq!(name(&fs), None);
}

#[test]
fn numbers_end_at_the_bound() {
    let fs = disk(0);
    let (log, _, _) = open_as(&fs, SIZE, Access::Write).unwrap();
    log.allow_below(5);
    append(&log, 1, 0, &[50; 4]).unwrap();
    assert!(matches!(append(&log, 1, 4, &[50]), Err(super::AppendError::Exhausted)));
    assert_eq!(log.end().next_seq, 5, "none was used up");
    log.allow_below(6);
    append(&log, 1, 4, &[50]).unwrap();
    let (log, found) = open(&fs.kill());
    assert_eq!(seqs(&found), [1, 2, 3, 4, 5]);
    assert_eq!(rest(&mut Reader::new(log, 2, None)).unwrap().len(), 3);
}

#[test]
fn the_end_of_an_earlier_segment_is_damage_and_not_the_end_of_an_append() {
    let fs = two(SIZE);
    let bytes = fs.read(path(1)).unwrap();
    // In the last of its three records.
    let place = bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64;
    fs.flip_bit(path(1), place * 8).unwrap();
    let (found, recovery) = find(&fs, Access::Write);
    assert_eq!((found, recovery.torn), (vec![1, 2, 4, 5, 6], 0));
    let [aside] = &recovery.damaged[..] else { panic!("{recovery:?}") };
    assert!(aside.starts_with(&segment::name(1)) && aside.ends_with(".damaged"), "{aside}");
}

#[test]
fn a_file_with_the_last_name_of_all_is_told_and_nothing_breaks() {
    let fs = disk(0);
    fs.write(path(u64::MAX), b"not a segment").unwrap();
    let (log, found, _) = open_as(&fs, SIZE, Access::Write).unwrap();
    log.allow_below(u64::MAX);
    assert_eq!(seqs(&found), Vec::<u64>::new());
    assert!(log.prepare(u64::MAX).unwrap_err().to_string().contains("move it away"));
    assert!(append(&log, 1, 0, &[50]).is_err());
}
