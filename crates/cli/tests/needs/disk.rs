//! Full disks.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use tradekeep_test_servers::harness::Absent;

use crate::Test;
use crate::feed::{self, Recorder};
use crate::support::{Folder, TRADES};

pub(crate) const TESTS: &[Test] = &[
    ("rejects_on_a_full_disk", rejects_on_a_full_disk),
    ("a_store_on_a_full_disk", a_store_on_a_full_disk),
    ("record_waits_for_room_on_a_full_disk", record_waits_for_room_on_a_full_disk),
    ("what_cannot_be_written_is_said", what_cannot_be_written_is_said),
];

/// The device that takes nothing.
fn full_device() -> Result<File, Absent> {
    let full = File::options().write(true).open("/dev/full");
    full.map_err(|_| "there is no /dev/full here".to_owned())
}

fn rejects_on_a_full_disk() -> Result<(), Absent> {
    full_device()?;
    let folder = Folder::new();
    folder.write("mixed.csv", format!("{TRADES}short\n"));
    let run = folder.run("import mixed.csv --json --rejected /dev/full");
    let error = run.error(1);
    assert!(error.contains("/dev/full") && error.contains("--rejected"), "{error}");
    assert_eq!(run.counts(), [5, 4, 0, 1]);
    assert_eq!(folder.stored(), 4);
    Ok(())
}

/// A file system of few megabytes, gone with this.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: PathBuf, megabytes: u32) -> Result<Self, Absent> {
        fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(&path);
        match mount.output() {
            Ok(output) if output.status.success() => Ok(Self(path)),
            _ => Err("a file system cannot be mounted by this user here".into()),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What cannot be unmounted is left to the system.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn a_store_on_a_full_disk() -> Result<(), Absent> {
    let folder = Folder::new();
    let _disk = SmallDisk::mount(folder.path("disk"), 4)?;
    folder.write("trades.csv", TRADES);
    folder.run("--data disk/data import trades.csv").ok();
    let rows = (0..400_000u64).map(|i| {
        let (price, quantity) = (i * 2_654_435_761 % 1_000_003, i * 40_503 % 10_007);
        format!("{},X,{price},{quantity},{i}\n", 1_600_000_000 + i)
    });
    folder.write("long.csv", format!("ts,symbol,price,qty,id\n{}", rows.collect::<String>()));
    let run = folder.run("--data disk/data import long.csv --json");
    let error = run.error(1);
    assert!(error.contains("the disk is full: free some space"), "{error}");
    let imported = run.last()["imported"].as_u64().unwrap();
    let stats = folder.run("--data disk/data stats --json");
    assert_eq!(stats.last()["ticks"], 4 + imported, "{stats:?}");
    let kept = folder.run("--data disk/data query ticks --venue kraken --json");
    assert_eq!(kept.objects().len(), 4);
    Ok(())
}

fn record_waits_for_room_on_a_full_disk() -> Result<(), Absent> {
    const EVENTS: u64 = 400;
    let folder = Folder::new();
    let _disk = SmallDisk::mount(folder.path("small"), 48)?;
    folder.write("tradekeep.toml", "[ingest]\nfolder = 'small'\nblock_ms = 50\n");
    // Room for one segment of 16 MiB, and not for the next.
    let ballast = folder.path("small/ballast");
    fs::write(&ballast, vec![1; 24 << 20]).unwrap();
    let mut recorder = Recorder::start(&folder, "--json --receipts written");
    let mut stdin = recorder.stdin.take().unwrap();
    let feeding = thread::spawn(move || {
        let message = "x".repeat(60_000);
        for number in 1..=EVENTS {
            let line = format!(
                "{{\"type\":\"event\",\"ts\":\"2024-08-08T10:00:05Z\",\"severity\":\"info\",\
                 \"message\":\"{message}\",\"stream\":\"bot\",\"seq\":{number}}}\n"
            );
            stdin.write_all(line.as_bytes()).unwrap();
        }
    });
    let note = recorder.told("note: ");
    assert!(note.contains("free space on that disk"), "{note}");
    assert!(note.ends_with("; the input waits"), "{note}");
    fs::remove_file(&ballast).unwrap();
    let run = recorder.end();
    feeding.join().unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(feed::counts(&run), [EVENTS, EVENTS, 0, 0]);
    let found = folder.run("query events --json --limit 10000").ok().objects();
    let mut ours: Vec<_> = found
        .iter()
        .filter(|event| event["stream"] == "bot")
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    ours.sort_unstable();
    assert_eq!(ours, (1..=EVENTS).collect::<Vec<_>>());
    Ok(())
}

fn what_cannot_be_written_is_said() -> Result<(), Absent> {
    let full = full_device()?;
    let folder = Folder::with_trades();
    let output = Command::new(env!("CARGO_BIN_EXE_tradekeep"))
        .args(["query", "ticks", "--json"])
        .current_dir(folder.path(""))
        .stdout(Stdio::from(full))
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.starts_with("error: cannot write to stdout: "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
    Ok(())
}
