//! Connections over PostgreSQL's protocol, kept and lent.

use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool as Deadpool, RecyclingMethod, Runtime,
};
use secrecy::ExposeSecret;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{NoTls, Row};
use tradekeep_store_traits::{Delivery, ErrorKind, Result, StoreError};

use crate::error::{classify, late, unavailable};
use crate::sql::{Bind, Sql};
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
    idle_timeout: Duration,
    query_timeout: Duration,
}

impl Pool {
    /// Connects to nothing yet.
    pub(crate) fn new(config: &QuestDbConfig) -> Result<Self> {
        // A connection that is closed is noticed by its own task; a ping would double every read's time.
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Deadpool::builder(Manager::from_config(settings(config), NoTls, manager))
            .max_size(config.readers())
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(config.connect_timeout()))
            .create_timeout(Some(config.connect_timeout()))
            .build()
            .map_err(|error| {
                let context = "the pool of connections cannot be made";
                StoreError::new(ErrorKind::Connection, STORE, "open", context).with_source(error)
            })?;
        let (idle_timeout, query_timeout) = (config.idle_timeout(), config.query_timeout());
        Ok(Self { pool, idle_timeout, query_timeout })
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
        self.query_within(self.query_timeout, op, sql, values).await
    }

    /// The same, with a limit of its own: a server that is stopped answers nothing, and closes nothing.
    pub(crate) async fn query_within(
        &self,
        limit: Duration,
        op: &'static str,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>> {
        self.run(limit, op, sql, &[], values).await
    }

    /// The rows of `sql`, whose values have the types that it says.
    pub(crate) async fn ask(&self, op: &'static str, sql: &Sql) -> Result<Vec<Row>> {
        let types: Vec<_> = sql.values.iter().map(Bind::kind).collect();
        let values: Vec<_> = sql.values.iter().map(Bind::value).collect();
        self.run(self.query_timeout, op, &sql.text, &types, &values).await
    }

    async fn run(
        &self,
        limit: Duration,
        op: &'static str,
        sql: &str,
        types: &[Type],
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>> {
        let connection = self.connection(op).await?;
        let asked = timeout(limit, async {
            let statement = connection.prepare_typed_cached(sql, types).await?;
            connection.query(&statement, values).await
        });
        match asked.await {
            Ok(answer) => answer.map_err(|error| classify(op, error)),
            Err(_) => {
                // An answer that comes later is nobody's.
                drop(Object::take(connection));
                Err(late(op))
            }
        }
    }

    /// Carries out statements that change tables, one after the other, then drops every connection that
    /// is idle: what they have prepared may be of a table that is no more.
    pub(crate) async fn change(&self, op: &'static str, statements: &[String]) -> Result<()> {
        let connection = self.connection(op).await?;
        let mut outcome = Ok(());
        for statement in statements {
            let done = timeout(self.query_timeout, connection.batch_execute(statement)).await;
            outcome = match done {
                Ok(done) => done.map_err(|error| classify(op, error)),
                // What has been asked for may still be done.
                Err(_) => Err(late(op).with_delivery(Delivery::Unknown)),
            };
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

/// How to connect.
fn settings(config: &QuestDbConfig) -> tokio_postgres::Config {
    let credentials = config.pg_credentials();
    let mut settings = tokio_postgres::Config::new();
    settings
        .host(config.pg_host())
        .port(config.pg_port())
        .user(&credentials.user)
        .password(credentials.password.expose_secret())
        // The only one there is.
        .dbname("qdb")
        .application_name("tradekeep")
        .connect_timeout(config.connect_timeout());
    settings
}
