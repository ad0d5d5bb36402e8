//! A server, and tables on it that belong to one test.

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
}
