//! `record`: lines from a process at work, whatever becomes of either.

use std::io::{Read, Write};
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

use crate::feed::{Recorder, counts, record, tick, ticks, told};
use crate::support::Folder;

fn rows(folder: &Folder, table: &str) -> u64 {
    let stats = folder.run("stats --json").ok().objects();
    let found = stats.iter().find(|stats| stats["table"] == table);
    found.map_or(0, |stats| stats["rows"].as_u64().unwrap())
}

#[test]
fn every_line_is_answered_in_order_and_stored() {
    let folder = Folder::new();
    let metric = "{\"type\":\"metric\",\"ts\":1723111205,\"name\":\"lag\",\"value\":4.5,\
                  \"stream\":\"bot\",\"seq\":1}\n";
    let node =
        "{\"type\":\"node_health\",\"ts\":1723111205000,\"node\":\"n-1\",\"latency_ms\":5}\n";
    let input = format!("{}\n{metric}{{\"prize\":1}}\n{metric}{}{node}no", tick(1), ticks(1..3));
    for level in ["written", "synced"] {
        let run = record(&folder, &format!("--json --receipts {level}"), input.clone());
        assert_eq!(run.code, Some(2), "{run:?}");
        let mut answers = run.objects();
        let summary = answers.pop().unwrap();
        let lines: Vec<_> = answers.iter().map(|answer| answer["line"].as_u64().unwrap()).collect();
        assert_eq!(lines, [1, 3, 4, 5, 6, 7, 8, 9], "{answers:?}");
        let rejected: Vec<_> =
            answers.iter().map(|answer| answer.get("rejected").is_some()).collect();
        assert_eq!(rejected, [false, false, true, false, false, false, false, true]);
        let seqs: Vec<_> = answers.iter().filter_map(|answer| answer["seq"].as_u64()).collect();
        assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
        assert_eq!(summary["pending"], 0);
        let stored = ["ticks", "metrics", "node_health"].map(|table| rows(&folder, table));
        assert_eq!(stored, [2, 1, 1]);
    }
}

#[test]
fn what_is_rejected_is_kept_and_can_be_sent_again() {
    let folder = Folder::new();
    let input = format!("{}{{\"type\":\"tock\"}}\n\n{}[]\n", tick(1), tick(2));
    let run = record(&folder, "--json", input);
    assert_eq!(counts(&run), [4, 2, 2, 0]);
    assert_eq!(run.code, Some(2));
    assert_eq!(run.objects().len(), 1, "only the summary: {run:?}");
    let lines: Vec<_> = run.stderr.lines().collect();
    assert!(lines[0].starts_with("note: line 2 is rejected (type: is none of tick, "), "{run:?}");
    assert!(lines[1].starts_with("error: 2 of 4 lines rejected: "), "{run:?}");
    assert_eq!(lines.len(), 2);
    let place = run.last()["rejected_file"].as_str().unwrap().to_owned();
    assert!(place.contains("tradekeep-data/rejected/stdin-"), "{place}");
    let kept: Vec<Value> =
        folder.read(&place).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&kept[0]["line"], &kept[0]["row"]), (&json!(2), &json!("{\"type\":\"tock\"}")));
    assert_eq!((&kept[1]["line"], &kept[1]["row"]), (&json!(5), &json!("[]")));
    assert_eq!(folder.stored(), 2);
    // What was taken may be sent again with what was mended.
    let run = record(&folder, "--json", ticks(1..4)).ok();
    assert_eq!((counts(&run), folder.stored()), ([3, 3, 0, 0], 3));
}

#[test]
fn killed_anywhere_and_started_again_it_stores_each_record_once() {
    let folder = Folder::new();
    const ALL: u64 = 20_000;
    for (round, receipts) in [1, 700, 4_000].into_iter().enumerate() {
        let mut recorder = Recorder::start(&folder, "--receipts written");
        let mut stdin = recorder.stdin.take().unwrap();
        let sending = thread::spawn(move || {
            // It is killed while this is under way.
            let _ = stdin.write_all(ticks(0..ALL).as_bytes());
        });
        for line in 1..=receipts {
            assert_eq!(recorder.line()["line"], line, "round {round}");
        }
        recorder.child.kill().unwrap();
        let run = recorder.end();
        sending.join().unwrap();
        let receipted =
            receipts + run.stdout.lines().filter(|line| line.ends_with('}')).count() as u64;
        // Nothing is sent: what has a receipt is there.
        let run = record(&folder, "--json", "").ok();
        assert_eq!(counts(&run), [0, 0, 0, 0]);
        assert!(folder.stored() >= receipted, "{} of {receipted}", folder.stored());
    }
    let run = record(&folder, "--json", ticks(0..ALL)).ok();
    assert_eq!((counts(&run), folder.stored()), ([ALL, ALL, 0, 0], ALL));
}

#[test]
fn a_line_is_taken_at_once_and_others_may_read_meanwhile() {
    let folder = Folder::new();
    let mut recorder = Recorder::start(&folder, "--receipts synced --json");
    for number in 1..=3 {
        // Its input is open, and silent.
        recorder.send(&tick(number));
        assert_eq!(recorder.line()["line"], number);
    }
    for args in ["stats --json", "query ticks --json", "health --json"] {
        folder.run(args).ok();
    }
    let held = record(&folder, "", "");
    let holder = format!("process {} (tradekeep) has the spool", recorder.child.id());
    assert!(held.error(1).contains(&holder), "{held:?}");
    assert_eq!(held.stdout, "");

    recorder.send("{\"ts\":");
    recorder.signal("TERM");
    let run = recorder.end();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(counts(&run), [3, 3, 0, 0]);
    assert_eq!(folder.stored(), 3);
}

#[test]
fn ctrl_c_ends_it_as_its_input_does() {
    let folder = Folder::new();
    let mut recorder = Recorder::start(&folder, "--receipts written");
    recorder.send(&tick(1));
    assert_eq!(recorder.line()["line"], 1);
    recorder.signal("INT");
    let run = recorder.end().ok();
    assert!(run.stdout.starts_with("1 line read: 1 accepted, 0 rejected; 0 pending; "), "{run:?}");

    let mut recorder = Recorder::start(&folder, "--receipts written --json");
    recorder.send(&tick(2));
    assert_eq!(recorder.line()["line"], 1);
    assert_eq!(counts(&recorder.finish().ok()), [1, 1, 0, 0]);
    assert_eq!(folder.stored(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn the_end_of_its_terminal_ends_it_unless_it_was_started_to_outlive_that() {
    let folder = Folder::new();
    // These tests may have been started to outlive theirs.
    let mut plain = Command::new("env");
    plain.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_tradekeep")]);
    let mut recorder = Recorder::start_by(plain, &folder, "--receipts written --json");
    recorder.send(&tick(1));
    assert_eq!(recorder.line()["line"], 1);
    recorder.signal("HUP");
    assert_eq!(counts(&recorder.end().ok()), [1, 1, 0, 0]);

    let mut nohup = Command::new("nohup");
    nohup.arg(env!("CARGO_BIN_EXE_tradekeep"));
    let mut recorder = Recorder::start_by(nohup, &folder, "--receipts written --json");
    recorder.send(&tick(2));
    // It is `nohup` no more.
    assert_eq!(recorder.line()["line"], 1);
    recorder.signal("HUP");
    recorder.send(&tick(3));
    assert_eq!(recorder.line()["line"], 2);
    assert_eq!(counts(&recorder.finish().ok()), [2, 2, 0, 0]);
    assert_eq!(folder.stored(), 3);
}

#[test]
fn a_mark_in_front_of_the_input_is_no_part_of_its_first_record() {
    let folder = Folder::new();
    let run = record(&folder, "--json", format!("\u{feff}{}{}", tick(1), tick(2))).ok();
    assert_eq!(counts(&run), [2, 2, 0, 0]);
}

#[test]
fn what_stays_in_the_spool_comes_the_next_time() {
    let folder = Folder::new();
    let run = record(&folder, "--json --drain 0", ticks(0..20_000));
    let [read, accepted, rejected, pending] = counts(&run);
    assert_eq!((read, accepted, rejected), (20_000, 20_000, 0));
    assert!(pending <= 20_000);
    // What is not delivered yet is told.
    if pending > 0 {
        let error = run.error(3);
        assert!(error.contains(" still to be delivered, safe in the spool: "), "{error}");
    } else {
        run.ok();
    }
    assert_eq!(counts(&record(&folder, "--json", "").ok()), [0, 0, 0, 0]);
    assert_eq!(folder.stored(), 20_000);
}

#[test]
fn records_without_an_identity_are_said_once() {
    let folder = Folder::new();
    let nameless = tick(1).replace("\"trade_id\":1,", "");
    let input = format!("{}{nameless}{nameless}", tick(7));
    for stored in [3, 5] {
        let run = record(&folder, "--json", input.clone());
        assert_eq!((run.code, counts(&run)), (Some(0), [3, 3, 0, 0]));
        assert!(run.stderr.starts_with("note: line 2 has no identity (trade_id), "), "{run:?}");
        assert_eq!(run.stderr.lines().count(), 1);
        assert_eq!(folder.stored(), stored, "the one with an id once, the others each time");
    }
}

#[test]
fn lines_are_what_the_flag_says_unless_they_say_themselves() {
    let folder = Folder::new();
    let event = "{\"ts\":\"2024-08-08T10:00:05Z\",\"severity\":\"error\",\"message\":\"lost\",\
                 \"stream\":\"bot\",\"seq\":1}\n";
    let typed = tick(1).replacen('{', "{\"type\":\"tick\",", 1);
    let run = record(&folder, "--json --type event", format!("{event}{typed}")).ok();
    assert_eq!(counts(&run), [2, 2, 0, 0]);
    assert_eq!((folder.stored(), rows(&folder, "system_events")), (1, 1));
    let events = folder.run("query events --json").ok().objects();
    assert_eq!(events[0]["message"], "lost");
    for args in ["record --type tock", "record --receipts applied", "record --drain -1", "record x"]
    {
        folder.run_with(args, "").error(64);
    }
}

#[test]
fn receipts_that_nobody_reads_end_it() {
    let folder = Folder::new();
    let mut recorder = Recorder::start(&folder, "--receipts written --drain 20");
    recorder.send(&tick(1));
    assert_eq!(recorder.line()["line"], 1);
    let Recorder { mut child, stdin, stdout, mut stderr } = recorder;
    drop(stdout);
    let mut stdin = stdin.unwrap();
    stdin.write_all(tick(2).as_bytes()).unwrap();
    let mut all = String::new();
    stderr.read_to_string(&mut all).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(told(&all).starts_with("error: nobody reads the receipts any more: "), "{all}");
    assert_eq!(folder.stored(), 2, "taken all the same");
}

#[test]
fn every_store_that_is_asked_for_gets_each_record() {
    let folder = Folder::new();
    folder.write(
        "tradekeep.toml",
        "[ingest]\nalso = ['duckdb://copy']\nbatch_ms = 5\nwhen_full = 'reject'\n",
    );
    let run = record(&folder, "--json", ticks(0..10)).ok();
    assert_eq!(counts(&run), [10, 10, 0, 0]);
    assert_eq!(folder.stored(), 10);
    let copy = folder.run("stats --json --data copy").ok().last();
    assert_eq!(copy["ticks"], 10);
    assert_eq!(folder.run("health --json").ok().objects().len(), 3, "two stores and the spool");

    folder.write("tradekeep.toml", "[ingest]\nwhen_full = 'never'\nbatch_ms = 1.5\n");
    let run = record(&folder, "", "");
    let error = run.error(1);
    assert!(error.contains("ingest.batch_ms: ") && error.contains("ingest.when_full: "), "{error}");
}
