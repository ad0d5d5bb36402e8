//! `tradekeep import`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Folder, TRADES};

#[test]
fn again_adds_nothing() {
    let folder = Folder::new();
    folder.write("trades.csv", TRADES);
    let first = folder.run("import trades.csv --json").ok().last();
    let expected = [
        ("file", json!("trades.csv")),
        ("format", json!("csv")),
        ("read", json!(4)),
        ("imported", json!(4)),
        ("duplicates", json!(0)),
        ("rejected", json!(0)),
        ("first_ts", json!("2024-08-08T10:00:05.000000000Z")),
        ("last_ts", json!("2024-08-08T10:03:00.000000000Z")),
        ("rejected_file", Value::Null),
        ("error", Value::Null),
    ];
    for (name, value) in expected {
        assert_eq!(first[name], value, "{name}");
    }
    assert_eq!(folder.run("import trades.csv --json").ok().counts(), [4, 0, 4, 0]);
    let people = folder.run("import trades.csv").ok().stdout;
    let start = "4 rows read: 0 imported, 4 known already, 0 rejected; 2024-08-08 10:00:05 to ";
    assert!(people.starts_with(start) && people.lines().count() == 1, "{people}");
    assert_eq!(folder.stored(), 4);
    assert!(!folder.path("trades.csv.rejected.ndjson").exists());
}

#[test]
fn bad_rows_are_set_aside() {
    let folder = Folder::new();
    let text = format!("{TRADES}2024-08-08T10:04:00Z,kraken,BTC-USD,5,cheap,1,buy\nshort\n");
    folder.write("mixed.csv", &text);
    folder.write("mixed.csv.rejected.ndjson", "of an earlier run");
    let run = folder.run("import mixed.csv --json");
    let error = run.error(2);
    assert!(
        error.starts_with("mixed.csv: 2 of 6 rows rejected, the first in line 6 (price: "),
        "{error}"
    );
    assert!(error.contains("mixed.csv.rejected.ndjson"), "{error}");
    assert_eq!(run.counts(), [6, 4, 0, 2]);
    assert_eq!(run.last()["rejected_file"], "mixed.csv.rejected.ndjson");
    let rejects = folder.read("mixed.csv.rejected.ndjson");
    let rejects: Vec<Value> = rejects.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rejects.len(), 2);
    assert_eq!(rejects[0]["line"], 6);
    assert_eq!(rejects[0]["row"], "2024-08-08T10:04:00Z,kraken,BTC-USD,5,cheap,1,buy");
    assert_eq!(
        rejects[1],
        json!({
            "line": 7,
            "reason": "row: has 1 fields where 7 belong",
            "row": "short",
        })
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let found = fs::metadata(folder.path("mixed.csv.rejected.ndjson")).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(folder.stored(), 4);
    let people = folder.run("import mixed.csv");
    assert!(people.stdout.contains("2 rejected (see mixed.csv.rejected.ndjson)"), "{people:?}");
}

#[test]
fn rejects_go_where_asked() {
    let folder = Folder::new();
    folder.write("a.csv", "ts,symbol,price,qty\n2024-01-01,X,1,1\nbad\n");
    folder.write("b.csv", "ts,symbol,price,qty\nworse\n2024-01-01,X,2,1\n");
    let run = folder.run("import a.csv b.csv --rejected out.ndjson --json");
    assert_eq!(run.code, Some(2));
    assert_eq!(run.counts(), [4, 2, 0, 2]);
    let lines = folder.read("out.ndjson");
    let files: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["file"].clone())
        .collect();
    assert_eq!(files, ["a.csv", "b.csv"]);
    let refused = folder.run("import a.csv --rejected ./a.csv");
    assert!(refused.error(64).contains("would overwrite a.csv"));
    assert!(folder.read("a.csv").contains("2024-01-01"), "the source is untouched");
}

#[test]
fn stdin_and_its_rejects() {
    let folder = Folder::new();
    let run = folder.run_with("import - --json", format!("{TRADES}short\n"));
    assert!(run.error(2).starts_with("-: 1 of 5 rows rejected"));
    assert_eq!(run.counts(), [5, 4, 0, 1]);
    let file = run.last()["rejected_file"].as_str().unwrap().to_owned();
    assert!(file.starts_with("./tradekeep-data/rejected/stdin-20"), "{file}");
    assert!(folder.read(&file).contains("\"row\":\"short\""));
    assert!(folder.run("import - -").error(64).contains("given once"));
}

#[test]
fn several_files_and_their_total() {
    let folder = Folder::new();
    folder.write("a.csv", TRADES);
    folder.write("b.csv", format!("{TRADES}2024-08-09,kraken,BTC-USD,9,1,1,buy\n"));
    let run = folder.run("import a.csv missing.csv b.csv --json");
    assert_eq!(run.error(1), "missing.csv: there is no such file: check its path");
    let objects = run.objects();
    let names: Vec<_> = objects.iter().map(|object| object["file"].as_str().unwrap()).collect();
    assert_eq!(names, ["a.csv", "missing.csv", "b.csv", "total"]);
    assert!(objects[1]["error"].is_string());
    assert_eq!(run.counts(), [9, 5, 4, 0]);
    assert_eq!(objects[3]["first_ts"], "2024-08-08T10:00:05.000000000Z");
    assert_eq!(objects[3]["last_ts"], "2024-08-09T00:00:00.000000000Z");
    let people = folder.run("import a.csv b.csv").ok().stdout;
    assert!(people.lines().last().unwrap().starts_with("total: 9 rows read"), "{people}");
}

#[test]
fn what_a_file_does_not_say_is_said() {
    let folder = Folder::new();
    folder.write("odd.csv", "when,last,volume\n1723111205,61837.63,0.5\n1723111205,61837.63,0.5\n");
    let missing = folder.run("import odd.csv");
    assert!(missing.error(1).contains("--map ts=COLUMN,price=COLUMN"), "{missing:?}");
    let missing = folder.run("import odd.csv --map ts=when,price=last");
    assert!(missing.error(1).contains("--symbol"), "{missing:?}");
    let args = "import odd.csv --map ts=when,price=last --symbol X --venue here --json";
    // Equal rows are kept apart within a file, and by --source between files.
    assert_eq!(folder.run(args).ok().counts(), [2, 2, 0, 0]);
    assert_eq!(folder.run(args).ok().counts(), [2, 0, 2, 0]);
    let other = folder.run(&format!("{args} --source second"));
    assert_eq!(other.ok().counts(), [2, 2, 0, 0]);
    let tick = folder.run("query ticks --json --limit 1").objects().remove(0);
    assert_eq!((&tick["venue"], &tick["symbol"]), (&json!("here"), &json!("X")));
    let wrong = folder.run("import odd.csv --format dbn");
    assert!(wrong.error(1).contains("this is no dbn file"), "{wrong:?}");
}

#[test]
fn what_is_queried_can_be_imported() {
    let folder = Folder::with_trades();
    let rows = folder.run("query ticks --json").ok().stdout;
    let other = Folder::new();
    assert_eq!(other.run_with("import - --json", rows.clone()).ok().counts(), [4, 4, 0, 0]);
    assert_eq!(other.run("query ticks --json").ok().stdout, rows);
    assert_eq!(folder.run_with("import - --json", rows).ok().counts(), [4, 0, 4, 0]);
}

#[test]
fn ctrl_c_keeps_what_was_read() {
    let folder = Folder::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tradekeep"))
        .args(["import", "-", "--json", "-v"])
        .current_dir(folder.path(""))
        .env_remove("RUST_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One write, which the reader takes in whole before it says that it imports.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(TRADES.as_bytes()).unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("importing") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended early");
    }
    let id = child.id().to_string();
    // The shell's own kill: the program is in a package that small systems do without.
    let kill = ["-c", "kill -INT \"$1\"", "sh", &id];
    assert!(Command::new("sh").args(kill).status().unwrap().success());
    let status = child.wait().unwrap();
    drop(stdin);
    let (mut stdout, mut rest) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(status.code(), Some(130), "{stdout}{rest}");
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(summary["imported"], 4);
    assert!(rest.contains("error: stopped by Ctrl-C"), "{rest}");
    assert_eq!(folder.stored(), 4);
}

#[test]
fn a_configuration_names_the_store_and_data_wins() {
    let folder = Folder::new();
    folder.write("trades.csv", TRADES);
    folder
        .write("tradekeep.toml", "[stores]\nseries = 'duckdb://./here'\n[query]\nmax_results = 2");
    folder.run("import trades.csv").ok();
    assert!(folder.path("here/tradekeep.duckdb").exists());
    assert!(!folder.path("tradekeep-data").exists());
    // Two rows, and where to go on.
    assert_eq!(folder.run("query ticks --json").ok().objects().len(), 3);
    folder.run("--data there import trades.csv").ok();
    assert!(folder.path("there/tradekeep.duckdb").exists());
    assert_eq!(folder.run("query ticks --json --data there").ok().objects().len(), 3);
    folder.write("other.yaml", "stores:\n  series: 'duckdb://./there'\n");
    assert_eq!(folder.run("--config other.yaml query ticks --json").ok().objects().len(), 4);
    folder.write("tradekeep.yaml", "stores:\n  series: 'duckdb://./there'\n");
    let both = folder.run("query ticks");
    assert!(both.error(1).contains("tradekeep.toml and tradekeep.yaml are both here"), "{both:?}");
    let named = folder.run("--config tradekeep.yaml query ticks --json").ok();
    assert_eq!(named.objects().len(), 4);
    std::fs::remove_file(folder.path("tradekeep.toml")).unwrap();
    assert_eq!(folder.run("query ticks --json").ok().objects().len(), 4);
    folder.write("bad.toml", "[stores]\nserie = 'memory://'\nticks = 'oracle://x'");
    let error = folder.run("--config bad.toml stats");
    assert!(error.error(1).contains("serie is not a key") && error.stderr.contains("oracle"));
    assert!(folder.run("--config gone.toml stats").error(1).contains("gone.toml"));
}
