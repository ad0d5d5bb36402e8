//! A server that is down, and one that does not let us in.

use std::time::{Duration, Instant};

use serde_json::json;
use tradekeep_test_servers::questdb::Questdb;

use crate::feed::{self, Recorder, counts};
use crate::record::{holding, secrets};
use crate::scratch::Scratch;
use crate::support::Run;
use crate::{OwnServer, Test};

pub(crate) const TESTS: &[Test] = &[("a_wrong_password_is_one_clear_line", wrong_password)];

pub(crate) const OWN_SERVER: &[OwnServer] =
    &[("what_is_recorded_while_the_server_is_down_is_delivered", server_is_down)];

fn wrong_password(scratch: &Scratch) {
    let [_, password] = secrets(&scratch.url);
    let with = |password: &str| {
        let (before, after) = scratch.url.split_once("pg_password=").unwrap();
        let (_, after) = after.split_once('&').unwrap();
        format!("{before}pg_password={password}&{after}")
    };
    let url = with("canary");
    scratch.folder.write("questdb.toml", format!("[stores]\nseries = '{url}'\n"));
    scratch.folder.write("trades.csv", crate::support::TRADES);
    for args in ["query ticks", "stats", "optimize", "query trades --json"] {
        let run = scratch.on_server(args);
        let error = run.error(1);
        assert!(
            error.ends_with(
                "correct pg_user and pg_password, or user and password where those are not given"
            ),
            "{error}"
        );
        assert!(!error.contains("canary") && run.stdout.is_empty(), "{run:?}");
    }
    let run = scratch.on_server("import trades.csv");
    assert!(run.error(1).contains("user or password is wrong"), "{run:?}");

    let run = scratch.on_server("health --json");
    assert_eq!((run.code, &*run.stderr), (Some(1), ""));
    let health = run.last();
    assert_eq!(health["troubles"][0]["cause"], json!("user or password is wrong"));
    assert_eq!((&health["readable"], &health["writable"]), (&json!(false), &json!(false)));
    assert!(!run.stdout.contains("canary"));

    let run =
        feed::record(&scratch.folder, "--config questdb.toml --json --drain 0 -v", feed::tick(1));
    assert_eq!((run.code, counts(&run)[1]), (Some(3), 1), "it is still to be delivered: {run:?}");
    assert!(!run.stderr.contains("canary") && !run.stdout.contains("canary"), "{run:?}");
    let spool = scratch.folder.path("tradekeep-data");
    assert_eq!(holding(&spool, "canary"), [""; 0]);

    // What waits can be delivered by a better URL of the same store, whose secret is in the environment.
    scratch.folder.write(
        "duckdb.toml",
        "[stores]\nseries = 'duckdb://embedded'\n[ingest]\nfolder = 'tradekeep-data'\n",
    );
    let url = with("${QUESTDB_PASSWORD}");
    let drain = format!("--config duckdb.toml spool drain --json --to {url}");
    let run = Run::of(scratch.folder.command(&drain).env("QUESTDB_PASSWORD", password));
    assert_eq!((run.code, &run.last()["pending"]), (Some(0), &json!(0)), "{run:?}");
}

fn server_is_down() {
    let mut server = Questdb::start().unwrap();
    let scratch = Scratch::on(&server.url());
    server.kill().unwrap();

    let mut recorder = Recorder::start(&scratch.folder, "--config questdb.toml --receipts synced");
    recorder.send(&feed::ticks(0..3));
    let receipts: Vec<_> = (0..3).map(|_| recorder.line()["line"].clone()).collect();
    assert_eq!(receipts, [1, 2, 3], "they are on this disk, whatever the server does");

    let mut run = scratch.on_server("health --json");
    // Until the first batch has left.
    until("the spool is in trouble too", || {
        run = scratch.on_server("health --json");
        run.last()["healthy"] == false
    });
    assert_eq!((run.code, &*run.stderr), (Some(1), ""));
    let [store, spool] = &run.objects()[..] else { panic!("{run:?}") };
    let trouble = &store["troubles"][0];
    let cause = trouble["cause"].as_str().unwrap();
    assert!(cause.starts_with("nobody listens on 127.0.0.1:"), "{cause}");
    assert_eq!(trouble["remedy"], "start the server, or correct pg_host and pg_port");
    let why = spool["troubles"][0]["cause"].as_str().unwrap();
    assert!(why.contains("questdb://127.0.0.1:") && why.contains("nobody listens"), "{why}");
    let people = scratch.on_server("health").stdout;
    assert!(people.contains("  nobody listens on 127.0.0.1:"), "{people}");
    let query = scratch.on_server("query ticks");
    assert!(query.error(1).contains("nobody listens on 127.0.0.1:"), "{query:?}");

    server.restart().unwrap();
    until("all is delivered", || {
        scratch.on_server("spool status --json").ok().last()["pending"] == 0
    });
    let run = recorder.finish();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("3 lines read: 3 accepted, 0 rejected; 0 pending"), "{run:?}");
    assert_eq!(scratch.on_server("query ticks --json").ok().objects().len(), 3);
    drop(scratch);
    server.stop().unwrap();
}

/// Waits until `done` says yes.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
