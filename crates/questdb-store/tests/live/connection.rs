//! Reaching a server, losing it, and its condition.

use std::time::{Duration, Instant};

use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_store_traits::{Act, ErrorKind, Probe, StoreError};
use tradekeep_test_servers::questdb::Questdb;

use crate::support::{LONG, Scratch, run};
use crate::{OwnServer, Test};

pub(crate) const TESTS: &[Test] = &[
    ("a_wrong_password_halts", |url| run(url, wrong_password)),
    ("a_wrong_port_is_told_from_a_server_that_is_down", |url| run(url, wrong_port)),
    ("a_server_that_is_locked_down_is_healthy", |url| run(url, healthy)),
    ("who_may_read_and_not_write_is_told", |url| run(url, no_way_to_write)),
    ("a_suspended_table_is_a_trouble", |url| run(url, suspended)),
];

pub(crate) const OWN_SERVER: &[OwnServer] = &[("killed_and_back_it_is_used_again", killed)];

async fn refused(config: QuestDbConfig) -> StoreError {
    QuestDbStore::connect(config).await.unwrap_err()
}

async fn wrong_password(scratch: Scratch) {
    let config = scratch.config().with_pg_credentials("reader", "canary-secret");
    let error = refused(config).await;
    assert_eq!((error.kind, &error.act), (ErrorKind::Authentication, &Act::Halt), "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"));
}

async fn wrong_port(scratch: Scratch) {
    // That of HTTP, which waits for more.
    let http = scratch.url.rsplit_once('@').unwrap().1;
    let http = http.split(['?', ':']).nth(1).unwrap().parse().unwrap();
    let config = scratch.config().with_pg_port(http);
    let error = refused(config.with_connect_timeout(Duration::from_millis(300))).await;
    assert_eq!((error.kind, &error.act), (ErrorKind::Timeout, &Act::Probe), "{error}");
    assert!(error.to_string().contains("pg_port"), "{error}");

    // Bound, so that nobody else has it, and not listened on.
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = nobody.local_addr().unwrap().port();
    let error = refused(scratch.config().with_pg_port(port)).await;
    assert_eq!((error.kind, &error.act), (ErrorKind::Connection, &Act::Probe), "{error}");
    assert!(error.to_string().contains("nobody listens"), "{error}");
}

async fn healthy(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let health = store.health().await;
    assert!(health.is_healthy(), "{health:?}");
    assert_eq!(health.version.as_deref(), Some("9.3.4"));
    let stats = store.pool_stats();
    assert_eq!((stats.most, stats.in_use, stats.idle), (10, 0, 1));
}

async fn no_way_to_write(scratch: Scratch) {
    let config = scratch.config();
    scratch.open().await.unwrap();
    let wrong_password = config.clone().with_http_credentials("tester", "canary-secret");
    // PostgreSQL's protocol is spoken there.
    let pg_port = scratch.parameter("pg_port").parse().unwrap();
    let wrong_port = config.clone().with_port(pg_port);
    // Bound, so that nobody else has it, and not listened on.
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let down = config.with_port(nobody.local_addr().unwrap().port());
    for (config, remedy) in [
        (wrong_password, "correct user and password"),
        (wrong_port, "see whether it is overloaded, and whether port is the one of HTTP"),
        (down, "start the server, or correct host and port"),
    ] {
        let config = config.with_connect_timeout(Duration::from_secs(2));
        let health = QuestDbStore::new(config).unwrap().health().await;
        assert!(health.readable && !health.writable, "{health:?}");
        let [trouble] = &health.troubles[..] else { panic!("{health:?}") };
        assert_eq!(trouble.remedy, remedy);
        assert!(!format!("{health:?}").contains("canary"));
    }
}

async fn suspended(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    scratch.suspend("ticks").await;
    scratch.execute(&["INSERT INTO \"{}ticks\" (ts, symbol) VALUES (0::timestamp_ns, 'X')"]).await;
    let health = store.health().await;
    assert!(health.readable && !health.writable, "{health:?}");
    let [trouble] = &health.troubles[..] else { panic!("{health:?}") };
    let table = scratch.table("ticks");
    assert!(trouble.cause.starts_with(&format!("table {table} is suspended")), "{trouble:?}");
    assert!(trouble.cause.ends_with("1 wait"), "{trouble:?}");

    // As the remedy says.
    let (_, remedy) = trouble.remedy.split_once("then ").unwrap();
    scratch.execute(&[remedy]).await;
    scratch.until("SELECT count() FROM \"{}ticks\"", 1).await;
    assert!(store.health().await.is_healthy());
}

fn killed() {
    let mut server = Questdb::start().unwrap();
    let url = server.url();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scratch = Scratch::new(&url);
    let config = scratch
        .config()
        .with_connect_timeout(Duration::from_secs(2))
        .with_query_timeout(Duration::from_secs(20));
    let store = runtime.block_on(QuestDbStore::connect(config.clone())).unwrap();
    assert!(runtime.block_on(store.health()).is_healthy());

    server.kill().unwrap();
    for _ in 0..2 {
        let health = runtime.block_on(store.health());
        assert!(!health.readable && !health.writable && health.troubles.len() == 1, "{health:?}");
    }
    server.restart().unwrap();
    let health = runtime.block_on(store.health());
    assert!(health.is_healthy(), "{health:?}");

    // A server that says nothing is told from one that is gone, on a connection that is there already as
    // on a new one.
    server.pause().unwrap();
    assert_eq!(store.pool_stats().idle, 1);
    let since = Instant::now();
    let health = runtime.block_on(store.health());
    assert!(since.elapsed() < Duration::from_secs(10) && !health.readable, "{health:?}");
    assert!(health.troubles[0].cause.contains("does not answer"), "{health:?}");
    let error = runtime.block_on(refused(config));
    assert_eq!((error.kind, &error.act), (ErrorKind::Timeout, &Act::Probe), "{error}");
    server.resume().unwrap();
    assert!(server.answers(LONG), "it does not go on");
    assert!(runtime.block_on(store.health()).is_healthy());
    server.stop().unwrap();
}
