//! A data folder and spool that an earlier version left behind, opened by this one.

use std::fs;
use std::path::Path;

use crate::support::Folder;

/// The folder `data` as it was left by the program of commit 53e3dbb, by `record` that was killed: `first.ndjson`
/// is stored and one order of it, sent again with another status, is a dead letter; `later.ndjson` waits in the
/// spool. The rest are questions, each with what that program answered once it had delivered all.
const LEFT: &str = "tests/cli/waiting";

fn unpacked() -> Folder {
    let folder = Folder::new();
    unpack(&Path::new(LEFT).join("data"), &folder.path("data"));
    folder
}

fn unpack(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap().path();
        let to = to.join(entry.file_stem().unwrap());
        if entry.is_dir() {
            unpack(&entry, &to);
        } else {
            fs::write(to, zstd::decode_all(fs::File::open(entry).unwrap()).unwrap()).unwrap();
        }
    }
}

fn left(name: &str) -> String {
    fs::read_to_string(Path::new(LEFT).join(name)).unwrap()
}

/// The same answers to the same questions, byte for byte.
fn assert_answers(folder: &Folder) {
    let answers = left("answers.txt");
    let questions: Vec<_> = answers.split("$ ").skip(1).collect();
    assert_eq!(questions.len(), 21);
    for question in questions {
        let (asked, answer) = question.split_once('\n').unwrap();
        let run = folder.run(&format!("--data data {asked} --json")).ok();
        assert_eq!(run.stdout, answer, "{asked}");
    }
}

fn record(folder: &Folder, lines: &str) {
    let run = folder.run_with("--data data record", lines);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

#[test]
fn what_waits_is_delivered_and_answered_as_before() {
    let folder = unpacked();
    record(&folder, "");
    assert_answers(&folder);
    // What is sent again is known, where it has an identity of its own.
    let sent = left("first.ndjson") + &left("later.ndjson");
    let is_known = |line: &&str| !line.contains(r#""type":"tick""#) || line.contains("trade_id");
    let known: Vec<_> = sent.lines().filter(is_known).collect();
    record(&folder, &known.join("\n"));
    assert_answers(&folder);
}
