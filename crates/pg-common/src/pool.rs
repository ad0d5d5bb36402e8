//! Connections over PostgreSQL's protocol, kept and lent.

use std::pin::pin;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool as Deadpool, RecyclingMethod, Runtime,
};
use futures_util::TryStreamExt;
use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::error::DbError;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, NoTls, Row};
use tradekeep_store_traits::{Delivery, ErrorKind, PoolStats, Result, StoreError};

use crate::{Bind, Sql};

/// How a store speaks of its server.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    /// What errors call the store.
    pub store: &'static str,
    /// The settings that say where the server is: `host and port`.
    pub place: &'static str,
    /// What an answer of the server means in an operation. It repeats no value.
    pub classify: fn(&'static str, &DbError) -> StoreError,
}

/// How a pool connects, and for how long it waits.
#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// Where, and as who.
    pub server: Config,
    /// Connections at once.
    pub most: usize,
    /// For a connection, to be made or to become free.
    pub connect_timeout: Duration,
    /// After which an unused connection is dropped.
    pub idle_timeout: Duration,
    /// For a statement.
    pub query_timeout: Duration,
    /// How errors are told.
    pub answers: Answers,
}

/// A pool, whose connections are made when they are first needed.
#[derive(Debug)]
pub struct Pool {
    pool: Deadpool,
    /// Host and port, for messages.
    address: String,
    idle_timeout: Duration,
    query_timeout: Duration,
    answers: Answers,
}

impl Pool {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// When there is no runtime of tokio for its clock.
    pub fn new(config: PoolConfig) -> Result<Self> {
        let PoolConfig { server, most, connect_timeout, idle_timeout, query_timeout, answers } =
            config;
        let address = address(&server);
        // A connection that is closed is noticed by its own task; a ping would double every read's time.
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Deadpool::builder(Manager::from_config(server, NoTls, manager))
            .max_size(most)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(connect_timeout))
            .create_timeout(Some(connect_timeout))
            .build()
            .map_err(|error| {
                let context = "the pool of connections cannot be made: see the cause";
                StoreError::new(ErrorKind::Connection, answers.store, "open", context)
                    .with_source(error)
            })?;
        Ok(Self { pool, address, idle_timeout, query_timeout, answers })
    }

    async fn connection(&self, op: &'static str) -> Result<Object> {
        let idle_timeout = self.idle_timeout;
        self.pool.retain(|_, metrics| metrics.last_used() < idle_timeout);
        self.pool.get().await.map_err(|error| self.answers.unavailable(op, &self.address, error))
    }

    /// The rows of `sql`, prepared once a connection.
    ///
    /// # Errors
    /// As the store classifies the server's answer; `Connection`, `Timeout` and `PoolExhausted` where there
    /// is none.
    pub async fn query(
        &self,
        op: &'static str,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>> {
        self.run(self.query_timeout, op, sql, &[], values, Ok).await
    }

    /// The rows of `sql`, which binds nothing, within a limit of its own: a server that is stopped answers
    /// nothing, and closes nothing.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn query_within(
        &self,
        limit: Duration,
        op: &'static str,
        sql: &str,
    ) -> Result<Vec<Row>> {
        self.run(limit, op, sql, &[], &[], Ok).await
    }

    /// The rows of `sql`, whose values have the types that it says.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn ask(&self, op: &'static str, sql: &Sql) -> Result<Vec<Row>> {
        self.map(op, sql, Ok).await
    }

    /// What `read` makes of each row of `sql`, while the rows behind it are on their way.
    ///
    /// # Errors
    /// As [`query`](Self::query), and those of `read`.
    pub async fn map<T>(
        &self,
        op: &'static str,
        sql: &Sql,
        read: impl FnMut(Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let types: Vec<_> = sql.values.iter().map(Bind::kind).collect();
        let values: Vec<_> = sql.values.iter().map(Bind::value).collect();
        self.run(self.query_timeout, op, &sql.text, &types, &values, read).await
    }

    async fn run<T>(
        &self,
        limit: Duration,
        op: &'static str,
        sql: &str,
        types: &[Type],
        values: &[&(dyn ToSql + Sync)],
        mut read: impl FnMut(Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let connection = self.connection(op).await?;
        let asked = timeout(limit, async {
            let refused = |error| self.answers.classify(op, error);
            let statement = connection.prepare_typed_cached(sql, types).await.map_err(refused)?;
            let values = values.iter().copied();
            let rows = connection.query_raw(&statement, values).await.map_err(refused)?;
            let mut rows = pin!(rows);
            let mut made = Vec::new();
            while let Some(row) = rows.try_next().await.map_err(refused)? {
                made.push(read(row)?);
            }
            Ok(made)
        });
        match asked.await {
            Ok(answer) => answer,
            Err(_) => {
                // An answer that comes later is nobody's.
                drop(Object::take(connection));
                Err(self.answers.late(op))
            }
        }
    }

    /// Carries out statements that change tables, one after the other, then drops every connection that
    /// is idle: what they have prepared may be of a table that is no more.
    ///
    /// # Errors
    /// As [`query`](Self::query), of the first that fails; those before it are carried out.
    pub async fn change(&self, op: &'static str, statements: &[String]) -> Result<()> {
        let connection = self.connection(op).await?;
        let mut outcome = Ok(());
        for statement in statements {
            let done = timeout(self.query_timeout, connection.batch_execute(statement)).await;
            outcome = match done {
                Ok(done) => done.map_err(|error| self.answers.classify(op, error)),
                // What has been asked for may still be done.
                Err(_) => Err(self.answers.late(op).with_delivery(Delivery::Unknown)),
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

    /// How it is used at this moment.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        let status = self.pool.status();
        let in_use = status.size.saturating_sub(status.available);
        PoolStats { most: status.max_size, in_use, idle: status.available }
    }

    /// Ends every connection once its statement is done. Whoever asks afterwards gets an error of kind
    /// `Connection`.
    pub fn close(&self) {
        self.pool.close();
    }
}

fn address(server: &Config) -> String {
    let port = server.get_ports().first().copied().unwrap_or(5432);
    match server.get_hosts().first() {
        Some(Host::Tcp(host)) => format!("{host}:{port}"),
        _ => format!("port {port}"),
    }
}
