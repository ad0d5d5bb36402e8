//! Servers that are not there, or are something else.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket};
use tokio_postgres::Config;
use tradekeep_pg_common::{Answers, Pool, PoolConfig, PoolStats};
use tradekeep_store_traits::sql::Sql;
use tradekeep_store_traits::{Act, ErrorKind, Failure};

const ANSWERS: Answers = Answers {
    place: "host and port",
    classify: |answer| Failure::new(ErrorKind::Query, answer.message()),
};

/// For who answers at once, however busy the machine is.
const PATIENT: Duration = Duration::from_secs(20);

fn pool(port: u16, connect_timeout: Duration) -> Pool {
    let mut server = Config::new();
    server.host("127.0.0.1").port(port).user("me").dbname("db");
    let second = Duration::from_secs(1);
    Pool::new(PoolConfig {
        server,
        most: 2,
        connect_timeout,
        idle_timeout: second,
        query_timeout: second,
        answers: ANSWERS,
    })
    .unwrap()
}

async fn refused(pool: &Pool) -> Failure {
    pool.ask(&Sql::plain("SELECT 1")).await.unwrap_err()
}

#[tokio::test]
async fn nobody_is_told_from_silence_and_from_something_else() {
    // Bound, so that nobody else has it, and not listened on.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = refused(&pool(nobody.local_addr().unwrap().port(), PATIENT)).await;
    assert_eq!((error.kind, &error.act), (ErrorKind::Connection, &Act::Probe));
    assert!(error.context.contains("correct host and port"), "{error:?}");

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let impatient = pool(silent.local_addr().unwrap().port(), Duration::from_millis(200));
    let error = refused(&impatient).await;
    assert_eq!((error.kind, &error.act), (ErrorKind::Timeout, &Act::Probe));

    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = other.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad request\r\n\r\n").await;
        }
    });
    let error = refused(&pool(port, PATIENT)).await;
    assert_eq!(error.kind, ErrorKind::Connection);
}

#[tokio::test]
async fn a_pool_that_is_closed_says_so() {
    let pool = pool(1, PATIENT);
    assert_eq!(pool.stats(), PoolStats::builder().most(2).in_use(0).idle(0).build());
    pool.close();
    let error = refused(&pool).await;
    assert_eq!((error.kind, &error.act), (ErrorKind::Connection, &Act::Never));
    assert!(error.context.contains("closed"), "{error:?}");
}
