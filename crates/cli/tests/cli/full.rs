//! `record` into a spool that is full, because the store does not take what is in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::thread;

use serde_json::Value;

use crate::feed::{Recorder, counts, record};
use crate::support::{Folder, Run};

/// Events of 60 kB that are more than two segments hold.
const ALL: u64 = 700;

/// Events of these numbers, each a line.
fn events(numbers: std::ops::Range<u64>, length: usize) -> String {
    let message = "x".repeat(length);
    numbers.fold(String::new(), |mut lines, number| {
        let _ = writeln!(
            lines,
            "{{\"type\":\"event\",\"ts\":\"2024-08-08T10:00:05Z\",\"severity\":\"warning\",\
             \"message\":\"{message}\",\"stream\":\"bot\",\"seq\":{number}}}"
        );
        lines
    })
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// A folder whose store takes no event: its spool is an older copy. Two events are stored.
fn halted(when_full: &str) -> Folder {
    let folder = Folder::new();
    let (spool, older) = (folder.path("tradekeep-data/spool"), folder.path("older"));
    record(&folder, "", events(ALL..ALL + 1, 10)).ok();
    copy(&spool, &older);
    record(&folder, "", events(ALL + 1..ALL + 2, 10)).ok();
    fs::remove_dir_all(&spool).unwrap();
    copy(&older, &spool);
    let config = format!("[ingest]\nmax_bytes = {}\n{when_full}\n", 32 << 20);
    folder.write("tradekeep.toml", config);
    folder
}

/// The lines that have a number in the spool.
fn receipted<'a>(answers: impl IntoIterator<Item = &'a Value>) -> BTreeSet<u64> {
    let taken = answers.into_iter().filter(|answer| answer.get("seq").is_some());
    taken.map(|answer| answer["line"].as_u64().unwrap()).collect()
}

/// Once the operator has acted, all that had a receipt is stored, and nothing else.
fn assert_stored(folder: &Folder, lines: &BTreeSet<u64>) {
    folder.run("spool new-epoch --yes").ok();
    record(folder, "", "").done();
    let found = folder.run("query events --json --limit 10000").ok().objects();
    let ours = found.iter().filter(|event| event["stream"] == "bot");
    let ours: BTreeSet<_> = ours.map(|event| event["seq"].as_u64().unwrap()).collect();
    let before = [ALL, ALL + 1];
    assert!(ours == lines.iter().copied().chain(before).collect(), "{} stored", ours.len());
}

/// The line of what it said that begins so.
fn line<'a>(run: &'a Run, start: &str) -> &'a str {
    let mut lines = run.stderr.lines().filter(|line| line.starts_with(start));
    let line = lines.next().unwrap_or_else(|| panic!("no {start:?}: {run:?}"));
    assert_eq!(lines.count(), 0, "{start:?} is said again: {}", run.stderr);
    line
}

/// Cause, numbers and remedy, in this order.
fn names_all(line: &str) {
    for part in [
        "the spool is full (",
        "its files take ",
        " of 33554432 bytes, and the next one would not fit; after ",
        " ms): see `tradekeep spool status` for the store that does not take them, or raise \
         ingest.max_bytes",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[test]
fn who_wants_to_be_refused_is_told_line_by_line() {
    let folder = halted("when_full = 'reject'");
    let run = record(&folder, "--json --receipts written --drain 0", events(1..ALL, 60_000));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    names_all(line(&run, "note: line "));
    let error = line(&run, "error: ");
    assert!(error.contains(" of 699 lines rejected: "), "{error}");
    let mut answers = run.objects();
    let summary = answers.pop().unwrap();
    let taken = receipted(&answers);
    let [read, accepted, rejected, _] = counts(&run);
    assert_eq!((read, accepted + rejected), (ALL - 1, ALL - 1));
    assert!(accepted == taken.len() as u64 && accepted > 100 && rejected > 100, "{summary}");
    // What waits says why, and what to do.
    let status = folder.run("spool status --json").ok().last();
    assert!(status["pending"].as_u64().unwrap() >= accepted, "{status}");
    assert_stored(&folder, &taken);
    // The rejected ones are kept, to be sent again.
    let place = summary["rejected_file"].as_str().unwrap();
    assert_eq!(folder.read(place).lines().count() as u64, rejected);
}

#[test]
fn who_waits_is_told_once_and_may_give_up() {
    let folder = halted("block_ms = 100");
    let mut recorder = Recorder::start(&folder, "--json --receipts written --drain 0");
    let mut stdin = recorder.stdin.take().unwrap();
    let feeding = thread::spawn(move || {
        // It ends before all of it is read.
        let _ = stdin.write_all(events(1..ALL, 60_000).as_bytes());
        stdin
    });
    let note = recorder.told("note: the spool is full");
    names_all(&note);
    assert!(note.ends_with("; the input waits"), "{note}");
    recorder.signal("TERM");
    let run = recorder.end();
    drop(feeding.join().unwrap());
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let error = line(&run, "error: ");
    names_all(error);
    let mut answers = run.objects();
    let summary = answers.pop().unwrap();
    assert!(error.contains(summary["error"].as_str().unwrap()), "{error}");
    let taken = receipted(&answers);
    let next = taken.len() + 1;
    assert!(error.ends_with(&format!("; from line {next} on nothing is taken")), "{error}");
    assert_eq!(taken, (1..next as u64).collect(), "in their order");
    assert_stored(&folder, &taken);
}
