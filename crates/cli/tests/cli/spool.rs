//! `tradekeep spool`.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use crate::recorder::{Recorder, sink_id, ticks, until, url};
use crate::support::Folder;

#[test]
fn where_nothing_was_recorded_it_says_so() {
    let folder = Folder::new();
    for args in ["spool status", "spool verify", "spool drain", "spool forget x", "tail"] {
        let run = folder.run(args);
        let error = run.error(1);
        assert!(error.contains("there is no spool: name the folder"), "{args}: {error}");
    }
    folder.run("spool new-epoch --yes").error(1);
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 0, "nothing is made");
}

#[test]
fn status_tells_what_waits_and_why_beside_the_recorder() {
    let folder = Folder::new();
    let recorder = Recorder::of(&folder);
    recorder.deliver(ticks(0..10));
    recorder.halt();
    let first = recorder.append(ticks(10..25));
    until("it is halted", || recorder.stats().lanes().any(|lane| lane.pending == 15));
    let lane = || {
        let objects = folder.run("spool status --json").ok().objects();
        objects.into_iter().find(|object| object["type"] == "ticks")
    };
    until("the files and the recorder tell it", || {
        lane().is_some_and(|lane| lane["status"] == "halted" && lane["applied"] == 10)
    });
    let lane = lane().unwrap();
    assert_eq!((lane["accepted"].as_u64(), lane["pending"].as_u64()), (Some(25), Some(15)));
    assert_eq!((lane["oldest_seq"].as_u64(), lane["unaccounted"].as_i64()), (Some(first), Some(0)));
    assert_eq!(lane["name"], "duckdb://./tradekeep-data");
    assert!(lane["reason"].as_str().unwrap().contains("wrong key"));
    let total = folder.run("spool status --json").ok().last();
    assert_eq!((total["pending"].as_u64(), total["epoch"].as_u64()), (Some(15), Some(1)));
    assert!(total["holder"].as_str().unwrap().starts_with("process "));

    let people = folder.run("spool status").ok().stdout;
    for part in [
        "held by process ",
        "duckdb://./tradekeep-data  ticks",
        "is halted: ",
        "15 records waiting",
    ] {
        assert!(people.contains(part), "{part}: {people}");
    }
    recorder.stop();
    let people = folder.run("spool status").ok().stdout;
    assert!(people.contains("held by nobody") && !people.contains("is halted"), "{people}");
}

#[test]
fn health_and_stats_tell_of_it_too() {
    let folder = Folder::with_trades();
    assert_eq!(folder.run("health --json").ok().objects().len(), 1, "nothing was recorded yet");
    let recorder = Recorder::of(&folder);
    recorder.deliver(ticks(0..10));
    until("the files tell that nothing waits", || {
        let people = folder.run("health").ok().stdout;
        people.ends_with("spool: healthy, 0 records waiting, 0 dead letters\n")
    });
    recorder.halt();
    recorder.append(ticks(10..25));
    until("it is halted", || recorder.stats().lanes().any(|lane| lane.pending == 15));
    until("health tells it", || {
        let people = folder.run("health").stdout;
        people.contains("spool: in trouble, 15 records waiting, 0 dead letters\n")
            && people.contains("  duckdb://./tradekeep-data is halted: ")
            && people.contains("wrong key")
    });
    assert_eq!(folder.run("health").code, Some(1));
    let spool = folder.run("health --json").last();
    assert_eq!((&spool["store"], spool["healthy"].as_bool()), (&"spool".into(), Some(false)));
    recorder.stop();
    let people = folder.run("health").stdout;
    assert!(
        people.contains("  15 records waiting, and nobody delivers: `tradekeep rec"),
        "{people}"
    );

    let people = folder.run("stats").ok().stdout;
    let account = "spool: 25 records accepted: 10 stored, 15 waiting, 0 dead, 0 unaccounted for\n";
    assert!(people.ends_with(account), "{people}");
    let objects = folder.run("stats --json").ok().objects();
    let spool = objects.iter().find(|object| object.get("spool").is_some()).unwrap();
    assert_eq!(
        spool["spool"],
        serde_json::json!({
            "accepted": 25, "before": 0, "applied": 10, "dead": 0, "pending": 15, "unaccounted": 0,
        })
    );
    folder.run("spool drain").done();
    let people = folder.run("health").ok().stdout;
    assert!(people.contains("spool: healthy, 0 records waiting, 0 dead letters"), "{people}");
}

#[test]
fn verify_tells_damage() {
    let folder = Folder::new();
    let recorder = Recorder::of(&folder);
    recorder.halt();
    recorder.append(ticks(0..50));
    let sound = folder.run("spool verify --json").ok().last();
    assert_eq!(
        (sound["sound"].as_bool(), sound["types"]["ticks"].as_u64()),
        (Some(true), Some(50))
    );
    let people = folder.run("spool verify").ok().stdout;
    assert!(people.contains("ticks") && people.contains(" records in 1 segment, "), "{people}");
    recorder.stop();
    let segments = fs::read_dir(folder.path("tradekeep-data/spool")).unwrap();
    let mut segments: Vec<_> = segments.map(|entry| entry.unwrap().path()).collect();
    segments.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    segments.sort();
    let file = OpenOptions::new().write(true).open(&segments[0]).unwrap();
    file.write_all_at(&[0xff; 8], 1_500).unwrap();
    let run = folder.run("spool verify");
    let error = run.error(1);
    assert!(error.starts_with("the spool is damaged (1 damaged place): whole records"), "{error}");
    assert!(run.stdout.contains("  damaged: "), "{}", run.stdout);
    let json = folder.run("spool verify --json");
    json.error(1);
    // Not always the first: what is made ahead may come too late.
    let name = segments[0].file_name().unwrap().to_str().unwrap();
    assert_eq!(json.last()["spool"]["damaged"][0]["file"], name);
}

#[test]
fn drain_asks_the_recorder() {
    let folder = Folder::new();
    let recorder = Recorder::of(&folder);
    recorder.halt();
    recorder.append(ticks(0..20));
    let run = folder.run("spool drain --wait 1");
    let error = run.error(1);
    assert!(error.starts_with("20 records still to be delivered; duckdb://"), "{error}");
    assert!(error.contains("wrong key"), "{error}");
    recorder.mend();
    let drained = folder.run("spool drain --json").ok().last();
    assert_eq!((drained["pending"].as_u64(), drained["dead_letters"].as_u64()), (Some(0), Some(0)));
    assert!(folder.run("spool drain").done().stdout.starts_with("every store has all"));
    let error = folder.run(&format!("spool drain --to {}", url(&folder, "tradekeep-data")));
    assert!(error.error(1).ends_with("has the spool: stop it first"));
    recorder.stop();
}

#[test]
fn drain_delivers_where_nobody_records() {
    let folder = Folder::new();
    let recorder = Recorder::of(&folder);
    recorder.halt();
    recorder.append(ticks(0..20));
    recorder.stop();
    folder.run("spool drain").done();
    assert_eq!(folder.stored(), 20);
    // It let go.
    assert_eq!(folder.run("spool status --json").ok().last()["holder"], serde_json::Value::Null);
    Recorder::of(&folder).stop();
}

#[test]
fn a_store_that_is_configured_no_more_is_drained_or_forgotten() {
    let folder = Folder::new();
    let recorder = Recorder::with(&folder, &["tradekeep-data", "old"]);
    recorder.halt();
    recorder.append(ticks(0..20));
    recorder.stop();
    let run = folder.run("spool drain");
    let error = run.error(1);
    let old = sink_id(&folder, "old");
    assert!(
        error.starts_with("20 records wait for duckdb://./old, which is not configured"),
        "{error}"
    );
    assert!(error.contains(&format!("tradekeep spool forget {old}")), "{error}");
    let run = folder.run("spool drain --to duckdb://./other");
    let error = run.error(1);
    assert!(error.starts_with("nothing waits for duckdb://./other: the spool knows "), "{error}");
    assert!(!folder.path("other").exists());

    let copy = Folder::new();
    for entry in fs::read_dir(folder.path("tradekeep-data/spool")).unwrap() {
        let entry = entry.unwrap();
        fs::create_dir_all(copy.path("tradekeep-data/spool")).unwrap();
        let to = copy.path("tradekeep-data/spool").join(entry.file_name());
        fs::copy(entry.path(), to).unwrap();
    }
    folder.run("spool drain --to duckdb://./old").done();
    assert_eq!(folder.stored(), 20);
    let old_store = folder.run("--data old stats --json").ok().last();
    assert_eq!(old_store["ticks"], 20);
    folder.run("spool drain").done();

    let run = copy.run(&format!("spool forget {old}"));
    let error = run.error(64);
    assert!(
        error.starts_with("20 records that ")
            && error.contains("would be given up (ticks 20): ")
            && error.ends_with("or repeat with --yes"),
        "{error}"
    );
    let forgotten = copy.run(&format!("spool forget {old} --yes --json")).ok().last();
    assert_eq!(
        (forgotten["given_up"].as_u64(), &forgotten["name"]),
        (Some(20), &"duckdb://./old".into())
    );
    let again = copy.run(&format!("spool forget {old} --yes"));
    assert!(again.error(1).contains("is none that the spool knows; it knows duckdb-"));
}

#[test]
fn what_needs_the_spool_is_refused_beside_the_recorder() {
    let folder = Folder::new();
    let recorder = Recorder::of(&folder);
    recorder.deliver(ticks(0..5));
    let refused = |args: &str| {
        let run = folder.run(args);
        assert!(run.error(1).contains("has the spool: stop it first"), "{run:?}");
    };
    until("the spool knows its store", || {
        folder.run("spool status --json").ok().objects().len() > 1
    });
    refused("spool forget duckdb://./tradekeep-data --yes");
    refused("spool new-epoch --yes");
    recorder.stop();
    let unasked = folder.run("spool new-epoch");
    assert!(unasked.error(64).starts_with("epoch 1 would end"));
    let begun = folder.run("spool new-epoch --yes --json").ok().last();
    assert_eq!((begun["epoch"].as_u64(), begun["again"].as_u64()), (Some(2), Some(5)));
    folder.run("spool drain").done();
    assert_eq!(folder.stored(), 5);
}
