//! Damaged databases, and processes that do not let go of them.

use std::fs;
use std::process::Command;

use crate::support::Folder;

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
        for args in ["import trades.csv", "query ticks", "stats"] {
            let run = folder.run(args);
            let error = run.error(1);
            assert!(error.contains("tradekeep.duckdb"), "{args}: {error}");
            assert_eq!(fs::read(&file).unwrap(), damaged, "{args} changed the file");
        }
        for args in ["health", "health --json"] {
            let run = folder.run(args);
            assert_eq!(run.code, Some(1), "{run:?}");
            assert!(run.stdout.contains("tradekeep.duckdb"), "{run:?}");
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
        .args(["record", "--json", "--receipts", "synced"])
        .current_dir(folder.path(""))
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = holder.stdin.take().unwrap();
    writeln!(stdin, "{{\"type\":\"metric\",\"ts\":\"2024-08-08\",\"name\":\"lag\",\"value\":1}}")
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("seq"), "{line}");
    let log = folder.path("tradekeep-data/tradekeep.duckdb.wal");
    let since = std::time::Instant::now();
    while !log.exists() {
        assert!(since.elapsed() < std::time::Duration::from_secs(60), "nothing is stored");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // It has the database open, and does nothing any more: not even see that others wait.
    tradekeep_test_servers::pause(&holder).unwrap();
    let run = folder.run("import trades.csv");
    let error = run.error(1);
    if cfg!(target_os = "linux") {
        assert!(error.contains(&format!("process {} (tradekeep) has", holder.id())), "{error}");
    }
    assert!(error.contains("has the database open"), "{error}");
    let go_on = ["-CONT", &holder.id().to_string()];
    assert!(Command::new("kill").args(go_on).status().unwrap().success());
    drop(stdin);
    assert!(holder.wait().unwrap().success());
    assert_eq!(folder.stored(), 4);
}
