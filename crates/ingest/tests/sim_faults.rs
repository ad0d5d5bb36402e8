//! The simulated file system: operations that fail, a full disk, a kill, damage.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use tradekeep_ingest::fs::sim::{Operation, SimFs};
use tradekeep_ingest::fs::{File, FileSystem};

fn path(name: &str) -> &Path {
    Path::new(name)
}

fn kind<T>(answer: std::io::Result<T>) -> ErrorKind {
    answer.err().expect("an error").kind()
}

fn file_with(fs: &SimFs, name: &str, bytes: &[u8]) -> Arc<dyn File> {
    let file = fs.create(path(name), 0).unwrap();
    assert_eq!(file.write_at(bytes, 0).unwrap(), bytes.len());
    file
}

/// One call of everything that has a number, in the order of the numbers.
fn everything(fs: &SimFs) -> Vec<std::io::Result<()>> {
    let file = fs.open(path("file")).unwrap();
    vec![
        fs.create_dir_all(path("folder")),
        fs.create(path("folder/a"), 0).map(drop),
        file.write_at(b"1", 0).map(drop),
        file.sync(),
        file.set_len(9),
        fs.rename(path("file"), path("b")),
        fs.remove(path("b")),
        fs.sync_dir(path("")),
        fs.lock(path("lock")).map(drop),
    ]
}

#[test]
fn changes_are_counted_and_looks_are_not() {
    let fs = SimFs::new();
    fs.write("file", "text").unwrap();
    assert_eq!(fs.operations(), 0);
    for answer in everything(&fs) {
        answer.unwrap();
    }
    assert_eq!(fs.operations(), 9);
    fs.list(path("folder")).unwrap();
    let file = fs.open(path("folder/a")).unwrap();
    file.len().unwrap();
    file.read_at(&mut [0], 0).unwrap();
    assert_eq!(fs.operations(), 9);
    // One that fails is counted too, by whichever clone.
    assert_eq!(kind(fs.clone().remove(path("no"))), ErrorKind::NotFound);
    assert_eq!(fs.operations(), 10);
}

#[test]
fn the_operation_of_a_number_fails_and_no_other() {
    for failing in 0..9 {
        let fs = SimFs::new();
        fs.write("file", "text").unwrap();
        fs.fail_at(failing, ErrorKind::TimedOut);
        let answers = everything(&fs);
        let failing = usize::try_from(failing).unwrap();
        assert_eq!(answers[failing].as_ref().unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(answers[..failing].iter().all(Result::is_ok));
    }
}

#[test]
fn what_failed_was_not_done() {
    let fs = SimFs::new();
    fs.write("file", "text").unwrap();
    let file = fs.open(path("file")).unwrap();
    for number in 0..5 {
        fs.fail_at(number, ErrorKind::StorageFull);
    }
    assert_eq!(kind(fs.create(path("a"), 4)), ErrorKind::StorageFull);
    assert_eq!(kind(fs.rename(path("file"), path("b"))), ErrorKind::StorageFull);
    assert_eq!(kind(fs.remove(path("file"))), ErrorKind::StorageFull);
    assert_eq!(kind(file.set_len(0)), ErrorKind::StorageFull);
    assert_eq!(kind(fs.lock(path("lock"))), ErrorKind::StorageFull);
    assert_eq!(fs.paths(), [path("file")]);
    assert_eq!(fs.read("file").unwrap(), b"text");
    let _lock = fs.lock(path("lock")).unwrap();
}

#[test]
fn the_next_calls_of_a_kind_fail() {
    let fs = SimFs::new();
    let file = file_with(&fs, "a", b"text");
    fs.fail_next(Operation::Sync, 2, ErrorKind::Other);
    fs.fail_next(Operation::Sync, 1, ErrorKind::TimedOut);
    fs.fail_next(Operation::ReadAt, 1, ErrorKind::Interrupted);
    assert_eq!(file.len().unwrap(), 4);
    assert_eq!(kind(file.sync()), ErrorKind::Other);
    assert_eq!(kind(file.read_at(&mut [0; 4], 0)), ErrorKind::Interrupted);
    assert_eq!(kind(file.sync()), ErrorKind::Other);
    assert_eq!(kind(file.sync()), ErrorKind::TimedOut);
    file.sync().unwrap();
    assert_eq!(file.read_at(&mut [0; 4], 0).unwrap(), 4);
    fs.fail_next(Operation::Open, 1, ErrorKind::PermissionDenied);
    assert_eq!(kind(fs.open(path("a"))), ErrorKind::PermissionDenied);
    fs.open(path("a")).unwrap();
}

#[test]
fn a_write_is_short() {
    let fs = SimFs::new();
    let file = fs.create(path("a"), 0).unwrap();
    fs.short_write_at(2, 3);
    assert_eq!(file.write_at(b"ab", 0).unwrap(), 2);
    assert_eq!(file.write_at(b"cdefgh", 2).unwrap(), 3);
    assert_eq!(fs.read("a").unwrap(), b"abcde");
}

#[test]
fn a_write_that_fails_may_have_begun() {
    let mut begun = [false; 5];
    for seed in 0..100 {
        let fs = SimFs::with_seed(seed);
        let file = fs.create(path("a"), 0).unwrap();
        fs.fail_at(1, ErrorKind::StorageFull);
        assert_eq!(kind(file.write_at(b"abcd", 0)), ErrorKind::StorageFull);
        let bytes = fs.read("a").unwrap();
        assert!(b"abcd".starts_with(&bytes));
        begun[bytes.len()] = true;
    }
    assert_eq!(begun, [true; 5]);
}

#[test]
fn a_full_disk_refuses_and_takes_what_there_is_room_for() {
    let fs = SimFs::new();
    fs.capacity(100);
    let a = fs.create(path("a"), 60).unwrap();
    assert_eq!(kind(fs.create(path("b"), 41)), ErrorKind::StorageFull);
    assert_eq!(fs.paths(), [path("a")]);
    let b = fs.create(path("b"), 30).unwrap();
    // Within what is allocated there is room.
    assert_eq!(a.write_at(&[1; 60], 0).unwrap(), 60);
    assert_eq!(a.write_at(&[2; 60], 50).unwrap(), 20);
    assert_eq!(kind(a.write_at(&[2; 1], 70)), ErrorKind::StorageFull);
    assert_eq!(kind(b.set_len(31)), ErrorKind::StorageFull);
    assert_eq!(kind(fs.lock(path("lock"))), ErrorKind::StorageFull);
    // A removed file takes room as long as it is open.
    fs.remove(path("b")).unwrap();
    assert_eq!(kind(a.write_at(&[2; 1], 70)), ErrorKind::StorageFull);
    fs.kill().create(path("c"), 30).expect("nobody has it open then");
    drop(b);
    assert_eq!(a.write_at(&[2; 1], 70).unwrap(), 1);
    a.set_len(10).unwrap();
    fs.create(path("c"), 80).unwrap();
    assert_eq!(kind(fs.kill().create(path("d"), 11)), ErrorKind::StorageFull);
    assert_eq!(kind(fs.power_loss(0).create(path("d"), 101)), ErrorKind::StorageFull);
}

#[test]
fn a_length_beyond_memory_is_refused() {
    let fs = SimFs::new();
    let file = fs.create(path("a"), 0).unwrap();
    assert_eq!(kind(fs.create(path("b"), u64::MAX)), ErrorKind::FileTooLarge);
    assert_eq!(kind(file.set_len(1 << 50)), ErrorKind::FileTooLarge);
    assert_eq!(kind(file.write_at(b"a", u64::MAX)), ErrorKind::FileTooLarge);
    assert_eq!(fs.paths(), [path("a")]);
}

#[test]
fn a_rename_to_another_folder_is_refused() {
    let fs = SimFs::new();
    fs.write("one/a", "text").unwrap();
    assert_eq!(kind(fs.rename(path("one/a"), path("a"))), ErrorKind::InvalidInput);
}

#[test]
fn a_kill_keeps_what_was_written_and_frees_locks() {
    let fs = SimFs::new();
    let file = file_with(&fs, "a", b"text");
    let open = file_with(&fs, "removed", b"text");
    fs.remove(path("removed")).unwrap();
    let lock = fs.lock(path("lock")).unwrap();
    fs.fail_next(Operation::Create, 1, ErrorKind::Other);
    let next = fs.kill();
    assert_eq!(next.operations(), 0);
    assert_eq!(next.read("a").unwrap(), b"text");
    let _lock = next.lock(path("lock")).expect("it is free");
    next.create(path("b"), 0).expect("no fault is left");
    // The old one is another from now on.
    assert_eq!(kind(fs.lock(path("lock"))), ErrorKind::WouldBlock);
    file.write_at(b"!", 4).unwrap();
    assert_eq!(next.read("a").unwrap(), b"text");
    assert_eq!(open.len().unwrap(), 4);
    drop((lock, open));
    // A kill makes nothing durable.
    assert!((0..50).any(|seed| next.power_loss(seed).paths().is_empty()));
}

#[test]
fn a_flipped_bit_is_flipped_whatever_survives() {
    let fs = SimFs::new();
    let file = file_with(&fs, "a", b"\0\0");
    file.sync().unwrap();
    fs.sync_dir(path("")).unwrap();
    file.write_at(b"\0", 1).unwrap();
    fs.flip_bit("a", 8 + 3).unwrap();
    assert_eq!(fs.read("a").unwrap(), [0, 8]);
    for seed in 0..50 {
        assert_eq!(fs.power_loss(seed).read("a").unwrap(), [0, 8]);
    }
    assert_eq!(kind(fs.flip_bit("a", 16)), ErrorKind::InvalidInput);
    assert_eq!(kind(fs.flip_bit("b", 0)), ErrorKind::NotFound);
    assert_eq!(fs.operations(), 5);
}

#[test]
fn a_cut_file_is_cut_whatever_survives() {
    let fs = SimFs::new();
    let file = file_with(&fs, "a", b"abcd");
    file.sync().unwrap();
    fs.sync_dir(path("")).unwrap();
    file.write_at(b"xyz", 2).unwrap();
    file.set_len(9).unwrap();
    fs.cut("a", 3).unwrap();
    fs.cut("a", 8).unwrap();
    assert_eq!(fs.read("a").unwrap(), b"abx");
    for seed in 0..50 {
        let left = fs.power_loss(seed).read("a").unwrap();
        assert!(left == b"abx" || left == b"abc", "{left:?}");
    }
    assert_eq!(kind(fs.cut("b", 0)), ErrorKind::NotFound);
}

#[test]
fn what_is_put_there_survives() {
    let fs = SimFs::new();
    let file = file_with(&fs, "new", b"text");
    fs.rename(path("new"), path("newer")).unwrap();
    fs.rename(path("newer"), path("a")).unwrap();
    fs.write("a", "put").unwrap();
    fs.write("one/two/b", "put").unwrap();
    assert_eq!(file.len().unwrap(), 3);
    for seed in 0..50 {
        let left = fs.power_loss(seed);
        assert_eq!(left.paths(), [path("a"), path("one/two/b")]);
        assert_eq!(left.read("a").unwrap(), b"put");
    }
    assert_eq!(kind(fs.write("one", "")), ErrorKind::IsADirectory);
    assert_eq!(kind(fs.write("a/b", "")), ErrorKind::NotADirectory);
}
