//! Full disks.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::{Folder, TRADES};
use crate::{Absent, Test};

pub(crate) const TESTS: &[Test] = &[
    ("rejects_on_a_full_disk", rejects_on_a_full_disk),
    ("a_store_on_a_full_disk", a_store_on_a_full_disk),
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
    fn mount(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).ok()?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(&path);
        mount.output().ok()?.status.success().then(|| Self(path))
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
    let _disk = SmallDisk::mount(folder.path("disk"))
        .ok_or("a file system cannot be mounted by this user here")?;
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
