//! Full disks and damaged databases.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Folder, TRADES};

#[test]
fn rejects_on_a_full_disk() {
    if fs::File::options().write(true).open("/dev/full").is_err() {
        eprintln!("skipped rejects_on_a_full_disk: no /dev/full here");
        return;
    }
    let folder = Folder::new();
    folder.write("mixed.csv", format!("{TRADES}short\n"));
    let run = folder.run("import mixed.csv --json --rejected /dev/full");
    let error = run.error(1);
    assert!(error.contains("/dev/full") && error.contains("--rejected"), "{error}");
    assert_eq!(run.counts(), [5, 4, 0, 1]);
    assert_eq!(folder.stored(), 4);
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

#[test]
fn a_store_on_a_full_disk() {
    let folder = Folder::new();
    let Some(_disk) = SmallDisk::mount(folder.path("disk")) else {
        eprintln!("skipped a_store_on_a_full_disk: a file system cannot be mounted here");
        return;
    };
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
}

#[test]
fn a_corrupted_database_is_left_as_it_is() {
    let folder = Folder::with_trades();
    let file = folder.path("tradekeep-data/tradekeep.duckdb");
    let whole = fs::read(&file).unwrap();
    let mut header = whole.clone();
    header[..64].fill(0xff);
    let mut middle = whole.clone();
    for byte in middle.iter_mut().skip(12_288) {
        *byte ^= 0x55;
    }
    for damaged in [header, middle, b"not a database".to_vec()] {
        fs::write(&file, &damaged).unwrap();
        for args in ["import trades.csv", "query ticks", "stats", "health", "health --json"] {
            let run = folder.run(args);
            let error = run.error(1);
            assert!(error.contains("tradekeep.duckdb"), "{args}: {error}");
            assert_eq!(fs::read(&file).unwrap(), damaged, "{args} changed the file");
            if args.ends_with("--json") {
                assert_eq!(run.last()["healthy"], false);
            }
        }
    }
    // Whoever has a backup has everything.
    fs::write(&file, whole).unwrap();
    assert_eq!(folder.stored(), 4);
}

#[test]
fn a_process_that_does_not_let_go_is_named() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;
    let folder = Folder::with_trades();
    let mut holder = Command::new(env!("CARGO_BIN_EXE_tradekeep"))
        .args(["import", "-", "-v"])
        .current_dir(folder.path(""))
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = holder.stdin.take().unwrap();
    stdin.write_all(TRADES.as_bytes()).unwrap();
    let mut stderr = BufReader::new(holder.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("importing") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended early");
    }
    // It has read, and does nothing any more: not even see that others wait.
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &holder.id().to_string()]).status().unwrap();
        assert!(sent.success());
    };
    signal("-STOP");
    assert_eq!(folder.stored(), 4, "readers share");
    let run = folder.run("import trades.csv");
    let error = run.error(1);
    if cfg!(target_os = "linux") {
        assert!(error.contains(&format!("process {} (tradekeep) has", holder.id())), "{error}");
    }
    assert!(error.contains("has the database open"), "{error}");
    signal("-CONT");
    drop(stdin);
    assert!(holder.wait().unwrap().success());
    assert_eq!(folder.stored(), 4);
}
