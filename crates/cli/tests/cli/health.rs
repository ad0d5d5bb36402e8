//! `health` looks where it hurts, and what short runs leave on the disk.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;

use crate::feed::{record, tick, ticks};
use crate::support::{Folder, Run};

fn health(folder: &Folder) -> Run {
    folder.run("health")
}

/// It ends with exit code 1, and a line of it says so.
#[track_caller]
fn hurts(folder: &Folder, cause: &str) {
    let run = health(folder);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains(cause), "{cause}: {run:?}");
}

#[test]
fn what_waits_for_somebody_is_told_by_name() {
    let folder = Folder::new();
    record(&folder, "", ticks(0..3)).done();
    health(&folder).ok();
    // A line that is no record.
    record(&folder, "", format!("{{}}\n{}", tick(3)));
    hurts(&folder, " of rejected lines in 1 file of ./tradekeep-data/rejected: correct them");
    assert!(folder.run("stats").ok().stdout.contains(" of rejected lines in 1 file of "));
    fs::remove_dir_all(folder.path("tradekeep-data/rejected")).unwrap();
    health(&folder).ok();
    // A record that no store takes: another order has its client's id.
    let order = |id: u8| {
        format!(
            "{{\"type\":\"order\",\"ts\":\"2024-08-08T10:00:07Z\",\"order_id\":\
             \"00000000-0000-4000-8000-00000000000{id}\",\"client_order_id\":\"c\",\"venue\":\"v\",\
             \"market\":\"m\",\"side\":\"buy\",\"order_type\":\"limit\",\"quantity\":\"10\",\
             \"price\":\"0.5\",\"status\":\"open\"}}\n"
        )
    };
    let run = record(&folder, "", order(1) + &order(2));
    assert_eq!(run.code, Some(2), "{run:?}");
    hurts(&folder, "1 open dead letter: `tradekeep dead-letters list`");
    folder.run("dead-letters resolve 1").ok();
    health(&folder).ok();
}

#[test]
fn what_waits_longer_than_it_may_is_told() {
    let folder = Folder::new();
    folder.write("blocked", "no folder");
    folder.write(
        "tradekeep.toml",
        "[ingest]\nalso = ['duckdb://./blocked/x']\nmax_wait_ms = 0\nfolder = './in'\n",
    );
    let run = record(&folder, "--drain 0", tick(1));
    assert_eq!(run.code, Some(3), "taken, and still to be delivered: {run:?}");
    hurts(&folder, "the oldest record has waited for its store for 0 s: ");
    hurts(&folder, "blocked/x");
    // What is in the way goes, and all is delivered.
    fs::remove_file(folder.path("blocked")).unwrap();
    record(&folder, "", "").done();
    health(&folder).ok();
}

#[test]
fn what_is_no_more_in_a_store_is_counted_where_that_is_asked_for() {
    let folder = Folder::new();
    record(&folder, "", ticks(0..50)).done();
    folder.run("health --deep").ok();
    // As somebody might with a program of DuckDB's own: the same database, with less in it.
    let (data, other) = (folder.path("tradekeep-data"), folder.path("other"));
    folder.write("ticks.ndjson", ticks(0..20));
    folder.run("--data other import ticks.ndjson").ok();
    fs::rename(other.join("tradekeep.duckdb"), data.join("tradekeep.duckdb")).unwrap();
    health(&folder).ok();
    let run = folder.run("health --deep");
    assert_eq!(run.code, Some(1), "{run:?}");
    let cause = "has 20 rows of ticks, and the spool has seen 50 new ones arrive there";
    assert!(run.stdout.contains(cause), "{run:?}");
    // What is missing comes again with the next one that records, since it is held.
    record(&folder, "", tick(50)).done();
    assert_eq!(folder.stored(), 51);
    folder.run("health --deep").ok();
}

#[test]
fn many_short_runs_leave_little() {
    let folder = Folder::new();
    for number in 0..60 {
        record(&folder, "", tick(number)).done();
    }
    assert_eq!(folder.stored(), 60);
    let files = fs::read_dir(folder.path("tradekeep-data/spool")).unwrap();
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().blocks() * 512).sum();
    assert!(bytes < 2 << 20, "{bytes} bytes");
}

/// As somebody who may look at the folder, and not write to it: nobody where this is root, else who runs this.
fn look(folder: &Folder, args: &str) -> Run {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tradekeep"));
    command.args(args.split_whitespace()).current_dir(folder.path("")).env_remove("RUST_LOG");
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn chmod(folder: &Folder, how: &str, what: &str) {
    let path = folder.path(what);
    let done = std::process::Command::new("chmod").args(["-R", how]).arg(path).status().unwrap();
    assert!(done.success());
}

#[test]
fn who_may_look_is_answered_or_told_what_is_in_the_way() {
    let folder = Folder::new();
    record(&folder, "", tick(1)).done();
    chmod(&folder, "a+rX", "");
    chmod(&folder, "a-w", "tradekeep-data");
    let run = look(&folder, "health");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains(": healthy, duckdb v1.5.6, readable, not writable"), "{run:?}");
    for file in ["tradekeep-data/spool/cursors", "tradekeep-data/tradekeep.duckdb"] {
        chmod(&folder, "000", file);
        let run = look(&folder, "health");
        assert_eq!(run.code, Some(1), "{run:?}");
        let said = run.stdout + &run.stderr;
        assert!(said.contains(file) && said.contains("Permission denied"), "{file}: {said}");
        chmod(&folder, "a+r", file);
    }
    // What may not be looked at is not nothing.
    chmod(&folder, "go-rx", "tradekeep-data");
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        let run = look(&folder, "query ticks");
        assert_eq!((run.code, &*run.stdout), (Some(1), ""), "{run:?}");
    }
    chmod(&folder, "u+rwX", "tradekeep-data");
}
