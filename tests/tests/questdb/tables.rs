//! A server, tables on it that belong to one test, and a spool that feeds them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tradekeep::models::{Records, Table};
use tradekeep::stores::RecordSink;
use tradekeep_ingest::{Ingest, IngestConfig, IngestStats, LaneStatus, SinkConfig, SinkId};
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_test_servers::questdb::Questdb;
use tradekeep_tests::proxy::ChaosProxy;

use crate::http;

/// Longer than anything here takes, unless it never comes.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// An alarm comes within the time after which a write is given up: the server says what is wrong, and nobody
/// has to wait to find out.
pub(crate) const ALARM: Duration = Duration::from_secs(10);

/// Where the tables of a test are.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    pub(crate) port: u16,
    url: String,
    prefix: String,
}

impl Tables {
    pub(crate) fn on(server: &Questdb) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("t{}_", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { port: server.ports().http, url: server.url(), prefix }
    }

    pub(crate) fn config(&self) -> QuestDbConfig {
        QuestDbConfig::from_url(&self.url).unwrap().with_table_prefix(&self.prefix)
    }

    /// A proxy before its HTTP port, and a store whose records go that way. Reads go straight.
    pub(crate) async fn proxy(&self, seed: u64) -> ChaosProxy {
        let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        ChaosProxy::start(upstream, seed).await.unwrap()
    }

    /// The name of a table on the server.
    pub(crate) fn table(&self, table: Table) -> String {
        format!("{}{table}", self.prefix)
    }

    /// What the server answers over HTTP; `{}` stands for the prefix.
    pub(crate) fn ask(&self, sql: &str) -> Vec<Vec<http::Cell>> {
        let sql = sql.replace("{}", &self.prefix);
        http::rows(self.port, &sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Suspends a table, and waits until it stays so.
    ///
    /// Told so while it applies a transaction, the server says that the table is suspended, and takes it for
    /// one that goes on once that transaction is applied (tried on 9.3.4): then it is told again.
    pub(crate) async fn suspend(&self, table: Table) {
        let table = self.table(table);
        let applying = format!(
            "SELECT count() FROM writer_pool() WHERE table_name = '{table}' AND owner_thread_id IS NOT NULL"
        );
        let suspended =
            format!("SELECT count() FROM wal_tables() WHERE name = '{table}' AND suspended");
        let since = Instant::now();
        loop {
            // Asked first: who applies nothing and is suspended afterwards begins nothing. It is an error now
            // and then, while another table is made.
            let asked = http::rows(self.port, &applying);
            let is_idle = asked.is_ok_and(|rows| rows[0][0].as_deref() == Some("0"));
            if self.number(&suspended) == Some(0) {
                self.ask(&format!("ALTER TABLE \"{table}\" SUSPEND WAL"));
            } else if is_idle {
                return;
            }
            assert!(since.elapsed() < LONG, "{table} does not stay suspended");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A number that it answers with; nothing where it answers NULL.
    pub(crate) fn number(&self, sql: &str) -> Option<i64> {
        self.ask(sql)[0][0].as_ref().map(|text| text.parse().unwrap())
    }
}

/// A spool before a store.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) ingest: Ingest,
    pub(crate) store: Arc<QuestDbStore>,
    /// Removed with it, where it was made for it.
    _folder: Option<TempDir>,
}

impl Way {
    /// Batches that leave soon, and a store that is asked again soon.
    pub(crate) async fn open(config: QuestDbConfig) -> Self {
        Self::open_with(config, |config| config).await
    }

    pub(crate) async fn open_with(
        config: QuestDbConfig,
        change: impl FnOnce(IngestConfig) -> IngestConfig,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let way = Self::open_at(folder.path(), config, change).await;
        Self { _folder: Some(folder), ..way }
    }

    /// On the spool of this folder.
    pub(crate) async fn open_at(
        folder: &Path,
        config: QuestDbConfig,
        change: impl FnOnce(IngestConfig) -> IngestConfig,
    ) -> Self {
        let store = Arc::new(QuestDbStore::new(config).unwrap());
        let config = IngestConfig::new(folder)
            .with_segment_bytes(1 << 20)
            .with_batch(1_000, Duration::from_millis(10))
            .with_halt_retry(Duration::from_millis(500));
        let sinks = vec![sink("questdb", Arc::clone(&store) as _)];
        let ingest = Ingest::open(change(config), sinks).await.unwrap();
        Self { ingest, store, _folder: None }
    }

    /// Records that the store has, as far as the spool knows.
    pub(crate) fn applied(&self) -> u64 {
        self.ingest.stats().lanes().map(|lane| lane.applied).sum()
    }

    /// Appends records, and waits until the store has them, or they are dead letters.
    pub(crate) async fn stored(&self, records: Records) {
        let receipt = self.ingest.append(records).await.unwrap();
        let applied = tokio::time::timeout(LONG, receipt.applied()).await;
        applied.unwrap_or_else(|_| panic!("{:#?}", self.ingest.stats())).unwrap();
    }

    /// All records of a table up to this number are done with.
    pub(crate) fn cursor(&self, table: Table) -> u64 {
        let stats = self.ingest.stats();
        let mut lanes = stats.lanes().filter(|lane| lane.table == table);
        lanes.next().unwrap().cursor
    }

    /// Waits until there is something to find, no longer than [`LONG`]; answers it, and how long that took.
    async fn found<T>(
        &self,
        what: &str,
        find: impl Fn(&IngestStats) -> Option<T>,
    ) -> (T, Duration) {
        let since = Instant::now();
        loop {
            let stats = self.ingest.stats();
            if let Some(found) = find(&stats) {
                return (found, since.elapsed());
            }
            assert!(since.elapsed() < LONG, "{what} does not come: {stats:#?}");
            // Nothing tells of a status.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until it is so; answers how long that took.
    pub(crate) async fn until(&self, what: &str, so: impl Fn(&IngestStats) -> bool) -> Duration {
        self.found(what, |stats| so(stats).then_some(())).await.1
    }

    /// Waits until a lane is halted for a reason that has `why` in it; answers the whole reason. Before it can tell
    /// what is wrong it may be halted by what it meets first, and a moment later it may be about to try again.
    pub(crate) async fn halted_because(&self, table: Table, why: &str) -> String {
        self.halt(table, why).await.0
    }

    /// Waits until a lane is halted, whatever the reason; answers how long that took.
    pub(crate) async fn halted(&self, table: Table) -> Duration {
        self.halt(table, "").await.1
    }

    async fn halt(&self, table: Table, why: &str) -> (String, Duration) {
        let halted = |stats: &IngestStats| {
            let mut lanes = stats.lanes().filter(|lane| lane.table == table);
            lanes.find_map(|lane| match &lane.status {
                LaneStatus::Halted { reason, .. } if reason.contains(why) => {
                    Some(reason.to_string())
                }
                _ => None,
            })
        };
        self.found(&format!("a halt ({why})"), halted).await
    }

    /// Delivers all, and ends. Everything is accounted for, and `dead` records are dead letters.
    pub(crate) async fn end(self, dead: u64) -> IngestStats {
        // Also what is told of this delivery itself.
        let drained = |stats: &IngestStats| stats.pending() == 0;
        self.until("the end of delivery", drained).await;
        let stats = self.ingest.shutdown(LONG).await.unwrap();
        assert_eq!((stats.pending(), stats.dead_letters), (0, dead), "{stats:#?}");
        assert!(stats.lanes().all(|lane| lane.unaccounted() == 0), "{stats:#?}");
        assert!(stats.dropped.is_empty() && stats.damaged.is_empty(), "{stats:#?}");
        self.store.close().await.unwrap();
        stats
    }
}

/// A store, as delivery knows it.
pub(crate) fn sink(name: &str, store: Arc<dyn RecordSink>) -> SinkConfig {
    SinkConfig {
        id: SinkId::of(name, "", ""),
        name: name.into(),
        sink: store,
        tables: Table::ALL.to_vec(),
        from_now: false,
    }
}

/// Runs a test.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(4).enable_all().build().unwrap().block_on(test);
}
