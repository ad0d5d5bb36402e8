//! Lines that `record` does not take, and fields that it is told to leave out.

use std::fs;

use serde_json::Value;

use crate::feed::{counts, record, tick, ticks};
use crate::support::Folder;

/// A tick as a venue tells it that has something new to say, of itself and of somebody else's.
fn with_more(number: u64) -> String {
    tick(number).replace('{', "{\"maker\":{\"id\":[1,null]},\"b\\u0061d\":\"}\",")
}

#[test]
fn a_new_field_of_a_source_costs_nothing_where_that_is_asked_for() {
    let folder = Folder::new();
    let input = format!("{}{}{}", tick(1), with_more(2), with_more(3));
    let run = record(&folder, "--json", input.clone());
    assert_eq!(counts(&run), [3, 1, 2, 0], "it may be a misspelt one");
    let run = record(&folder, "--json --unknown-fields ignore", input.clone()).done();
    assert_eq!(counts(&run), [3, 3, 0, 0]);
    assert_eq!(run.last()["ignored_fields"], 4);
    let note =
        |name: &str| format!("note: a tick has no field `{name}`: it is ignored, and counted\n");
    assert_eq!(run.stderr, note("bad") + &note("maker"), "each once");
    let people = record(&folder, "--unknown-fields ignore", with_more(4)).done().stdout;
    assert!(people.contains("1 accepted, 0 rejected, 2 unknown fields ignored; "), "{people}");
    assert_eq!(folder.stored(), 4);
    // What it should have is still asked for, and twice is twice.
    for line in [
        with_more(5).replace("\"price\"", "\"prize\""),
        tick(5).replace('{', "{\"price\":1,\"x\":1,"),
        "{\"x\":1".into(),
        "[1]".into(),
    ] {
        let run = record(&folder, "--json --unknown-fields ignore", format!("{line}\n{}", tick(1)));
        assert_eq!((counts(&run), run.code), ([2, 1, 1, 0], Some(2)), "{line}: {run:?}");
    }
    assert_eq!(folder.stored(), 4);
}

#[test]
fn long_lines_are_kept_whole() {
    let folder = Folder::new();
    let line = format!("{{\"prize\":\"{}\"}}", "€".repeat(200_000));
    let run = record(&folder, "--json", format!("{line}\n{}", tick(1)));
    assert_eq!(counts(&run), [2, 1, 1, 0]);
    let kept = folder.read(run.last()["rejected_file"].as_str().unwrap());
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["row"], *line);
}

#[test]
fn bytes_that_are_no_text_are_kept_too() {
    let folder = Folder::new();
    let run =
        record(&folder, "--json", [b"{\"symbol\":\"\xff\xfe\"}\n", tick(1).as_bytes()].concat());
    assert_eq!(counts(&run), [2, 1, 1, 0]);
    let kept = folder.read(run.last()["rejected_file"].as_str().unwrap());
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["row"], "{\"symbol\":\"\u{fffd}\u{fffd}\"}");
    // base64 of the line as it came.
    assert_eq!(kept["row_base64"], "eyJzeW1ib2wiOiL//iJ9");
}

#[test]
fn what_cannot_be_kept_is_counted_and_ends_nothing() {
    let folder = Folder::new();
    let input = format!("{{}}\n{}[]\n{}", tick(1), ticks(2..5));
    // There is room for one.
    folder.write("tradekeep.toml", "[ingest]\nrejects_max_bytes = 100\n");
    let run = record(&folder, "--json", input.clone());
    assert_eq!((counts(&run), run.code), ([6, 4, 2, 0], Some(2)));
    assert_eq!(run.last()["unkept"], 1);
    let kept = folder.read(run.last()["rejected_file"].as_str().unwrap());
    assert_eq!(kept.lines().count(), 1);
    assert!(run.stderr.contains("note: rejected lines are not kept from line 3 on, and only counted: ingest.rejects_max_bytes are full"), "{run:?}");
    assert!(run.stderr.contains(", but for 1 that could not be kept; "), "{run:?}");
    // Nor anything where no folder can be made.
    let rejected = folder.path("tradekeep-data/rejected");
    fs::remove_dir_all(&rejected).unwrap();
    fs::write(&rejected, "in the way").unwrap();
    folder.write("tradekeep.toml", "");
    let run = record(&folder, "--json", input);
    assert_eq!((counts(&run), run.code), ([6, 4, 2, 0], Some(2)));
    assert_eq!(run.last()["unkept"], 2);
    assert!(run.stderr.contains("error: 2 of 6 lines rejected, and not kept: "), "{run:?}");
    assert_eq!(folder.stored(), 4);
}
