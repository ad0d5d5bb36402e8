//! Connections over PostgreSQL's protocol, kept and lent.

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool as Deadpool, RecyclingMethod, Runtime,
};
use secrecy::ExposeSecret;
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Row};
use tradekeep_store_traits::{ErrorKind, Result, StoreError};

use crate::config::Credentials;
use crate::error::{classify, unavailable};
use crate::{QuestDbConfig, STORE};

/// How a pool of connections is used at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStats {
    /// Reads that may run at once.
    pub most: usize,
    /// Reads that run.
    pub in_use: usize,
    /// Connections kept for the next read.
    pub idle: usize,
}

/// A pool, whose connections are made when they are first needed.
#[derive(Debug)]
pub(crate) struct Pool {
    pool: Deadpool,
    idle_timeout: std::time::Duration,
}

impl Pool {
    /// Connects to nothing yet.
    pub(crate) fn new(config: &QuestDbConfig) -> Result<Self> {
        let mut settings = settings(config, &config.pg_credentials());
        settings.application_name("tradekeep");
        // A connection that is closed is noticed by its own task; a ping would double every read's time.
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Deadpool::builder(Manager::from_config(settings, NoTls, manager))
            .max_size(config.readers())
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(config.connect_timeout()))
            .create_timeout(Some(config.connect_timeout()))
            .build()
            .map_err(|error| {
                let context = "the pool of connections cannot be made";
                StoreError::new(ErrorKind::Connection, STORE, "open", context).with_source(error)
            })?;
        Ok(Self { pool, idle_timeout: config.idle_timeout() })
    }

    async fn connection(&self, op: &'static str) -> Result<Object> {
        let idle_timeout = self.idle_timeout;
        self.pool.retain(|_, metrics| metrics.last_used() < idle_timeout);
        self.pool.get().await.map_err(|error| unavailable(op, error))
    }

    /// The rows of `sql`, prepared once a connection.
    pub(crate) async fn query(
        &self,
        op: &'static str,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>> {
        let connection = self.connection(op).await?;
        let statement =
            connection.prepare_cached(sql).await.map_err(|error| classify(op, error))?;
        connection.query(&statement, values).await.map_err(|error| classify(op, error))
    }

    /// Carries out statements that change tables, one after the other, then drops every connection that
    /// is idle: what they have prepared may be of a table that is no more.
    pub(crate) async fn change(&self, op: &'static str, statements: &[String]) -> Result<()> {
        let connection = self.connection(op).await?;
        let mut outcome = Ok(());
        for statement in statements {
            outcome =
                connection.batch_execute(statement).await.map_err(|error| classify(op, error));
            if outcome.is_err() {
                break;
            }
        }
        // This one too.
        drop(Object::take(connection));
        self.pool.retain(|_, _| false);
        outcome
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let status = self.pool.status();
        let in_use = status.size.saturating_sub(status.available);
        PoolStats { most: status.max_size, in_use, idle: status.available }
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// How to connect with `credentials`.
fn settings(config: &QuestDbConfig, credentials: &Credentials) -> tokio_postgres::Config {
    let mut settings = tokio_postgres::Config::new();
    settings
        .host(config.pg_host())
        .port(config.pg_port())
        .user(&credentials.user)
        .password(credentials.password.expose_secret())
        // The only one there is.
        .dbname("qdb")
        .connect_timeout(config.connect_timeout());
    settings
}
