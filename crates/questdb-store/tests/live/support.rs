//! A server, and tables on it that belong to one test.

use std::future::Future;

use tokio_postgres::{Client, NoTls};
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_store_traits::Result;
use tradekeep_test_servers::prefix;

/// Tables with a prefix of their own.
#[derive(Debug, Clone)]
pub(crate) struct Scratch {
    pub(crate) url: String,
    pub(crate) prefix: String,
}

impl Scratch {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), prefix: prefix() }
    }

    pub(crate) fn config(&self) -> QuestDbConfig {
        QuestDbConfig::from_url(&self.url).unwrap().with_table_prefix(&self.prefix)
    }

    pub(crate) async fn open(&self) -> Result<QuestDbStore> {
        QuestDbStore::connect(self.config()).await
    }

    /// A table's name on the server.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A part of the URL.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let (_, rest) = self.url.split_once(&format!("{name}=")).unwrap();
        rest.split('&').next().unwrap().to_owned()
    }

    /// A connection that the store knows nothing of.
    pub(crate) async fn client(&self) -> Client {
        let (user, password) = (self.parameter("pg_user"), self.parameter("pg_password"));
        let port = self.parameter("pg_port");
        let settings =
            format!("host=127.0.0.1 port={port} user={user} password={password} dbname=qdb");
        let (client, connection) = tokio_postgres::connect(&settings, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Carries out statements; `{}` in them stands for the prefix.
    pub(crate) async fn execute(&self, statements: &[&str]) {
        let client = self.client().await;
        for statement in statements {
            let statement = statement.replace("{}", &self.prefix);
            client.batch_execute(&statement).await.unwrap_or_else(|error| {
                panic!("{statement}: {error:?}");
            });
        }
    }

    /// A number that the server answers with.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = sql.replace("{}", &self.prefix);
        self.client().await.query_one(&sql, &[]).await.unwrap().get(0)
    }

    /// Waits until the server answers `sql` with `number`.
    pub(crate) async fn until(&self, sql: &str, number: i64) {
        let waiting = async {
            while self.number(sql).await != number {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), waiting).await.unwrap();
    }

    /// Drops what has its prefix.
    async fn clear(&self) {
        let client = self.client().await;
        let sql = "SELECT table_name FROM tables() WHERE starts_with(table_name, $1)";
        for row in client.query(sql, &[&self.prefix]).await.unwrap() {
            let table: String = row.get(0);
            client.batch_execute(&format!("DROP TABLE \"{table}\"")).await.unwrap();
        }
    }
}

/// Runs a test on tables of its own, which are dropped whatever becomes of it.
pub(crate) fn run<F, Running>(url: &str, test: F)
where
    F: FnOnce(Scratch) -> Running,
    Running: Future<Output = ()>,
{
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scratch = Scratch::new(url);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        runtime.block_on(test(scratch.clone()));
    }));
    runtime.block_on(scratch.clear());
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}
