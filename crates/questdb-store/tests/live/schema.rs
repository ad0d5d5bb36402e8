//! Tables: made, met again, refused.

use tradekeep_questdb_store::QuestDbStore;
use tradekeep_store_traits::{
    Act, ErrorKind, PartitionAdmin, Probe, RecordSink, RecordSinkExt, Records, StoreError,
    TickStore,
};

use crate::Test;
use crate::support::{Scratch, run};

pub(crate) const TESTS: &[Test] = &[
    ("tables_are_made_once_and_met_again", |url| run(url, made_once)),
    ("many_may_make_them_at_once", |url| run(url, many_at_once)),
    ("what_was_cut_short_is_done", |url| run(url, cut_short)),
    ("an_older_store_is_brought_up_to_date_when_that_is_asked", |url| run(url, older)),
    ("a_newer_store_is_refused", |url| run(url, newer)),
    ("a_strangers_table_is_refused_and_left_alone", |url| run(url, stranger)),
    ("every_difference_is_named", |url| run(url, differences)),
    ("dropping_leaves_other_tables", |url| run(url, dropping)),
    ("what_was_done_to_tables_is_told_by_health", |url| run(url, told_by_health)),
    ("reading_makes_no_table", |url| run(url, reading)),
];

/// Tables that have the prefix of a test.
const COUNT: &str = "SELECT count() FROM tables() WHERE starts_with(table_name, '{}')";
/// What that is once they are all made.
const ALL: i64 = 15;
/// The last step.
const LATEST: i64 = 7;
const VERSIONS: &str = "SELECT count() FROM \"{}tradekeep_schema\"";

fn assert_halts(error: &StoreError) -> String {
    assert_eq!((error.kind, &error.act), (ErrorKind::Schema, &Act::Halt), "{error}");
    error.to_string()
}

async fn made_once(scratch: Scratch) {
    for _ in 0..2 {
        drop(scratch.open().await.unwrap());
        assert_eq!(scratch.number(COUNT).await, ALL);
        assert_eq!(scratch.number(VERSIONS).await, 1, "set up again");
    }
}

async fn many_at_once(scratch: Scratch) {
    let opening = (0..6).map(|_| {
        let scratch = scratch.clone();
        tokio::spawn(async move { scratch.open().await.map(drop) })
    });
    for opened in opening.collect::<Vec<_>>() {
        opened.await.unwrap().unwrap();
    }
    assert_eq!(scratch.number(COUNT).await, ALL);
}

async fn cut_short(scratch: Scratch) {
    drop(scratch.open().await.unwrap());
    // As if it had ended after the third table, before the version was written down.
    scratch.execute(&["TRUNCATE TABLE \"{}tradekeep_schema\""]).await;
    scratch.until(VERSIONS, 0).await;
    for table in
        ["fills", "positions", "metrics", "latencies", "mev_events", "node_health", "candles"]
    {
        scratch.execute(&[&format!("DROP TABLE \"{{}}{table}\"")]).await;
    }
    drop(scratch.open().await.unwrap());
    assert_eq!((scratch.number(COUNT).await, scratch.number(VERSIONS).await), (ALL, 1));
}

async fn older(scratch: Scratch) {
    let first = include_str!("../../schema/0001_ticks.sql");
    let create = first.replace("CREATE TABLE ticks", "CREATE TABLE \"{}ticks\"");
    scratch
        .execute(&[
            "CREATE TABLE \"{}tradekeep_schema\" (version LONG, applied_at TIMESTAMP) \
             TIMESTAMP(applied_at) PARTITION BY YEAR WAL",
            "INSERT INTO \"{}tradekeep_schema\" VALUES (1, now())",
            &create,
            "INSERT INTO \"{}ticks\" (ts, symbol, price) VALUES (0::timestamp_ns, 'X', 1.5m)",
        ])
        .await;
    scratch.until(VERSIONS, 1).await;
    scratch.until("SELECT count() FROM \"{}ticks\"", 1).await;

    let text = assert_halts(&scratch.open().await.unwrap_err());
    assert!(text.contains("version 1") && text.contains("auto_migrate=true"), "{text}");
    assert_eq!(scratch.number(COUNT).await, 2, "nothing is changed unasked");

    let config = scratch.config().with_auto_migrate();
    drop(QuestDbStore::connect(config).await.unwrap());
    assert_eq!(scratch.number(COUNT).await, ALL);
    assert_eq!(scratch.number("SELECT max(version) FROM \"{}tradekeep_schema\"").await, LATEST);
    assert_eq!(scratch.number("SELECT count() FROM \"{}ticks\"").await, 1, "rows stay");
}

async fn newer(scratch: Scratch) {
    drop(scratch.open().await.unwrap());
    scratch.execute(&["INSERT INTO \"{}tradekeep_schema\" VALUES (99, now())"]).await;
    scratch.until("SELECT max(version) FROM \"{}tradekeep_schema\"", 99).await;
    let config = scratch.config().with_auto_migrate();
    let error = QuestDbStore::connect(config).await.unwrap_err();
    assert!(assert_halts(&error).contains("schema version 99"), "{error}");
}

async fn stranger(scratch: Scratch) {
    scratch.execute(&["CREATE TABLE \"{}orders\" (id INT, dish STRING)"]).await;
    let text = assert_halts(&scratch.open().await.unwrap_err());
    assert!(text.contains(&scratch.table("orders")) && text.contains("table_prefix"), "{text}");
    assert_eq!(scratch.number(COUNT).await, 1);
}

async fn differences(scratch: Scratch) {
    drop(scratch.open().await.unwrap());
    scratch
        .execute(&[
            "ALTER TABLE \"{}ticks\" DROP COLUMN side",
            "ALTER TABLE \"{}ticks\" ALTER COLUMN symbol DROP INDEX",
            "ALTER TABLE \"{}trades\" ALTER COLUMN mode TYPE VARCHAR",
            "ALTER TABLE \"{}fills\" DEDUP DISABLE",
            "ALTER TABLE \"{}metrics\" DEDUP ENABLE UPSERT KEYS(ts, stream)",
            "ALTER TABLE \"{}latencies\" SET TTL 4 WEEKS",
            "DROP TABLE \"{}positions\"",
            "CREATE TABLE \"{}positions\" (at TIMESTAMP) TIMESTAMP(at) PARTITION BY DAY",
            "DROP TABLE \"{}node_health\"",
            // Of no harm.
            "ALTER TABLE \"{}orders\" ADD COLUMN note VARCHAR",
        ])
        .await;
    let config = scratch.config();
    let told = async {
        loop {
            let error = QuestDbStore::connect(config.clone()).await;
            let text = assert_halts(&error.unwrap_err());
            // ALTER of a column is applied after it was answered.
            if text.contains("side is missing") && text.contains("mode is") {
                return text;
            }
        }
    };
    let text = tokio::time::timeout(std::time::Duration::from_secs(30), told).await.unwrap();
    for difference in [
        "ticks column symbol has no index and column side is missing",
        "trades column mode is VARCHAR, not SYMBOL",
        "fills the upsert keys are not ts, fill_id and deduplication is off",
        "metrics the upsert keys are not ts, stream, seq",
        "latencies a TTL would drop rows",
        "column ts is missing",
        "partitions are by DAY, not HOUR",
        "gone: {}node_health; restore",
    ] {
        let difference = difference.replace("{}", &scratch.prefix);
        assert!(text.contains(&difference), "{difference}\nis not in\n{text}");
    }
    assert!(!text.contains("column note") && !text.contains("orders"), "{text}");
}

async fn dropping(scratch: Scratch) {
    scratch.execute(&["CREATE TABLE \"{}mine\" (id INT)"]).await;
    let store = scratch.open().await.unwrap();
    store.drop_tables().await.unwrap();
    assert_eq!(scratch.number(COUNT).await, 1);
}

async fn told_by_health(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let (ticks, orders, fills) =
        (scratch.table("ticks"), scratch.table("orders"), scratch.table("fills"));
    scratch
        .execute(&[
            "DROP TABLE \"{}fills\"",
            "RENAME TABLE \"{}orders\" TO \"{}orders_old\"",
            "ALTER TABLE \"{}ticks\" DEDUP DISABLE",
        ])
        .await;
    let health = store.health().await;
    assert!(health.readable && !health.writable, "{health:?}");
    let causes: Vec<_> = health.troubles.iter().map(|trouble| trouble.cause.as_str()).collect();
    let gone = format!("gone: {orders} and {fills}");
    let keys = format!("in table {ticks} ");
    assert!(causes.contains(&gone.as_str()), "{causes:?}");
    assert!(
        causes
            .iter()
            .any(|cause| cause.starts_with(&keys) && cause.contains("deduplication is off")),
        "{causes:?}"
    );
}

async fn reading(scratch: Scratch) {
    let store = QuestDbStore::new(scratch.config()).unwrap();
    let error = store.series().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
    assert!(store.health().await.is_healthy());
    assert_eq!(store.floor(tradekeep_store_traits::Table::Ticks).await.unwrap(), None);
    assert_eq!(scratch.number(COUNT).await, 0);
    // What is written first makes them.
    store.save(Records::empty(tradekeep_store_traits::Table::Ticks)).await.unwrap();
    store.ping().await.unwrap();
    assert!(store.series().await.unwrap().is_empty());
}
