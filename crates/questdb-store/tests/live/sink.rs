//! Writing: what each acknowledgement means, and what becomes of what the server refuses or loses.

use std::time::Duration;

use proptest::prelude::*;
use tradekeep_models::record::Record;
use tradekeep_models::{
    StreamId, Symbol, Tick, TickBuilder, Timestamp, Trade, TradeId, strategies,
};
use tradekeep_questdb_store::QuestDbStore;
use tradekeep_store_traits::{
    Act, Batch, Delivery, ErrorKind, Origin, RecordSink, RecordSinkExt, Records, Saved,
    SeriesStore, Stage, StoreError, TickStore, judge,
};

use crate::Test;
use crate::insert::made;
use crate::support::{Scratch, run};

pub(crate) const TESTS: &[Test] = &[
    ("any_records_are_taken_once", |url| run(url, any_records)),
    ("a_row_that_is_refused_is_named_by_its_line", |url| run(url, refused_row)),
    ("one_batch_is_one_transaction", |url| run(url, one_transaction)),
    ("a_wrong_password_halts_writing", |url| run(url, wrong_password)),
    ("a_suspended_table_is_never_taken_for_applied", |url| run(url, suspended)),
    ("a_table_made_anew_is_never_taken_for_the_old_one", |url| run(url, made_anew)),
    ("a_table_that_is_gone_halts", |url| run(url, gone)),
    ("rows_of_a_stream_are_counted", |url| run(url, counted)),
    ("what_reads_as_null_is_refused", |url| run(url, unfit)),
    ("a_store_that_is_new_asks_nothing_of_a_server_that_is_down", |url| run(url, lazy)),
];

fn at(nanos: i64) -> Timestamp {
    Timestamp::from_nanos(1_723_075_200_000_000_000 + nanos).unwrap()
}

fn draft(nanos: i64) -> TickBuilder {
    Tick::builder(Symbol::new("X").unwrap(), at(nanos)).price(100.into()).quantity(1.into())
}

fn ticks(count: i64) -> Vec<Tick> {
    (0..count).map(|n| draft(n).build().unwrap()).collect()
}

fn batch(ticks: Vec<Tick>) -> Batch {
    Batch::new(Records::Ticks(ticks))
}

/// Up to so many, none of which is another one again or contradicts it.
fn distinct<S: Strategy<Value: Record>>(strategy: S, most: usize) -> Vec<S::Value> {
    let rows: Vec<S::Value> = made(&prop::collection::vec(strategy, most));
    let new = judge(&rows, &[], Duration::MAX).new;
    new.into_iter().map(|place| rows[place].clone()).collect()
}

fn trades(most: usize) -> Vec<Trade> {
    distinct(strategies::trade(), most)
}

/// As it has to be told: kind, and what to do.
fn told(error: &StoreError) -> (ErrorKind, &Act) {
    (error.kind, &error.act)
}

async fn any_records(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let all = [
        Records::Ticks(distinct(strategies::tick(), 500)),
        Records::Trades(trades(100)),
        Records::Orders(distinct(strategies::order(), 100)),
        Records::Fills(distinct(strategies::fill(), 100)),
        Records::Positions(distinct(strategies::position(), 100)),
        Records::Metrics(distinct(strategies::metric(), 100)),
        Records::Latencies(distinct(strategies::latency(), 100)),
        Records::MevEvents(distinct(strategies::mev_event(), 100)),
        Records::SystemEvents(distinct(strategies::system_event(), 100)),
        Records::NodeHealth(distinct(strategies::node_health(), 100)),
    ];
    for records in all {
        let (table, rows) = (records.table(), records.len() as u64);
        let saved = |inserted, duplicates| {
            Saved::builder().inserted(inserted).duplicates(duplicates).build()
        };
        assert!(rows > 1, "{table}");
        assert_eq!(store.save(records.clone()).await.unwrap(), saved(rows, 0), "{table}");
        assert_eq!(store.save(records).await.unwrap(), saved(0, rows), "{table}");
        let count = scratch.number(&format!("SELECT count() FROM \"{{}}{table}\"")).await;
        assert_eq!(count.unsigned_abs(), rows, "{table}");
    }
}

async fn refused_row(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    // No record of ours is refused as things are: a column is made narrower behind the store's back.
    scratch
        .execute(&[
            "ALTER TABLE \"{}ticks\" DROP COLUMN trade_id",
            "ALTER TABLE \"{}ticks\" ADD COLUMN trade_id UUID",
        ])
        .await;
    let id = |id: &str| TradeId::new(id).unwrap();
    let good = "11111111-1111-1111-1111-111111111111";
    let mut rows = ticks(10);
    rows[3] = draft(3).trade_id(id(good)).build().unwrap();
    rows[6] = draft(6).trade_id(id("a \"quoted\" SECRET")).build().unwrap();
    let error = store.save(rows.clone()).await.unwrap_err();
    let Act::BadRows(bad) = &error.act else { panic!("{error:?}") };
    assert_eq!((bad[0].index, bad.len()), (6, 1), "{error:?}");
    assert!(bad[0].reason.starts_with("trade_id: "), "{error:?}");
    assert_eq!(error.delivery, Delivery::NotApplied);
    assert!(!format!("{error} {error:?}").contains("SECRET"));
    assert_eq!(scratch.number("SELECT count() FROM \"{}ticks\"").await, 0);
    rows.remove(6);
    assert_eq!(store.save(rows).await.unwrap().inserted, 9);
}

async fn one_transaction(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let sql = "SELECT \"sequencerTxn\" FROM wal_tables() WHERE name = '{}ticks'";
    let before = scratch.number(sql).await;
    // Past every bound on rows that are not committed.
    store.save(ticks(600_000)).await.unwrap();
    assert_eq!(scratch.number(sql).await, before + 1);
}

async fn wrong_password(scratch: Scratch) {
    let config = scratch.config().with_http_credentials("tester", "canary-secret");
    let pg = (scratch.parameter("pg_user"), scratch.parameter("pg_password"));
    let store = QuestDbStore::connect(config.with_pg_credentials(pg.0, pg.1)).await.unwrap();
    let error = store.write(&batch(ticks(1))).await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Authentication, &Act::Halt), "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"));
}

async fn suspended(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    scratch.suspend("ticks").await;
    let ack = store.write(&batch(ticks(3))).await.unwrap();
    assert_eq!((ack.stage, ack.inserted), (Stage::Acked, 3));
    let error = store.settle(&[ack.token]).await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Write, &Act::Halt), "{error}");
    assert!(error.to_string().contains("RESUME WAL"), "{error}");
    // Nothing more goes there, other tables go on.
    let taken = "SELECT \"sequencerTxn\" FROM wal_tables() WHERE name = '{}ticks'";
    let before = scratch.number(taken).await;
    let error = store.write(&batch(ticks(5))).await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Write, &Act::Halt), "{error}");
    assert_eq!(scratch.number(taken).await, before);
    store.save(trades(5)).await.unwrap();

    scratch.execute(&["ALTER TABLE \"{}ticks\" RESUME WAL"]).await;
    assert_eq!(store.settle(&[ack.token]).await.unwrap(), [Stage::Applied]);
    let saved = store.save(ticks(5)).await.unwrap();
    assert_eq!(saved, Saved::builder().inserted(2).duplicates(3).build());
}

/// Drops the table of ticks, and makes one as it was.
async fn make_anew(scratch: &Scratch) {
    let client = scratch.client().await;
    let sql = format!("SHOW CREATE TABLE \"{}\"", scratch.table("ticks"));
    let create: String = client.query_one(&sql, &[]).await.unwrap().get(0);
    scratch.execute(&["DROP TABLE \"{}ticks\"", create.trim_end_matches(';')]).await;
}

async fn made_anew(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    store.save(ticks(1)).await.unwrap();
    let before = store.write(&batch(ticks(2))).await.unwrap().token;
    make_anew(&scratch).await;
    // The server takes it, over a connection that still knows the old table, and drops it.
    let after = store.write(&batch(ticks(5).split_off(3))).await.map(|ack| ack.token);
    let error = store.settle(&[before]).await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Schema, &Act::Halt), "{error}");
    for token in [Ok(before), after].into_iter().flatten() {
        let error = store.settle(&[token]).await.unwrap_err();
        assert_eq!((error.kind, error.delivery), (ErrorKind::Transaction, Delivery::Unknown));
    }
    // Who delivers sends again, and the table that is there has them.
    assert_eq!(store.save(ticks(5)).await.unwrap().inserted, 5);
    assert_eq!(scratch.number("SELECT count() FROM \"{}ticks\"").await, 5);
    // One that may contradict what is on its way waits for that, and is told itself.
    store.write(&batch(ticks(7).split_off(5))).await.unwrap();
    make_anew(&scratch).await;
    let error = store.write(&batch(ticks(7))).await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Schema, &Act::Halt), "{error}");
    assert_eq!(store.save(ticks(7)).await.unwrap().inserted, 7);
}

async fn gone(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    scratch.execute(&["DROP TABLE \"{}ticks\""]).await;
    let error = store.write(&batch(ticks(1))).await.unwrap_err();
    assert_eq!(told(&error), (ErrorKind::Schema, &Act::Halt), "{error}");
}

async fn counted(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let trades = trades(50);
    let stream = |first: u64| Origin {
        stream: StreamId::new("s").unwrap(),
        epoch: 7,
        seqs: (first..).take(trades.len()).collect(),
    };
    let batch = |first| Batch::from_stream(Records::Trades(trades.clone()), stream(first)).unwrap();
    let first = store.write(&batch(100)).await.unwrap().token;
    assert_eq!(store.settle(&[first]).await.unwrap(), [Stage::Applied]);
    // What is there is not sent again.
    let twice = [store.write(&batch(200)).await.unwrap(), store.write(&batch(300)).await.unwrap()];
    let tokens = twice.map(|ack| ack.token);
    assert_eq!(store.settle(&tokens).await.unwrap(), [Stage::Applied; 2]);
    let sql = "SELECT count() FROM \"{}trades\" WHERE ingest_stream = 's/7' AND ingest_seq < 200";
    assert_eq!(scratch.number(sql).await.unsigned_abs(), trades.len() as u64);

    // What a log skips, as an operator may have it do, is applied for the server, and is not there.
    scratch.execute(&["TRUNCATE TABLE \"{}trades\""]).await;
    scratch
        .until(
            "SELECT \"sequencerTxn\" - \"writerTxn\" FROM wal_tables() WHERE name = '{}trades'",
            0,
        )
        .await;
    scratch.suspend("trades").await;
    let lost = store.write(&batch(400)).await.unwrap().token;
    let taken = "SELECT \"sequencerTxn\" FROM wal_tables() WHERE name = '{}trades'";
    let next = scratch.number(taken).await + 1;
    scratch.execute(&[&format!("ALTER TABLE \"{{}}trades\" RESUME WAL FROM TXN {next}")]).await;
    let error = store.settle(&[lost]).await.unwrap_err();
    assert_eq!(
        (error.kind, error.delivery),
        (ErrorKind::Transaction, Delivery::Unknown),
        "{error}"
    );
    assert!(store.save_batch(&batch(400)).await.is_ok());
}

async fn unfit(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let none = "80000000-0000-0000-8000-000000000000".parse().unwrap();
    let mut rows = distinct(strategies::mev_event(), 3);
    rows[1].trade_id = Some(none);
    let error = store.save(rows).await.unwrap_err();
    let Act::BadRows(bad) = &error.act else { panic!("{error:?}") };
    assert_eq!((error.kind, bad.len(), bad[0].index), (ErrorKind::InvalidInput, 1, 1), "{error}");
    // Where there has to be one, it is that.
    let mut rows = trades(3);
    rows[1].id = none;
    let saved =
        |inserted, duplicates| Saved::builder().inserted(inserted).duplicates(duplicates).build();
    assert_eq!(store.save(rows.clone()).await.unwrap(), saved(3, 0));
    assert_eq!(store.save(rows.clone()).await.unwrap(), saved(0, 3));
    let store: &dyn SeriesStore = &store;
    assert_eq!(store.trade(none).await.unwrap().as_ref(), Some(&rows[1]));
}

async fn lazy(scratch: Scratch) {
    // Bound, so that nobody else has it, and not listened on.
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = nobody.local_addr().unwrap().port();
    let store = QuestDbStore::new(scratch.config().with_pg_port(port)).unwrap();
    for error in [store.save(ticks(1)).await.unwrap_err(), store.series().await.unwrap_err()] {
        assert_eq!(told(&error), (ErrorKind::Connection, &Act::Probe), "{error}");
    }
}
