//! A QuestDB server as one of the stores of a configuration. Where there is none, its tests are reported as
//! ignored, with the reason.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Runtime;
use tradekeep::ingest::Level;
use tradekeep::models::{
    Latency, LatencyFilter, Metric, MetricFilter, Name, Records, Symbol, Table, Tick, TickFilter,
};
use tradekeep::stores::{Batch, Stage};
use tradekeep::{Config, ConfigFormat, Role, Tradekeep};
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_test_servers::questdb::QUESTDB;
use tradekeep_test_servers::{harness, prefix};

const PATIENCE: Duration = Duration::from_secs(20);

/// A name, and a test on a server of this URL.
type Test = (&'static str, fn(&str));

fn main() -> ExitCode {
    let tests: [Test; 2] = [
        ("a_role_on_a_server_and_the_others_here", |url| run(url, a_role)),
        ("one_way_in_fills_both_and_both_answer_alike", |url| run(url, both)),
    ];
    let mut tests = harness::sharing(&QUESTDB, tests);
    tests.push(harness::test("a_server_that_is_down_is_no_reason_not_to_start", || {
        Runtime::new().unwrap().block_on(down());
    }));
    harness::main(tests)
}

/// Runs a test with a URL whose tables are its own, and drops them.
fn run<Running: Future<Output = ()>>(server: &str, test: impl FnOnce(String) -> Running) {
    let url = format!("{server}&table_prefix={}", prefix());
    let runtime = Runtime::new().unwrap();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        runtime.block_on(test(url.clone()));
    }));
    let store = QuestDbStore::new(QuestDbConfig::from_url(&url).unwrap()).unwrap();
    let dropped = runtime.block_on(store.drop_tables());
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    dropped.unwrap();
}

fn config(text: &str) -> Config {
    Config::parse(text, ConfigFormat::Toml).unwrap()
}

fn tick(price: &str) -> Tick {
    let ts = "2024-08-08T10:00:05.000000001Z".parse().unwrap();
    let tick = Tick::builder(Symbol::new("SOL-USD").unwrap(), ts)
        .price(price.parse().unwrap())
        .quantity("0.1".parse().unwrap());
    tick.build().unwrap()
}

fn measurements() -> [Records; 2] {
    let ts = "2024-08-08T10:00:05Z".parse().unwrap();
    let name = |text| Name::new(text).unwrap();
    let lag = vec![Metric::new(ts, name("lag_ms"), 1.5), Metric::new(ts, name("queue"), -0.1)];
    [lag.into(), vec![Latency::new(ts, name("router"), name("quote"), 5)].into()]
}

/// What is taken in one call settles in each store by its own number.
async fn a_role(url: String) {
    let text = format!("[stores]\nseries = 'memory://'\nmetrics = '{url}'");
    let store = Tradekeep::open(&config(&text)).await.unwrap();
    let [lag, latency] = measurements();
    let mut tokens = Vec::new();
    for records in [vec![tick("150")].into(), lag.clone(), latency] {
        let batch = Batch::new(records);
        tokens.push(store.write(&batch).await.unwrap().token);
    }
    while store.settle(&tokens).await.unwrap().iter().any(|stage| *stage != Stage::Applied) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let stats = store.table_stats().await.unwrap();
    let rows: Vec<_> =
        stats.iter().filter(|stats| stats.rows > 0).map(|s| (s.table, s.rows)).collect();
    assert_eq!(rows, [(Table::Ticks, 1), (Table::Metrics, 2), (Table::Latencies, 1)]);

    // What only some stores have is that of the role's store.
    let approx = store.approx_latencies().unwrap();
    let found = approx.approx_latency_stats(&LatencyFilter::default()).await.unwrap();
    assert_eq!(found, store.latency_stats(&LatencyFilter::default()).await.unwrap());
    let error = store.candle_views().err().unwrap();
    assert!(error.to_string().contains("no views of candles: questdb has"), "{error}");

    // A direct save answers when it can be read, and a record is stored once.
    let saved = store.save(lag).await.unwrap();
    assert_eq!((saved.inserted, saved.duplicates), (0, 2));
    let report = store.health().await;
    assert!(report.is_healthy(), "{report:?}");
    let [_, on_server] = &report.stores[..] else { unreachable!("{report:?}") };
    assert_eq!((&*on_server.roles, on_server.health.store), (&[Role::Metrics][..], "questdb"));
    assert!(on_server.name.starts_with("questdb://127.0.0.1:"), "{report:?}");
    store.shutdown().await.unwrap();
}

async fn both(url: String) {
    let folder = tempfile::tempdir().unwrap();
    let embedded = format!("duckdb://{}", folder.path().display());
    let text = format!("[stores]\nseries = '{embedded}'\n[ingest]\nalso = ['{url}']\nbatch_ms = 5");
    let store = Tradekeep::open(&config(&text)).await.unwrap();
    let ingest = store.ingest().await.unwrap();
    for records in [vec![tick("150"), tick("151")].into()].into_iter().chain(measurements()) {
        ingest.append(records).await.unwrap().applied().await.unwrap();
    }
    let stats = ingest.shutdown(PATIENCE).await.unwrap();
    assert_eq!((stats.pending(), stats.dead_letters), (0, 0), "{stats:?}");
    store.shutdown().await.unwrap();

    let mut answers = Vec::new();
    for url in [&embedded, &url] {
        let store = Tradekeep::open(&Config::from_url(url).unwrap()).await.unwrap();
        let ticks = store.ticks(TickFilter::default()).page().await.unwrap();
        assert_eq!(ticks.items.len(), 2, "{url}");
        let metrics = store.metric_stats(&MetricFilter::default()).await.unwrap();
        let latency = store.latency_stats(&LatencyFilter::default()).await.unwrap();
        answers.push(format!("{ticks:?} {metrics:?} {latency:?}"));
        store.shutdown().await.unwrap();
    }
    assert_eq!(answers[0], answers[1]);
}

async fn down() {
    // Bound, so that nobody else has it, and not listened on.
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = nobody.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[stores]\nseries = 'questdb://bot:canary@127.0.0.1:{port}?pg_port={port}'\n\
         [ingest]\nfolder = '{}'",
        folder.path().display()
    );
    let store = Tradekeep::open(&config(&text)).await.unwrap();
    let ingest = store.ingest().await.unwrap();
    ingest.append_at(&vec![tick("150")].into(), Level::Synced).await.unwrap();
    let report = store.health().await;
    let health = &report.stores[0].health;
    assert!(!health.readable && !health.writable, "{report:?}");
    let cause = format!("nobody listens on 127.0.0.1:{port}");
    assert_eq!(health.troubles[0].cause, cause, "{report:?}");
    let stats = ingest.shutdown(Duration::ZERO).await.unwrap();
    // What is told of the server may be on its way there too.
    let ticks = stats.lanes().find(|lane| lane.table == Table::Ticks).unwrap();
    assert_eq!((ticks.pending, stats.dead_letters), (1, 0));
    assert!(!format!("{report:?} {stats:?} {store:?}").contains("canary"));
    store.shutdown().await.unwrap();
}
