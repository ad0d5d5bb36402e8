//! `tradekeep dead-letters`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::Value;
use tradekeep::models::{Metric, Name};

use crate::recorder::{Recorder, tick, ticks};
use crate::support::Folder;

fn metric() -> Metric {
    Metric::new("2024-08-08T10:00:05Z".parse().unwrap(), Name::new("lag_ms").unwrap(), 45.3)
}

/// Letters 1 to 3 are of ticks, 4 is of a metric.
fn with_letters(folder: &Folder) -> Recorder {
    let recorder = Recorder::of(folder);
    for number in 0..3 {
        recorder.refuse(vec![tick(number)]);
    }
    recorder.refuse(vec![metric()]);
    recorder
}

fn ids(objects: &[Value]) -> Vec<u64> {
    objects.iter().map(|object| object["id"].as_u64().unwrap()).collect()
}

#[test]
fn they_are_listed_and_shown_beside_the_recorder() {
    let folder = Folder::new();
    assert!(folder.run("dead-letters list").ok().stdout.starts_with("no dead letters match"));
    let recorder = with_letters(&folder);
    let list =
        |flags: &str| ids(&folder.run(&format!("dead-letters list --json {flags}")).ok().objects());
    assert_eq!(list(""), [1, 2, 3, 4]);
    assert_eq!(list("--table metrics"), [4]);
    assert_eq!(list("--limit 2"), [1, 2]);
    assert_eq!(list("--class conflict --id 2 --id 3"), [2, 3]);
    assert_eq!(list("--class suspect"), [0; 0]);
    assert_eq!(list("--sink duckdb://./tradekeep-data --from 2024-01-01"), [1, 2, 3, 4]);
    assert_eq!(list("--sink elsewhere"), [0; 0]);
    assert_eq!(list("--to 2024-01-01"), [0; 0]);
    let people = folder.run("dead-letters list").ok().stdout;
    assert!(
        people.contains("price: is odd") && people.ends_with("4 open letters, 0 replayed\n"),
        "{people}"
    );

    let shown = folder.run("dead-letters show 2 --json").ok().last();
    assert_eq!((&shown["state"], &shown["class"]), (&"open".into(), &"conflict".into()));
    assert_eq!(shown["record"]["trade_id"], "1");
    let people = folder.run("dead-letters show 2").ok().stdout;
    assert!(people.contains("dead letter 2, open\nconflict: price: is odd\n"), "{people}");
    assert!(people.contains("\"trade_id\":\"1\""), "{people}");
    let missing = folder.run("dead-letters show 9");
    assert!(missing.error(1).starts_with("there is no dead letter 9: "));
    folder.run("dead-letters list --class bad").error(64);
    folder.run("dead-letters purge").error(64);
    recorder.stop();
}

#[test]
fn what_is_exported_can_be_imported() {
    let folder = Folder::new();
    with_letters(&folder).stop();
    let mixed = folder.run("dead-letters export");
    assert!(
        mixed.error(1).starts_with("these are ticks, metrics, and a file to import holds one type")
    );
    let stdout = folder.run("dead-letters export --table ticks").ok();
    assert_eq!(stdout.objects().len(), 3);
    let written = folder.run("dead-letters export --table ticks bad.ndjson --json").ok().last();
    assert_eq!((&written["exported"], &written["type"]), (&3.into(), &"ticks".into()));
    assert_eq!(folder.read("bad.ndjson"), stdout.stdout);
    let mode = fs::metadata(folder.path("bad.ndjson")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = folder.run("dead-letters export --table ticks bad.ndjson");
    assert!(again.error(1).starts_with("bad.ndjson: is there already"));

    folder.run("import bad.ndjson").ok();
    assert_eq!(folder.stored(), 3);
    folder.run("dead-letters export --table metrics lag.ndjson").ok();
    let counts = folder.run("import --type metrics lag.ndjson --json").ok().counts();
    assert_eq!(counts, [1, 1, 0, 0]);
    // What comes back is what was given up.
    let stored = folder.run("query metrics --json").ok().stdout;
    assert_eq!(stored, folder.read("lag.ndjson"));

    let whole = folder.run("dead-letters export --with-reasons").ok().objects();
    assert_eq!(ids(&whole), [1, 2, 3, 4]);
    assert_eq!(
        (&whole[3]["reason"], &whole[3]["record"]["name"]),
        (&"price: is odd".into(), &"lag_ms".into())
    );
}

#[test]
fn the_recorder_replays_and_purges() {
    let folder = Folder::new();
    let recorder = with_letters(&folder);
    recorder.deliver(ticks(10..12));
    let which = folder.run("dead-letters replay");
    assert!(which.error(64).starts_with("which letters? give --id"));
    folder.run("dead-letters replay --all --id 1").error(64);
    let dry = folder.run("dead-letters replay --all --dry-run --json").ok().last();
    assert_eq!((dry["replayed"].as_u64(), dry["dry_run"].as_bool()), (Some(4), Some(true)));
    let one = folder.run("dead-letters replay --id 2 --json").ok().last();
    assert_eq!((one["replayed"].as_u64(), one["already"].as_u64()), (Some(1), Some(0)));
    let rest = folder.run("dead-letters replay --all --json").ok().last();
    assert_eq!((rest["replayed"].as_u64(), rest["already"].as_u64()), (Some(3), Some(1)));
    assert!(
        folder
            .run("dead-letters replay --all")
            .ok()
            .stdout
            .starts_with("no open letters match\n4 had")
    );
    let states = folder.run("dead-letters list --json").ok().objects();
    assert!(
        states.iter().all(|letter| letter["state"] == "replayed" && letter["replayed_as"].is_u64())
    );
    assert!(
        folder
            .run("dead-letters show 1")
            .ok()
            .stdout
            .starts_with("dead letter 1, replayed as record ")
    );
    folder.run("spool drain").done();
    assert_eq!(folder.run("dead-letters purge --resolved --json").ok().last()["purged"], 4);
    assert_eq!(folder.run("dead-letters list --json").ok().objects().len(), 0);
    recorder.stop();
}

#[test]
fn where_nobody_records_the_command_replays_and_purges() {
    let folder = Folder::new();
    with_letters(&folder).stop();
    // The store is another one than that which refused them; of what is no dead letter it has lost nothing.
    let run = folder.run("dead-letters replay --table ticks --json");
    assert!(!run.stderr.contains("has lost what it had"), "{run:?}");
    let run = run.done().last();
    assert_eq!((run["replayed"].as_u64(), run["pending"].as_u64()), (Some(3), Some(0)));
    assert_eq!(folder.stored(), 3, "they are delivered");
    assert!(
        folder.run("dead-letters purge --resolved").ok().stdout.starts_with("3 letters removed")
    );
    assert_eq!(ids(&folder.run("dead-letters list --json").ok().objects()), [4]);
}

/// A fill; the same one with another price contradicts it.
fn fill(price: &str) -> String {
    format!(
        "{{\"type\":\"fill\",\"ts\":\"2024-08-08T10:00:05Z\",\
         \"fill_id\":\"0191314e-2d3a-7c10-8d7e-0a1b2c3d4e60\",\
         \"order_id\":\"0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f\",\"trader_id\":\"mm-1\",\
         \"venue\":\"polymarket\",\"market\":\"0x123abc\",\"side\":\"buy\",\"price\":\"{price}\",\
         \"quantity\":\"50\",\"fee\":\"0\",\"fee_currency\":\"USDC\"}}\n"
    )
}

#[test]
fn everything_works_beside_record() {
    let folder = Folder::new();
    let mut record = Command::new(env!("CARGO_BIN_EXE_tradekeep"))
        .args(["record", "--receipts", "written"])
        .current_dir(folder.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = record.stdin.take().unwrap();
    let mut receipts = BufReader::new(record.stdout.take().unwrap());
    for price in ["0.52", "0.53"] {
        stdin.write_all(fill(price).as_bytes()).unwrap();
        let mut receipt = String::new();
        receipts.read_line(&mut receipt).unwrap();
    }
    folder.run("spool drain").done();
    let letters = folder.run("dead-letters list --json").ok().objects();
    assert_eq!((ids(&letters), &letters[0]["class"]), (vec![1], &"conflict".into()));
    let shown = folder.run("dead-letters show 1 --json").ok().last();
    assert_eq!(shown["record"]["price"], "0.53");
    let status = folder.run("spool status --json").ok().last();
    let holder = format!("process {} (tradekeep)", record.id());
    assert_eq!(
        (status["holder"].as_str(), status["dead_letters"].as_u64()),
        (Some(&*holder), Some(1))
    );
    let refused = folder.run("spool new-epoch --yes");
    assert!(refused.error(1).contains(&holder));

    // What contradicts still does: the letter is a new one then.
    folder.run("dead-letters replay --all").ok();
    folder.run("spool drain").done();
    let letters = folder.run("dead-letters list --json").ok().objects();
    assert_eq!(ids(&letters), [1, 2]);
    assert_eq!((&letters[0]["state"], &letters[1]["state"]), (&"replayed".into(), &"open".into()));
    assert_eq!(letters[0]["replayed_as"], letters[1]["seq"]);
    folder.run("spool verify").ok();
    let told = folder.run("tail --table fills").ok().objects();
    let prices: Vec<_> =
        told.iter().map(|line| line["record"]["price"].as_str().unwrap()).collect();
    assert_eq!(prices, ["0.52", "0.53", "0.53"]);
    drop(stdin);
    assert_eq!(record.wait().unwrap().code(), Some(2), "some became dead letters");
    // The first one of each table is an event.
    let events = folder.run("query events --json").ok().objects();
    let told: Vec<_> = events.iter().filter(|event| event["event_type"] == "dead_letter").collect();
    assert!(told[0]["message"].as_str().unwrap().contains("does not take a record of fills"));
    assert_eq!(told.len(), 1);
    folder.run("spool drain").done();
}

#[test]
fn what_needs_nothing_is_resolved_beside_the_recorder_and_without_it() {
    let folder = Folder::new();
    let recorder = with_letters(&folder);
    let resolve =
        |flags: &str| folder.run(&format!("dead-letters resolve --json {flags}")).ok().last();
    let told = |object: &Value| {
        ["resolved", "not_stored", "not_asked"].map(|name| object[name].as_u64().unwrap())
    };
    let states = || -> Vec<Value> {
        let list = folder.run("dead-letters list --json").ok().objects();
        list.iter().map(|letter| letter["state"].clone()).collect()
    };
    let asked = folder.run("dead-letters resolve");
    assert!(asked.error(64).starts_with("which letters? "), "{asked:?}");
    assert_eq!(told(&resolve("2")), [1, 0, 0]);
    assert_eq!(told(&resolve("2")), [0, 0, 0], "once");
    // Nobody has any of the others.
    assert_eq!(told(&resolve("--stored")), [0, 3, 0]);
    assert_eq!(states(), ["open", "resolved", "open", "open"]);
    recorder.stop();
    // Somebody brings one of them in by another way, and one with another price.
    let line = |letter: u64| folder.run(&format!("dead-letters export --id {letter}")).ok().stdout;
    folder.write("good.ndjson", line(1));
    folder.run("import good.ndjson").ok();
    assert_eq!(told(&resolve("--stored --table ticks")), [1, 1, 0]);
    let people = folder.run("dead-letters resolve --table metrics").ok().stdout;
    assert!(people.starts_with("1 letter resolved: "), "{people}");
    assert_eq!(states(), ["resolved", "resolved", "open", "resolved"]);
    let people = folder.run("dead-letters list").ok().stdout;
    assert!(people.ends_with("1 open letter, 0 replayed, 3 resolved\n"), "{people}");
    assert!(
        folder.run("dead-letters purge --resolved").ok().stdout.starts_with("3 letters removed")
    );
    assert_eq!(states(), ["open"]);
}
