//! `record` and what it leaves: one spool into two stores, dead letters.

use std::fs;
use std::path::Path;

use serde_json::json;
use tokio::runtime::Runtime;
use tradekeep::models::Table;
use tradekeep::{Config, Tradekeep};

use crate::feed::{self, counts};
use crate::scratch::Scratch;
use crate::{Test, own};

pub(crate) const TESTS: &[Test] = &[
    ("one_spool_feeds_both_stores", both_stores),
    ("what_is_under_a_floor_is_a_dead_letter", under_a_floor),
];

/// Records of every type as lines, as the embedded store of another folder tells them.
fn lines() -> (u64, String) {
    let folder = own::folder();
    let mut lines = feed::ticks(0..20);
    for (kind, query, _) in own::files() {
        let kind = kind.trim_end_matches('s').replace("system-event", "event");
        let kind = match kind.as_str() {
            "latencie" => "latency",
            "mev-event" => "mev",
            "node-health" => "node",
            kind => kind,
        };
        for line in folder.run(&format!("{query} --json")).ok().stdout.lines() {
            lines += &line.replacen('{', &format!("{{\"type\":\"{kind}\","), 1);
            lines.push('\n');
        }
    }
    (lines.lines().count() as u64, lines)
}

fn both_stores(scratch: &Scratch) {
    let (count, lines) = lines();
    let run = feed::record(&scratch.folder, "--config both.toml --json", lines.clone());
    assert_eq!((run.code, counts(&run)), (Some(0), [count, count, 0, 0]), "{run:?}");
    scratch.answer_alike(LISTS);

    // Sent again nothing is stored twice: every record has an identity.
    let rows = || {
        let tables = scratch.on_server("stats --json").ok().objects();
        tables.iter().map(|table| table["rows"].clone()).collect::<Vec<_>>()
    };
    let before = rows();
    let run = feed::record(&scratch.folder, "--config both.toml --json", lines);
    assert_eq!(counts(&run), [count, count, 0, 0]);
    assert_eq!(rows(), before);

    let health = scratch.folder.run("--config both.toml health --json").ok().objects();
    let stores: Vec<_> = health.iter().map(|store| &store["store"]).collect();
    assert_eq!(stores, ["duckdb", "questdb", "spool"]);
    let totals = scratch.folder.run("--config both.toml stats --json").ok().objects();
    let account = totals.iter().find_map(|object| object.get("spool")).unwrap();
    assert_eq!(account["applied"], json!(4 * count), "{account}");
    assert_eq!((&account["pending"], &account["unaccounted"]), (&json!(0), &json!(0)));

    let status = scratch.folder.run("--config both.toml spool status").ok().stdout;
    assert!(status.contains("questdb://127.0.0.1:"), "{status}");
    for secret in secrets(&scratch.url) {
        assert!(!status.contains(secret), "{status}");
        assert_eq!(holding(&scratch.folder.path("embedded"), secret), [""; 0]);
    }
}

/// The passwords of a URL.
pub(crate) fn secrets(url: &str) -> [&str; 2] {
    let (_, http) = url.split_once("//").unwrap().1.split_once(':').unwrap();
    let (_, pg) = url.split_once("pg_password=").unwrap();
    [http.split('@').next().unwrap(), pg.split('&').next().unwrap()]
}

/// The files under `folder` that hold `secret`.
pub(crate) fn holding(folder: &Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, secret));
        } else if fs::read(&path)
            .unwrap()
            .windows(secret.len())
            .any(|part| part == secret.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

fn under_a_floor(scratch: &Scratch) {
    let config = Config::from_url(&scratch.url).unwrap();
    let floor = "2024-08-09T00:00:00Z".parse().unwrap();
    let set = |floor| {
        Runtime::new().unwrap().block_on(async {
            let store = Tradekeep::open(&config).await.unwrap();
            store.set_floor(Table::Ticks, floor).await.unwrap();
            store.shutdown().await.unwrap();
        });
    };
    set(Some(floor));
    let late = feed::tick(2).replace("-08T", "-09T");
    let run = feed::record(
        &scratch.folder,
        "--config questdb.toml --json",
        format!("{}{late}", feed::tick(1)),
    );
    assert_eq!((run.code, counts(&run)), (Some(2), [2, 2, 0, 0]), "{run:?}");
    assert_eq!(run.last()["dead_letters"], 1);
    let letters = scratch.on_server("dead-letters list --json").ok().objects();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!((&letters[0]["class"], &letters[0]["type"]), (&json!("expired"), &json!("ticks")));
    let people = scratch.on_server("dead-letters show 1").ok().stdout;
    assert!(people.contains("2024-08-09"), "the floor: {people}");

    // As somebody decides who wants it stored all the same.
    set(None);
    let replayed = scratch.on_server("dead-letters replay --all").done();
    assert!(replayed.stdout.contains('1'), "{replayed:?}");
    scratch.on_server("spool drain").done();
    let stored = scratch.on_server("query ticks --json").ok().objects();
    let ids: Vec<_> = stored.iter().map(|tick| &tick["trade_id"]).collect();
    assert_eq!(ids, ["1", "2"]);
}

/// Every record there is.
const LISTS: &[&str] = &[
    "query ticks --json",
    "query trades --history --json",
    "query orders --history --json",
    "query fills --json",
    "query positions --history --json",
    "query metrics --json",
    "query latency --list --json",
    "query mev --list --json",
    "query events --json",
    "query nodes --json",
];
