//! How reads reach the server.

use secrecy::ExposeSecret;
use tokio_postgres::Config;
pub(crate) use tradekeep_pg_common::Pool;
use tradekeep_pg_common::{Answers, PoolConfig};
use tradekeep_store_traits::Inner;

use crate::QuestDbConfig;
use crate::error::classify;

const ANSWERS: Answers = Answers { place: "pg_host and pg_port", classify };

/// Connects to nothing yet.
pub(crate) fn pool(config: &QuestDbConfig) -> Inner<Pool> {
    let credentials = config.pg_credentials();
    let mut server = Config::new();
    server
        .host(config.pg_host())
        .port(config.pg_port)
        .user(&credentials.user)
        .password(credentials.password.expose_secret())
        // The only one there is.
        .dbname("qdb")
        .application_name("tradekeep")
        .connect_timeout(config.connect_timeout);
    Pool::new(PoolConfig {
        server,
        most: config.readers,
        connect_timeout: config.connect_timeout,
        idle_timeout: config.idle_timeout,
        query_timeout: config.query_timeout,
        answers: ANSWERS,
    })
}
