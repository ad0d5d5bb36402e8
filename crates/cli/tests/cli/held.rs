//! What operators do to a recorder, and what others do beside it, that costs nothing.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::feed::{Recorder, record, ticks};
use crate::support::Folder;

/// Waits until so many lines have their receipts.
fn receipted(recorder: &mut Recorder, lines: usize) {
    for _ in 0..lines {
        assert!(recorder.line()["seq"].is_u64());
    }
}

#[test]
fn two_recorders_of_one_feed_store_it_once() {
    let folder = Folder::new();
    for name in ["a", "b"] {
        let text = format!("[stores]\nseries = 'duckdb://./db'\n[ingest]\nfolder = './{name}'\n");
        folder.write(&format!("{name}.toml"), text);
    }
    let start = |name: &str| Recorder::start(&folder, &format!("--config {name}.toml --json"));
    let mut recorders = [start("a"), start("b")];
    for from in (0..400).step_by(40) {
        recorders.iter_mut().for_each(|recorder| recorder.send(&ticks(from..from + 40)));
    }
    for recorder in recorders {
        let run = recorder.finish();
        assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{}", run.stdout);
    }
    let stats = folder.run("--config a.toml stats --json").ok().last();
    assert_eq!(stats["ticks"], 400);
}

#[test]
fn kills_of_recorder_optimize_and_queries_lose_nothing() {
    let folder = Folder::new();
    for round in 0..5 {
        let mut recorder = Recorder::start(&folder, "--json --receipts written");
        recorder.send(&ticks(round * 100..round * 100 + 100));
        receipted(&mut recorder, 100);
        let beside = ["optimize", "query ticks --json"].map(|args| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tradekeep"));
            command.args(args.split_whitespace()).current_dir(folder.path(""));
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        });
        // Each time at another moment.
        thread::sleep(Duration::from_millis(round * 15));
        for mut child in beside {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        recorder.child.kill().unwrap();
        recorder.child.wait().unwrap();
    }
    record(&folder, "", "").done();
    assert_eq!(folder.stored(), 500);
    folder.run("health").ok();
}

#[test]
fn files_of_the_spool_that_are_deleted_under_a_recorder_cost_nothing_that_it_delivers() {
    let folder = Folder::new();
    let mut recorder = Recorder::start(&folder, "--json --receipts synced");
    recorder.send(&ticks(0..100));
    receipted(&mut recorder, 100);
    for file in fs::read_dir(folder.path("tradekeep-data/spool")).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    recorder.send(&ticks(100..200));
    let run = recorder.finish();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(folder.stored(), 200);
    record(&folder, "", ticks(200..300)).done();
    assert_eq!(folder.stored(), 300);
}
