//! Configuration from text and files, with everything wrong named at once.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::time::Duration;

use tradekeep::ingest::{IngestConfig, WhenFull};
use tradekeep::{Config, ConfigFormat, Role};

fn problems(text: &str) -> Vec<String> {
    Config::parse(text, ConfigFormat::Toml).unwrap_err().problems
}

#[test]
fn nothing_is_the_embedded_store() {
    let default = Config::parse("", ConfigFormat::Toml).unwrap();
    assert_eq!(default, Config::from_url("duckdb://./tradekeep-data").unwrap());
    assert_eq!(default.max_results(), 10_000);
}

#[test]
fn how_stores_are_read_has_bounds() {
    let found =
        problems("[query]\nmax_results = 1.5\nretries = 101\ntimeout_ms = 0\nconcurrency = 'many'");
    let expected = [
        "query.max_results: must be a whole number from 1 on",
        "query.retries: must be a whole number from 0 to 100",
        "query.timeout_ms: must be a whole number from 1 to 3600000",
        "query.concurrency: must be a whole number from 1 to 10000",
    ];
    assert_eq!(found, expected);
    let text = "[query]\nretries = 3\ntimeout_ms = 500\nconcurrency = 4";
    assert!(Config::parse(text, ConfigFormat::Toml).is_ok());
}

#[test]
fn toml_and_yaml_say_the_same() {
    let toml =
        "[stores]\nseries = 'memory://'\nticks = 'duckdb://:memory:'\n[query]\nmax_results = 5";
    let yaml =
        "stores:\n  series: memory://\n  ticks: 'duckdb://:memory:'\nquery:\n  max_results: 5";
    assert_eq!(
        Config::parse(toml, ConfigFormat::Toml).unwrap(),
        Config::parse(yaml, ConfigFormat::Yaml).unwrap()
    );
}

#[test]
fn all_problems_at_once() {
    let found = problems(
        "[stores]\nseries = 'oracle://x'\nticks = 3\ncache = 'memory://'\n\
         [query]\nmax_results = 0\n[other]\na = 1",
    );
    let expected = [
        "other is not a section: there are stores, query, ingest",
        "stores.cache is not a key: stores has series, ticks, trades, executions, metrics, events",
        "stores.series: no store has the scheme `oracle`: use memory://, duckdb://./tradekeep-data or \
         questdb://user:password@host:9000?pg_port=8812",
        "stores.ticks: is not the URL of a store: use memory://, duckdb://./tradekeep-data or \
         questdb://user:password@host:9000?pg_port=8812",
        "query.max_results: must be a whole number from 1 on",
    ];
    assert_eq!(found, expected);
}

#[test]
fn broken_text_is_one_line() {
    let found = problems("[stores\nseries = ");
    assert!(found.len() == 1 && !found[0].contains('\n'), "{found:?}");
}

#[test]
fn secrets_stay_out_of_messages() {
    let url = "postgres://user:hunter2@host/db";
    assert!(!Config::from_url(url).unwrap_err().to_string().contains("hunter2"));
    for text in [
        format!("[stores]\nseries = '{url}'"),
        format!("[stores]\nseries = '{url}"),
        // A URL in the wrong place, or without its beginning.
        format!("[stores]\nseries_file = '{url}'"),
        format!("[stores]\n\"{url}\" = 'series'"),
        format!("['{url}']\nseries = 'memory://'"),
        format!("[stores]\nseries = '${{{url}}}'"),
        "[stores]\nseries = 'questdb:user:hunter2@host://'".into(),
        "[stores]\nseries = 'user:hunter2@host'".into(),
    ] {
        let problems = problems(&text);
        assert!(!problems[0].contains("hunter2"), "{problems:?}");
    }
}

/// Of every place where a URL may end up.
#[test]
fn a_server_is_known_by_its_place_and_prefix_alone() {
    let url = "questdb://bot:hunter2@localhost:9000?pg_port=8812&pg_user=r&pg_password=hunter3";
    let config = Config::from_url(url).unwrap();
    assert_eq!(config.sink_name(url).unwrap(), "questdb://localhost:9000?pg_port=8812");
    assert!(!format!("{config:?}").contains("hunter"), "{config:?}");
    assert_eq!(
        (config.folder(Role::Ticks), config.ingest().data()),
        (None, "./tradekeep-data".as_ref())
    );

    let id = |url: &str| config.sink_id(url).unwrap();
    assert_eq!(id(url), id("questdb://localhost:9000?pg_port=1"), "another user, another door");
    assert_ne!(id(url), id("questdb://localhost:9001"));
    assert_ne!(id(url), id("questdb://localhost:9000?table_prefix=a_"));
    assert_eq!(config.clone().with_also("questdb://localhost").unwrap(), config);
    let twice =
        problems(&format!("[stores]\nseries = '{url}'\n[ingest]\nalso = 'questdb://localhost'"));
    assert_eq!(
        twice,
        ["ingest.also: questdb://localhost:9000?pg_port=8812 is a store of [stores]: leave it out"]
    );
    let bad = problems("[stores]\nseries = 'questdb://bot:hunter2@db.example'");
    assert!(
        bad[0].starts_with("stores.series: questdb: records and passwords would cross"),
        "{bad:?}"
    );
    assert!(!bad[0].contains("hunter2"), "{bad:?}");
    // Every test process has this one; a URL of the command line need not hold a secret either.
    assert_eq!(
        config.sink_name("questdb://localhost?table_prefix=v_${CARGO_PKG_VERSION_MAJOR}").unwrap(),
        "questdb://localhost:9000?pg_port=8812&table_prefix=v_0"
    );
}

#[test]
fn environment_and_files_stand_for_values() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("url");
    fs::write(&secret, "memory://\n").unwrap();
    let from_file = format!("[stores]\nseries_file = '{}'", secret.display());
    assert_eq!(
        Config::parse(&from_file, ConfigFormat::Toml).unwrap(),
        Config::from_url("memory://").unwrap()
    );
    // Cargo gives every test this one.
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let home = "[stores]\nseries = 'duckdb://${CARGO_MANIFEST_DIR}/data'";
    assert_eq!(
        Config::parse(home, ConfigFormat::Toml).unwrap(),
        Config::from_url(&format!("duckdb://{here}/data")).unwrap()
    );
    assert!(problems("[stores]\nseries = '${TRADEKEEP_NOT_SET}'")[0].contains("TRADEKEEP_NOT_SET"));
    assert!(problems("[stores]\nseries = 'a${b'")[0].contains("without its }"));
    assert!(problems("[stores]\nseries_file = '/nowhere/x'")[0].contains("/nowhere/x"));
}

#[test]
fn files_go_by_extension_and_are_named_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a.yml"), "stores:\n  series: memory://").unwrap();
    assert!(Config::from_file(&path("a.yml")).is_ok());
    fs::write(path("b.toml"), "x = 1").unwrap();
    for name in ["b.toml", "c.toml", "d.ini"] {
        let text = Config::from_file(&path(name)).unwrap_err().to_string();
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn another_store_of_series_leaves_the_rest() {
    let text = "[stores]\nticks = 'memory://'\n[query]\nmax_results = 5";
    let config = Config::parse(text, ConfigFormat::Toml).unwrap();
    assert_eq!(config.folder(Role::Ticks), None);
    assert_eq!(config.folder(Role::Trades), Some("./tradekeep-data".into()));
    let config = config.with_series("duckdb://./here").unwrap();
    for role in Role::ALL {
        assert_eq!(config.folder(role), Some("./here".into()), "{role}");
    }
    assert_eq!(config.max_results(), 5);
    assert!(config.with_series("oracle://x").is_err());
}

#[test]
fn each_role_may_have_a_store_of_its_own() {
    let text = "[stores]\nseries = 'duckdb://a'\nexecutions = 'duckdb://b'\nmetrics = 'memory://'";
    let config = Config::parse(text, ConfigFormat::Toml).unwrap();
    let folders = Role::ALL.map(|role| config.folder(role));
    let (a, b) = (Some("a".into()), Some("b".into()));
    assert_eq!(folders, [a.clone(), a.clone(), b, None, a]);
}

#[test]
fn the_way_in_is_configured_beside_the_stores() {
    let parse = |text| Config::parse(text, ConfigFormat::Toml).unwrap();
    assert_eq!(parse("").ingest(), IngestConfig::new("./tradekeep-data"));
    assert_eq!(parse("[stores]\nseries = 'duckdb://a'").ingest(), IngestConfig::new("a"));
    assert_eq!(
        parse("[stores]\nseries = 'memory://'").ingest(),
        IngestConfig::new("./tradekeep-data")
    );
    let text = "[ingest]\nfolder = 'b'\nalso = ['duckdb://c']\nbatch_rows = 10\nbatch_ms = 20\n\
                max_batch_rows = 30\nmax_bytes = 40000000\nwhen_full = 'drop_measurements'\n\
                block_ms = 50\nrejects_max_bytes = 7";
    let millis = Duration::from_millis;
    let expected = IngestConfig::new("b")
        .with_batch(10, millis(20))
        .with_max_batch(30)
        .with_max_bytes(40_000_000)
        .with_when_full(WhenFull::DropMeasurements(millis(50)));
    assert_eq!(parse(text).ingest(), expected);
    assert_eq!([parse(text), parse("")].map(|config| config.rejects_max_bytes()), [7, 256 << 20]);
    // Another store of series has a spool of its own, unless that is elsewhere.
    assert_eq!(parse("").with_series("duckdb://d").unwrap().ingest(), IngestConfig::new("d"));
    assert_eq!(parse(text).with_series("duckdb://d").unwrap().ingest(), expected);
    let rejecting = parse("[ingest]\nwhen_full = 'reject'").ingest();
    assert_eq!(rejecting, IngestConfig::new("./tradekeep-data").with_when_full(WhenFull::Reject));
}

#[test]
fn all_problems_of_the_way_in_at_once() {
    let found = problems(
        "[ingest]\nfolder = ''\nalso = ['memory://', 'oracle://x']\nbatch_rows = 0\nbatch_ms = -1\n\
         max_batch_rows = 1.5\nmax_bytes = true\nwhen_full = 'never'\nblock_ms = 9999999\nrows = 1",
    );
    let expected = [
        "ingest.rows is not a key: ingest has folder, also, batch_rows, batch_ms, max_batch_rows, \
         max_bytes, when_full, block_ms, rejects_max_bytes, max_wait_ms",
        "ingest.folder: must be text",
        "ingest.also: number 2: no store has the scheme `oracle`: use memory://, \
         duckdb://./tradekeep-data or questdb://user:password@host:9000?pg_port=8812",
        "ingest.batch_rows: must be a whole number from 1 to 1000000",
        "ingest.batch_ms: must be a whole number from 0 to 60000",
        "ingest.max_batch_rows: must be a whole number from 1 to 1000000",
        "ingest.max_bytes: must be a whole number from 1 on",
        "ingest.block_ms: must be a whole number from 0 to 3600000",
        "ingest.when_full: must be block, reject or drop_measurements",
    ];
    assert_eq!(found, expected);
    for (text, expected) in [
        ("max_bytes = 1000", "ingest.max_bytes: is less than two segments"),
        ("batch_rows = 20000", "ingest.max_batch_rows: is less than batch_rows, or that is 0"),
        ("when_full = 'reject'\nblock_ms = 5", "ingest.block_ms: has no meaning where when_full"),
        (
            "also = 'duckdb://./tradekeep-data/'",
            "ingest.also: duckdb://./tradekeep-data/ is a store",
        ),
        ("also = ['memory://', 'memory://']", "ingest.also: number 2 is there twice"),
        ("also = [1]", "ingest.also: must be a list of URLs of stores"),
        ("also = ['duckdb://${TRADEKEEP_NOT_SET}']", "ingest.also: the environment has no"),
    ] {
        let found = problems(&format!("[ingest]\n{text}"));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
    }
}

#[test]
fn a_store_that_is_configured_no_more_gets_what_waits_for_it() {
    let config = Config::parse("[stores]\nseries = 'duckdb://a'", ConfigFormat::Toml).unwrap();
    assert_eq!(config.clone().with_also("duckdb://a").unwrap(), config, "it has its own already");
    let both = config.clone().with_also("duckdb://b").unwrap();
    assert_ne!(both, config);
    assert_eq!(both.clone().with_also("duckdb://./b/").unwrap(), both);
    assert!(config.clone().with_also("oracle://x").is_err());
    let id = |url| config.sink_id(url).unwrap();
    assert_eq!(id("duckdb://b"), id("duckdb://./b/"));
    assert_ne!(id("duckdb://a"), id("duckdb://b"));
    assert!(id("memory://").as_str().starts_with("memory-"));
    assert!(config.sink_id("oracle://x").is_err());
}

#[test]
fn a_store_beside_its_spool_stays_the_same_when_both_are_moved() {
    let of = |data: &str| {
        let text = format!("[stores]\nseries = 'duckdb://{data}'");
        Config::parse(&text, ConfigFormat::Toml).unwrap()
    };
    let id = |data: &str, url: &str| of(data).sink_id(url).unwrap();
    assert_eq!(id("/x/data", "duckdb:///x/data/"), id("elsewhere", "duckdb://./elsewhere"));
    assert_eq!(id("/x/data", "duckdb:///x/data/b"), id("y", "duckdb://y/b"));
    assert_ne!(id("/x/data", "duckdb:///x/data/b"), id("/x/data", "duckdb:///x/data"));
    // What is elsewhere stays there.
    assert_eq!(id("/x/data", "duckdb:///x/b"), id("y", "duckdb:///x/b"));
    assert_ne!(id("/x/data", "duckdb:///x/datab"), id("/x/data", "duckdb:///x/data/b"));
}
