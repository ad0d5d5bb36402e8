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
use tokio_postgres::{Config, NoTls};
use tradekeep_store_traits::sql::{Bind, Sql};
use tradekeep_store_traits::{Delivery, ErrorKind, Failure, Inner, PoolStats};

use crate::PgRow;

/// How a store speaks of its server.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    /// The settings that say where the server is: `host and port`.
    pub place: &'static str,
    /// What an answer of the server means. It repeats no value.
    pub classify: fn(&DbError) -> Failure,
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
    pub fn new(config: PoolConfig) -> Inner<Self> {
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
                Failure::new(ErrorKind::Connection, context).with_source(error)
            })?;
        Ok(Self { pool, address, idle_timeout, query_timeout, answers })
    }

    async fn connection(&self) -> Inner<Object> {
        let idle_timeout = self.idle_timeout;
        self.pool.retain(|_, metrics| metrics.last_used() < idle_timeout);
        self.pool.get().await.map_err(|error| self.answers.unavailable(&self.address, error))
    }

    /// The rows of `sql`, prepared once a connection.
    ///
    /// # Errors
    /// As the store classifies the server's answer; `Connection`, `Timeout` and `PoolExhausted` where there
    /// is none.
    pub async fn ask(&self, sql: &Sql) -> Inner<Vec<PgRow>> {
        self.map(sql, Ok).await
    }

    /// The same within a limit of its own: a server that is stopped answers nothing, and closes nothing.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn ask_within(&self, limit: Duration, sql: &Sql) -> Inner<Vec<PgRow>> {
        self.run(limit, sql, Ok).await
    }

    /// What `read` makes of each row of `sql`, while the rows behind it are on their way.
    ///
    /// # Errors
    /// As [`ask`](Self::ask), and those of `read`.
    pub async fn map<T>(&self, sql: &Sql, read: impl FnMut(PgRow) -> Inner<T>) -> Inner<Vec<T>> {
        self.run(self.query_timeout, sql, read).await
    }

    async fn run<T>(
        &self,
        limit: Duration,
        sql: &Sql,
        mut read: impl FnMut(PgRow) -> Inner<T>,
    ) -> Inner<Vec<T>> {
        let connection = self.connection().await?;
        let asked = timeout(limit, async {
            let refused = |error| self.answers.classify(error);
            let (types, values): (Vec<_>, Vec<_>) = sql.values.iter().map(typed).unzip();
            let statement = connection.prepare_typed_cached(&sql.text, &types);
            let statement = statement.await.map_err(refused)?;
            let rows = connection.query_raw(&statement, values).await.map_err(refused)?;
            let mut rows = pin!(rows);
            let mut made = Vec::new();
            while let Some(row) = rows.try_next().await.map_err(refused)? {
                made.push(read(row.into())?);
            }
            Ok(made)
        });
        match asked.await {
            Ok(answer) => answer,
            Err(_) => {
                // An answer that comes later is nobody's.
                drop(Object::take(connection));
                Err(self.answers.late())
            }
        }
    }

    /// Carries out statements that change tables, one after the other, then drops every connection that
    /// is idle: what they have prepared may be of a table that is no more.
    ///
    /// # Errors
    /// As [`ask`](Self::ask), of the first that fails; those before it are carried out.
    pub async fn change(&self, statements: &[String]) -> Inner<()> {
        let connection = self.connection().await?;
        let mut outcome = Ok(());
        for statement in statements {
            let done = timeout(self.query_timeout, connection.batch_execute(statement)).await;
            outcome = match done {
                Ok(done) => done.map_err(|error| self.answers.classify(error)),
                // What has been asked for may still be done.
                Err(_) => Err(self.answers.late().with_delivery(Delivery::Unknown)),
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
        PoolStats::builder().most(status.max_size).in_use(in_use).idle(status.available).build()
    }

    /// Ends every connection once its statement is done. Whoever asks afterwards gets an error of kind
    /// `Connection`.
    pub fn close(&self) {
        self.pool.close();
    }
}

/// The type and the value of what is bound.
fn typed(value: &Bind) -> (Type, &(dyn ToSql + Sync)) {
    match value {
        Bind::Text(text) => (Type::VARCHAR, text),
        Bind::Int(number) => (Type::INT8, number),
    }
}

fn address(server: &Config) -> String {
    let port = server.get_ports().first().copied().unwrap_or(5432);
    match server.get_hosts().first() {
        Some(Host::Tcp(host)) => format!("{host}:{port}"),
        _ => format!("port {port}"),
    }
}
