//! The simulated file system: what a loss of power may leave, and what it may not.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use tradekeep_ingest::fs::sim::{Operation, SimFs};
use tradekeep_ingest::fs::{File, FileSystem};

const SEEDS: u64 = 2000;

fn path(name: &str) -> &Path {
    Path::new(name)
}

fn write(file: &dyn File, bytes: &[u8], at: u64) {
    assert_eq!(file.write_at(bytes, at).unwrap(), bytes.len());
}

/// A file whose name is on the disk, and `bytes` with it.
fn with_file(bytes: &str) -> SimFs {
    let fs = SimFs::new();
    fs.write("a", bytes).unwrap();
    fs
}

/// Every content that the file `a` has after a loss of power, as text with `.` for zero.
fn contents(fs: &SimFs) -> BTreeSet<String> {
    let text = |byte| if byte == 0 { '.' } else { char::from(byte) };
    (0..SEEDS)
        .map(|seed| fs.power_loss(seed).read("a").unwrap().into_iter().map(text).collect())
        .collect()
}

/// Every set of names there is after a loss of power.
fn names(fs: &SimFs) -> BTreeSet<String> {
    let joined = |paths: Vec<std::path::PathBuf>| {
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        names.join(" ")
    };
    (0..SEEDS).map(|seed| joined(fs.power_loss(seed).paths())).collect()
}

fn set<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.map(str::to_owned).into()
}

#[test]
fn what_was_synced_survives() {
    let fs = with_file("");
    let file = fs.open(path("a")).unwrap();
    write(&*file, b"abc", 0);
    file.set_len(2).unwrap();
    write(&*file, b"xyz", 2);
    file.sync().unwrap();
    assert_eq!(contents(&fs), set(["abxyz"]));
}

#[test]
fn a_write_survives_whole_torn_or_not() {
    let fs = with_file("abcd");
    write(&*fs.open(path("a")).unwrap(), b"WXYZ", 0);
    // Each byte is the old one or the new, and those of a kind hang together: at most two borders.
    let expected = [
        "abcd", "abcZ", "abYd", "abYZ", "aXcd", "aXYd", "aXYZ", "Wbcd", "WbcZ", "WbYZ", "WXcd",
        "WXcZ", "WXYd", "WXYZ",
    ];
    assert_eq!(contents(&fs), set(expected));
}

#[test]
fn writes_survive_in_any_combination() {
    let fs = with_file("...");
    let file = fs.open(path("a")).unwrap();
    for (at, byte) in [(0, b"x"), (1, b"y"), (2, b"z")] {
        write(&*file, byte, at);
    }
    let expected = ["...", "..z", ".y.", ".yz", "x..", "x.z", "xy.", "xyz"];
    assert_eq!(contents(&fs), set(expected));
}

#[test]
fn a_later_write_lies_over_an_earlier_one() {
    let fs = with_file("a");
    let file = fs.open(path("a")).unwrap();
    write(&*file, b"b", 0);
    write(&*file, b"c", 0);
    assert_eq!(contents(&fs), set(["a", "b", "c"]));
    file.sync().unwrap();
    write(&*file, b"d", 0);
    assert_eq!(contents(&fs), set(["c", "d"]));
}

#[test]
fn a_longer_file_may_have_its_length_before_its_bytes() {
    let fs = with_file("a");
    write(&*fs.open(path("a")).unwrap(), b"bc", 1);
    assert_eq!(contents(&fs), set(["a", "ab", "abc", "a.c", "ab.", "a.."]));
}

#[test]
fn a_length_that_is_not_synced_survives_or_not() {
    let fs = with_file("abcd");
    let file = fs.open(path("a")).unwrap();
    file.set_len(1).unwrap();
    assert_eq!(contents(&fs), set(["abcd", "a"]));
    file.sync().unwrap();
    file.set_len(3).unwrap();
    assert_eq!(contents(&fs), set(["a", "a.", "a.."]));
    file.sync().unwrap();
    assert_eq!(contents(&fs), set(["a.."]));
}

#[test]
fn room_that_is_not_synced_is_zeros() {
    let fs = SimFs::new();
    let file = fs.create(path("a"), 3).unwrap();
    fs.sync_dir(path("")).unwrap();
    assert_eq!(contents(&fs), set(["", ".", "..", "..."]));
    file.sync().unwrap();
    assert_eq!(contents(&fs), set(["..."]));
    write(&*file, b"x", 1);
    assert_eq!(contents(&fs), set(["...", ".x."]));
}

#[test]
fn what_a_failed_sync_left_is_read_but_never_sure_again() {
    let fs = with_file("abc");
    let file = fs.open(path("a")).unwrap();
    write(&*file, b"X", 0);
    fs.fail_next(Operation::Sync, 1, ErrorKind::Other);
    assert_eq!(file.sync().unwrap_err().kind(), ErrorKind::Other);
    assert_eq!(fs.read("a").unwrap(), b"Xbc");
    file.sync().unwrap();
    assert_eq!(contents(&fs), set(["abc", "Xbc"]));
    // What is written after it is written back, and a later sync of a copy of the process tells no
    // more of what was before.
    write(&*file, b"Y", 1);
    file.sync().unwrap();
    assert_eq!(contents(&fs), set(["aYc", "XYc"]));
    let killed = fs.kill();
    killed.open(path("a")).unwrap().sync().unwrap();
    assert_eq!(contents(&killed), set(["aYc", "XYc"]));
    // Written again it is dirty again.
    write(&*file, b"X", 0);
    file.sync().unwrap();
    assert_eq!(contents(&fs), set(["XYc"]));
}

#[test]
fn a_name_survives_once_its_folder_is_synced() {
    let fs = SimFs::new();
    let file = fs.create(path("a"), 0).unwrap();
    write(&*file, b"text", 0);
    file.sync().unwrap();
    assert_eq!(names(&fs), set(["", "a"]));
    fs.sync_dir(path("")).unwrap();
    assert_eq!(names(&fs), set(["a"]));
    assert_eq!(contents(&fs), set(["text"]));
    fs.remove(path("a")).unwrap();
    assert_eq!(names(&fs), set(["", "a"]));
    fs.sync_dir(path("")).unwrap();
    assert_eq!(names(&fs), set([""]));
}

#[test]
fn a_removed_name_that_comes_back_has_its_bytes() {
    let fs = with_file("text");
    fs.remove(path("a")).unwrap();
    // Nobody has it open, but the disk still has it.
    assert!((0..SEEDS).any(|seed| fs.power_loss(seed).read("a").is_ok_and(|text| text == b"text")));
}

#[test]
fn creates_survive_in_any_combination() {
    let fs = SimFs::new();
    for name in ["a", "b", "c"] {
        fs.create(path(name), 0).unwrap();
    }
    assert_eq!(names(&fs), set(["", "a", "b", "c", "a b", "a c", "b c", "a b c"]));
}

#[test]
fn a_rename_leaves_one_of_both_names() {
    let fs = with_file("old");
    fs.write("new", "new").unwrap();
    fs.rename(path("new"), path("a")).unwrap();
    assert_eq!(names(&fs), set(["a", "a new"]));
    for left in (0..SEEDS).map(|seed| fs.power_loss(seed)) {
        let renamed = !left.paths().contains(&"new".into());
        assert_eq!(left.read("a").unwrap(), if renamed { b"new" } else { b"old" });
    }
    // Nor is it lost when the name it had is taken by another.
    fs.create(path("new"), 0).unwrap();
    assert_eq!(names(&fs), set(["a", "a new"]));
    for left in (0..SEEDS).map(|seed| fs.power_loss(seed)) {
        assert!(["a", "new"].iter().any(|name| left.read(name).is_ok_and(|text| text == b"new")));
    }
    fs.sync_dir(path("")).unwrap();
    assert_eq!(names(&fs), set(["a new"]));
    assert_eq!(contents(&fs), set(["new"]));
}

#[test]
fn a_renamed_file_may_lack_its_bytes() {
    let fs = with_file("old");
    write(&*fs.create(path("new"), 0).unwrap(), b"n", 0);
    fs.rename(path("new"), path("a")).unwrap();
    fs.sync_dir(path("")).unwrap();
    assert_eq!(contents(&fs), set(["", "n", "."]));
}

#[test]
fn a_folder_takes_what_is_in_it_with_it() {
    let fs = SimFs::new();
    fs.create_dir_all(path("/one/two")).unwrap();
    fs.create(path("/one/two/a"), 0).unwrap();
    fs.sync_dir(path("/one/two")).unwrap();
    fs.sync_dir(path("/one")).unwrap();
    assert_eq!(names(&fs), set(["", "/one/two/a"]));
    let left = (0..SEEDS).map(|seed| fs.power_loss(seed)).find(|left| left.paths().is_empty());
    assert_eq!(left.unwrap().list(path("/one")).unwrap_err().kind(), ErrorKind::NotFound);
    fs.sync_dir(path("/")).unwrap();
    assert_eq!(names(&fs), set(["/one/two/a"]));
}

#[test]
fn a_failed_sync_of_a_folder_can_be_repeated() {
    let fs = SimFs::new();
    fs.create(path("a"), 0).unwrap();
    fs.fail_next(Operation::SyncDir, 1, ErrorKind::Other);
    assert_eq!(fs.sync_dir(path("")).unwrap_err().kind(), ErrorKind::Other);
    assert_eq!(names(&fs), set(["", "a"]));
    fs.sync_dir(path("")).unwrap();
    assert_eq!(names(&fs), set(["a"]));
}

#[test]
fn a_loss_of_power_frees_locks_and_forgets_faults() {
    let fs = SimFs::new();
    let _held = fs.lock(path("lock")).unwrap();
    fs.sync_dir(path("")).unwrap();
    fs.fail_next(Operation::Lock, 1, ErrorKind::Other);
    fs.crash_at(0);
    let left = fs.power_loss(7);
    assert!(fs.is_powered_off() && !left.is_powered_off());
    assert_eq!(left.operations(), 0);
    let _lock = left.lock(path("lock")).unwrap();
}

#[test]
fn without_power_nothing_answers() {
    let fs = with_file("text");
    let file = fs.open(path("a")).unwrap();
    fs.crash_at(1);
    file.sync().unwrap();
    file.read_at(&mut [0], 0).expect("the power is there");
    assert!(!fs.is_powered_off());
    for _ in 0..2 {
        file.write_at(b"x", 9).unwrap_err();
        file.read_at(&mut [0], 0).unwrap_err();
        file.len().unwrap_err();
        file.sync().unwrap_err();
        file.set_len(0).unwrap_err();
        fs.open(path("a")).unwrap_err();
        fs.list(path("")).unwrap_err();
        fs.create(path("b"), 0).unwrap_err();
        fs.create_dir_all(path("c")).unwrap_err();
        fs.rename(path("a"), path("b")).unwrap_err();
        fs.remove(path("a")).unwrap_err();
        fs.sync_dir(path("")).unwrap_err();
        let error = fs.lock(path("lock")).unwrap_err();
        assert_eq!(error.to_string(), "the power is gone");
    }
    assert_eq!(fs.operations(), 2);
    assert_eq!(fs.paths(), [path("a")]);
    assert!(fs.read("a").unwrap().starts_with(b"text"));
}

#[test]
fn what_the_power_ends_is_done_or_not_or_begun() {
    let (mut lengths, mut created, mut synced) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for seed in 0..200 {
        let fs = SimFs::with_seed(seed);
        let file = fs.create(path("a"), 0).unwrap();
        fs.sync_dir(path("")).unwrap();
        fs.crash_at(2);
        file.write_at(b"abc", 0).unwrap_err();
        lengths.insert(fs.kill().read("a").unwrap().len());

        let fs = SimFs::with_seed(seed);
        fs.crash_at(0);
        fs.create(path("a"), 0).unwrap_err();
        created.insert(fs.kill().paths().len());

        let fs = SimFs::with_seed(seed);
        let file = fs.create(path("a"), 2).unwrap();
        fs.sync_dir(path("")).unwrap();
        fs.crash_at(2);
        file.sync().unwrap_err();
        synced.insert(fs.power_loss(seed).read("a").unwrap().len());
    }
    assert_eq!(lengths, (0..=3).collect());
    assert_eq!(created, (0..=1).collect());
    assert_eq!(synced, (0..=2).collect());
}

#[test]
fn the_same_seeds_leave_the_same() {
    let left = |seed| {
        let fs = SimFs::with_seed(3);
        for name in ["a", "b", "c", "d"] {
            let file = fs.create(path(name), 4).unwrap();
            write(&*file, b"text and more", 2);
        }
        fs.crash_at(9);
        fs.rename(path("a"), path("e")).unwrap();
        fs.remove(path("b")).unwrap_err();
        let left = fs.power_loss(seed);
        left.paths().into_iter().map(|path| (left.read(&path).unwrap(), path)).collect::<Vec<_>>()
    };
    let differ: BTreeSet<_> = (0..50).map(left).collect();
    assert!(differ.len() > 20);
    assert!((0..50).all(|seed| left(seed) == left(seed)));
}
