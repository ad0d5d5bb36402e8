//! `tradekeep tail`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use serde_json::Value;
use tradekeep::models::{Metric, Name};

use crate::recorder::{Recorder, SOON, ticks};
use crate::support::Folder;

/// `tail` that goes on.
fn following(folder: &Folder) -> Child {
    Command::new(env!("CARGO_BIN_EXE_tradekeep"))
        .args(["tail", "--follow", "--table", "ticks"])
        .current_dir(folder.path(""))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn what_is_held_is_told() {
    let folder = Folder::new();
    let recorder = Recorder::of(&folder);
    recorder.halt();
    let first = recorder.append(ticks(0..3));
    let ts = "2024-08-08T10:00:05Z".parse().unwrap();
    recorder.append(vec![Metric::new(ts, Name::new("lag_ms").unwrap(), 45.3)]);
    // But for the events that tell of the halt.
    let told = |args: &str| {
        let mut told = folder.run(args).ok().objects();
        told.retain(|line| line["type"] != "system_events");
        told
    };
    let all = told("tail");
    assert_eq!(all.len(), 4);
    assert_eq!((all[0]["seq"].as_u64(), &all[0]["type"]), (Some(first), &"ticks".into()));
    assert!(all[0]["time"].as_str().unwrap().ends_with('Z'));
    assert_eq!(all[2]["record"]["trade_id"], "2");
    assert_eq!(all[3]["record"]["name"], "lag_ms");
    assert!(all[3]["record"]["seq"].is_u64(), "its own, in its own object");
    assert_eq!(told("tail --table metrics"), all[3..]);
    assert_eq!(told(&format!("tail --from {} --json", first + 1)), all[1..]);
    recorder.stop();
    assert_eq!(told("tail"), all[..]);
}

#[test]
fn what_comes_is_told_as_it_comes() {
    let folder = Folder::new();
    let recorder = Recorder::of(&folder);
    let mut tail = following(&folder);
    let stdout = BufReader::new(tail.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in stdout.lines() {
            if sender.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    let next = || -> Value { serde_json::from_str(&lines.recv_timeout(SOON).unwrap()).unwrap() };
    recorder.deliver(ticks(0..2));
    let (one, two) = (next(), next());
    assert_eq!(
        (&one["record"]["trade_id"], &two["record"]["trade_id"]),
        (&"0".into(), &"1".into())
    );
    recorder.stop();
    // It outlives the recorder.
    let recorder = Recorder::of(&folder);
    recorder.append(ticks(2..3));
    let three = next();
    assert_eq!(three["record"]["trade_id"], "2");
    assert!(three["seq"].as_u64() > two["seq"].as_u64());
    tail.kill().unwrap();
    tail.wait().unwrap();
    recorder.stop();
}

#[test]
fn it_ends_when_nobody_reads_it_any_more() {
    let folder = Folder::new();
    let recorder = Recorder::of(&folder);
    recorder.append(ticks(0..1));
    let mut tail = following(&folder);
    let mut line = String::new();
    // As `head -1` does, after which nothing comes.
    BufReader::new(tail.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || sender.send(tail.wait().unwrap()));
    assert!(ended.recv_timeout(SOON).unwrap().success());
    recorder.stop();
}
