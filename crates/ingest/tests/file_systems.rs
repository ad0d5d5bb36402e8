//! What `FileSystem` promises, asked of the machine's own and of the simulated one alike.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::io::ErrorKind;
use std::path::Path;

use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::fs::{File, FileSystem, RealFs};

/// Runs each case in an empty folder of either file system.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod real {
            use super::*;

            $(#[test]
            fn $case() {
                let folder = tempfile::tempdir().unwrap();
                super::$case(&RealFs, folder.path());
            })*
        }

        mod simulated {
            use super::*;

            $(#[test]
            fn $case() {
                let fs = SimFs::new();
                fs.create_dir_all(Path::new("/folder")).unwrap();
                super::$case(&fs, Path::new("/folder"));
            })*
        }

        /// A case that is left out of the list above would never run.
        #[test]
        fn every_case_is_listed() {
            let listed = [$(stringify!($case)),*].len();
            let written = include_str!("file_systems.rs").matches("(fs: &dyn FileSystem, at: &Path").count();
            // The line above has those words too.
            assert_eq!(listed, written - 1);
        }
    };
}

on_both!(
    create_refuses_a_name_that_is_taken,
    what_is_not_there_is_not_found,
    a_name_of_the_other_kind_is_refused,
    a_created_file_is_zeros,
    folders_are_made_with_those_above,
    list_is_sorted_and_has_folders,
    rename_replaces,
    rename_to_the_same_name_changes_nothing,
    a_removed_file_is_read_by_who_has_it_open,
    a_replaced_file_is_read_by_who_has_it_open,
    handles_of_a_file_share_its_bytes,
    a_write_past_the_end_leaves_zeros_before_it,
    an_empty_write_changes_nothing,
    set_len_cuts_and_lengthens,
    reading_at_or_after_the_end_gives_nothing,
    syncing_answers,
    a_lock_that_is_taken_names_its_holder,
    a_lock_is_of_the_file_not_of_its_name,
);

fn content(fs: &dyn FileSystem, path: &Path) -> Vec<u8> {
    bytes(&*fs.open(path).unwrap())
}

fn bytes(file: &dyn File) -> Vec<u8> {
    let mut bytes = vec![0xFF; usize::try_from(file.len().unwrap()).unwrap() + 10];
    let read = file.read_at(&mut bytes, 0).unwrap();
    bytes.truncate(read);
    bytes
}

fn kind<T>(answer: std::io::Result<T>) -> ErrorKind {
    answer.err().expect("an error").kind()
}

fn create_refuses_a_name_that_is_taken(fs: &dyn FileSystem, at: &Path) {
    let file = fs.create(&at.join("a"), 0).unwrap();
    assert_eq!(file.write_at(b"kept", 0).unwrap(), 4);
    fs.create_dir_all(&at.join("folder")).unwrap();
    assert_eq!(kind(fs.create(&at.join("a"), 8)), ErrorKind::AlreadyExists);
    assert_eq!(kind(fs.create(&at.join("folder"), 8)), ErrorKind::AlreadyExists);
    assert_eq!(kind(fs.create_dir_all(&at.join("a"))), ErrorKind::AlreadyExists);
    assert_eq!(content(fs, &at.join("a")), b"kept");
}

fn what_is_not_there_is_not_found(fs: &dyn FileSystem, at: &Path) {
    assert_eq!(kind(fs.open(&at.join("no"))), ErrorKind::NotFound);
    assert_eq!(kind(fs.list(&at.join("no"))), ErrorKind::NotFound);
    assert_eq!(kind(fs.remove(&at.join("no"))), ErrorKind::NotFound);
    assert_eq!(kind(fs.rename(&at.join("no"), &at.join("name"))), ErrorKind::NotFound);
    assert_eq!(kind(fs.sync_dir(&at.join("no"))), ErrorKind::NotFound);
    assert_eq!(kind(fs.create(&at.join("no/a"), 1)), ErrorKind::NotFound);
    assert_eq!(kind(fs.lock(&at.join("no/a"))), ErrorKind::NotFound);
    assert!(fs.list(at).unwrap().is_empty());
}

fn a_name_of_the_other_kind_is_refused(fs: &dyn FileSystem, at: &Path) {
    fs.create(&at.join("file"), 0).unwrap();
    fs.create_dir_all(&at.join("folder")).unwrap();
    assert_eq!(kind(fs.list(&at.join("file"))), ErrorKind::NotADirectory);
    assert_eq!(kind(fs.create(&at.join("file/a"), 0)), ErrorKind::NotADirectory);
    assert_eq!(kind(fs.open(&at.join("file/a"))), ErrorKind::NotADirectory);
    assert_eq!(kind(fs.create_dir_all(&at.join("file/a"))), ErrorKind::NotADirectory);
    assert_eq!(kind(fs.remove(&at.join("folder"))), ErrorKind::IsADirectory);
    assert_eq!(kind(fs.lock(&at.join("folder"))), ErrorKind::IsADirectory);
    assert_eq!(kind(fs.rename(&at.join("file"), &at.join("folder"))), ErrorKind::IsADirectory);
    assert_eq!(fs.list(at).unwrap(), ["file", "folder"]);
}

fn a_created_file_is_zeros(fs: &dyn FileSystem, at: &Path) {
    let file = fs.create(&at.join("a"), 5000).unwrap();
    assert_eq!(file.len().unwrap(), 5000);
    assert_eq!(bytes(&*file), vec![0; 5000]);
    assert_eq!(fs.create(&at.join("empty"), 0).unwrap().len().unwrap(), 0);
}

fn folders_are_made_with_those_above(fs: &dyn FileSystem, at: &Path) {
    let folder = at.join("one/two/three");
    fs.create_dir_all(&folder).unwrap();
    fs.create(&folder.join("a"), 3).unwrap();
    fs.create_dir_all(&folder).unwrap();
    assert_eq!(content(fs, &folder.join("a")), [0; 3]);
    assert_eq!(fs.list(&at.join("one")).unwrap(), ["two"]);
}

fn list_is_sorted_and_has_folders(fs: &dyn FileSystem, at: &Path) {
    for name in ["b", "a", "a-1", "B", "a.x"] {
        fs.create(&at.join(name), 0).unwrap();
    }
    fs.create_dir_all(&at.join("a_folder/below")).unwrap();
    assert_eq!(fs.list(at).unwrap(), ["B", "a", "a-1", "a.x", "a_folder", "b"]);
}

fn rename_replaces(fs: &dyn FileSystem, at: &Path) {
    fs.create(&at.join("old"), 3).unwrap();
    fs.create(&at.join("new"), 0).unwrap().write_at(b"new", 0).unwrap();
    fs.rename(&at.join("new"), &at.join("old")).unwrap();
    assert_eq!(fs.list(at).unwrap(), ["old"]);
    assert_eq!(content(fs, &at.join("old")), b"new");
}

fn rename_to_the_same_name_changes_nothing(fs: &dyn FileSystem, at: &Path) {
    fs.create(&at.join("a"), 3).unwrap();
    fs.rename(&at.join("a"), &at.join("a")).unwrap();
    assert_eq!(content(fs, &at.join("a")), [0; 3]);
}

fn a_removed_file_is_read_by_who_has_it_open(fs: &dyn FileSystem, at: &Path) {
    let file = fs.create(&at.join("a"), 0).unwrap();
    file.write_at(b"kept", 0).unwrap();
    fs.remove(&at.join("a")).unwrap();
    fs.sync_dir(at).unwrap();
    assert_eq!(kind(fs.open(&at.join("a"))), ErrorKind::NotFound);
    let new = fs.create(&at.join("a"), 1).unwrap();
    assert_eq!(file.write_at(b"!", 4).unwrap(), 1);
    assert_eq!(bytes(&*file), b"kept!");
    assert_eq!(bytes(&*new), [0]);
}

fn a_replaced_file_is_read_by_who_has_it_open(fs: &dyn FileSystem, at: &Path) {
    let old = fs.create(&at.join("a"), 2).unwrap();
    fs.create(&at.join("b"), 1).unwrap();
    fs.rename(&at.join("b"), &at.join("a")).unwrap();
    fs.sync_dir(at).unwrap();
    assert_eq!(bytes(&*old), [0; 2]);
    assert_eq!(content(fs, &at.join("a")), [0; 1]);
}

fn handles_of_a_file_share_its_bytes(fs: &dyn FileSystem, at: &Path) {
    let one = fs.create(&at.join("a"), 4).unwrap();
    let two = fs.open(&at.join("a")).unwrap();
    assert_eq!(one.write_at(b"xy", 1).unwrap(), 2);
    assert_eq!(bytes(&*two), b"\0xy\0");
    fs.rename(&at.join("a"), &at.join("b")).unwrap();
    assert_eq!(two.write_at(b"z", 3).unwrap(), 1);
    drop(two);
    assert_eq!(content(fs, &at.join("b")), b"\0xyz");
}

fn a_write_past_the_end_leaves_zeros_before_it(fs: &dyn FileSystem, at: &Path) {
    let file = fs.create(&at.join("a"), 1).unwrap();
    assert_eq!(file.write_at(b"xy", 3).unwrap(), 2);
    assert_eq!(bytes(&*file), b"\0\0\0xy");
}

fn an_empty_write_changes_nothing(fs: &dyn FileSystem, at: &Path) {
    let file = fs.create(&at.join("a"), 1).unwrap();
    assert_eq!(file.write_at(b"", 9).unwrap(), 0);
    assert_eq!(file.len().unwrap(), 1);
}

fn set_len_cuts_and_lengthens(fs: &dyn FileSystem, at: &Path) {
    let file = fs.create(&at.join("a"), 0).unwrap();
    file.write_at(b"abcdef", 0).unwrap();
    file.set_len(2).unwrap();
    assert_eq!(bytes(&*file), b"ab");
    file.set_len(4).unwrap();
    assert_eq!(bytes(&*file), b"ab\0\0");
    assert_eq!(file.len().unwrap(), 4);
}

fn reading_at_or_after_the_end_gives_nothing(fs: &dyn FileSystem, at: &Path) {
    let file = fs.create(&at.join("a"), 3).unwrap();
    let mut buffer = [7; 4];
    assert_eq!(file.read_at(&mut buffer, 3).unwrap(), 0);
    assert_eq!(file.read_at(&mut buffer, 1 << 40).unwrap(), 0);
    assert_eq!(buffer, [7; 4]);
    assert_eq!(file.read_at(&mut buffer, 2).unwrap(), 1);
    assert_eq!(buffer, [0, 7, 7, 7]);
}

fn syncing_answers(fs: &dyn FileSystem, at: &Path) {
    let file = fs.create(&at.join("a"), 3).unwrap();
    file.sync().unwrap();
    fs.sync_dir(at).unwrap();
    fs.remove(&at.join("a")).unwrap();
    file.sync().unwrap();
}

fn a_lock_that_is_taken_names_its_holder(fs: &dyn FileSystem, at: &Path) {
    let path = at.join("lock");
    let lock = fs.lock(&path).unwrap();
    let refused = fs.lock(&path).expect_err("it is taken");
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
    assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
    assert_eq!(fs.list(at).unwrap(), ["lock"]);
    drop(lock);
    drop(fs.lock(&path).unwrap());
}

fn a_lock_is_of_the_file_not_of_its_name(fs: &dyn FileSystem, at: &Path) {
    let path = at.join("lock");
    let _old = fs.lock(&path).unwrap();
    fs.remove(&path).unwrap();
    let _new = fs.lock(&path).unwrap();
    assert_eq!(kind(fs.lock(&path)), ErrorKind::WouldBlock);
}

#[test]
fn what_the_machine_makes_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("one/two");
    RealFs.create_dir_all(&at).unwrap();
    RealFs.create(&at.join("file"), 10).unwrap();
    let _lock = RealFs.lock(&at.join("lock")).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("one")), 0o700);
    assert_eq!(mode(&at), 0o700);
    assert_eq!(mode(&at.join("file")), 0o600);
    assert_eq!(mode(&at.join("lock")), 0o600);
}
