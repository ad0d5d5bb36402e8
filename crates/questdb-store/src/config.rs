//! How to reach a server.

mod url;
mod validate;

use std::path::{Path, PathBuf};
use std::time::Duration;

use derive_setters::Setters;
use secrecy::SecretString;
use tradekeep_models::{Interval, InvalidInput};
use tradekeep_store_traits::DUPLICATE_WINDOW;
use tradekeep_store_traits::url::Credentials;

/// User and password that every QuestDB is shipped with.
pub(crate) const SHIPPED: (&str, &str) = ("admin", "quest");

/// Where the server is, who we are there, and how it is used.
///
/// ```
/// use tradekeep_questdb_store::QuestDbConfig;
///
/// let config = QuestDbConfig::from_url("questdb://bot:s3cret@127.0.0.1:9000?pg_port=8812")?
///     .with_table_prefix("desk_");
/// assert_eq!(config.validate(), Ok(()));
/// assert!(!format!("{config:?}").contains("s3cret"));
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Setters)]
#[setters(prefix = "with_", strip_option)]
pub struct QuestDbConfig {
    #[setters(skip)]
    host: String,
    /// The port of HTTP, 9000 by default.
    pub(crate) port: u16,
    /// Sends records over https, to a proxy that ends it before the server, whose certificate an authority
    /// that this system trusts vouches for.
    #[setters(bool)]
    https: bool,
    /// Trusts the authorities whose certificates are in this PEM file, and no others, with https.
    #[setters(into)]
    tls_roots: Option<PathBuf>,
    #[setters(skip)]
    pub(crate) http: Option<Credentials>,
    /// The host of PostgreSQL's protocol, the near end of a tunnel, say; by default that of HTTP.
    #[setters(into)]
    pg_host: Option<String>,
    /// The port of PostgreSQL's protocol, 8812 by default.
    pub(crate) pg_port: u16,
    #[setters(skip)]
    pg: Option<Credentials>,
    /// A prefix of every table's name, so that several stores share a server; none by default.
    #[setters(into)]
    table_prefix: String,
    /// Lets passwords and records cross a network unencrypted.
    #[setters(bool, rename = "with_plaintext_allowed")]
    allow_plaintext: bool,
    /// Has tables of an older tradekeep brought up to date when they are met.
    #[setters(bool)]
    pub(crate) auto_migrate: bool,
    #[setters(skip)]
    pub(crate) candle_views: Vec<Interval>,
    /// Reads at once, 10 by default, at most 64, which is what the server takes by default.
    pub(crate) readers: usize,
    /// How long connecting, and waiting for a connection of the pool, may take; 5 s by default.
    pub(crate) connect_timeout: Duration,
    /// How long a connection is kept without a read; 300 s by default.
    pub(crate) idle_timeout: Duration,
    /// How long a statement may take, 60 s by default, which is when the server gives up on it too. Each
    /// of the four of health may take as long as connecting.
    pub(crate) query_timeout: Duration,
    /// How long the server may take to answer a batch, 10 s by default, and a second more for each
    /// 100 KiB.
    pub(crate) write_timeout: Duration,
    /// How far apart in time two records may be one and the same, as
    /// [`RecordSink`](tradekeep_store_traits::RecordSink) says; 48 hours by default.
    pub(crate) duplicate_window: Duration,
}

impl QuestDbConfig {
    /// A server on `host` that listens where QuestDB does by default: HTTP on 9000, PostgreSQL's
    /// protocol on 8812.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 9000,
            https: false,
            tls_roots: None,
            http: None,
            pg_host: None,
            pg_port: 8812,
            pg: None,
            table_prefix: String::new(),
            allow_plaintext: false,
            auto_migrate: false,
            candle_views: Vec::new(),
            readers: 10,
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(300),
            query_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(10),
            duplicate_window: DUPLICATE_WINDOW,
        }
    }

    /// The server that `questdb://USER:PASSWORD@HOST:PORT?NAME=VALUE&…` names. User, password and the
    /// values are percent-encoded where they hold any of `:/?#@&=%`.
    ///
    /// | part | default | |
    /// |---|---|---|
    /// | `USER:PASSWORD` | none | for HTTP, and for PostgreSQL's protocol where it has no other |
    /// | `PORT` | 9000 | of HTTP |
    /// | `https` | false | records go over https, to a proxy that ends it before the server |
    /// | `tls_roots` | the system's | a PEM file of the authorities that may vouch for that proxy |
    /// | `pg_host` | `HOST` | for PostgreSQL's protocol: the near end of a tunnel, say |
    /// | `pg_port` | 8812 | |
    /// | `pg_user`, `pg_password` | as for HTTP, else those QuestDB is shipped with | |
    /// | `table_prefix` | none | of every table's name, `[a-z_][a-z0-9_]*` |
    /// | `allow_plaintext` | false | passwords and records may cross a network unencrypted |
    /// | `candle_views` | none | intervals, `1m,1h`: see [`with_candle_view`](Self::with_candle_view) |
    /// | `auto_migrate` | false | tables of an older tradekeep get what they lack |
    ///
    /// # Errors
    /// Naming all problems at once; none of them holds a value.
    pub fn from_url(url: &str) -> Result<Self, InvalidInput> {
        let config = url::parse(url)?;
        config.validate()?;
        Ok(config)
    }

    /// Who we are over HTTP; nobody by default.
    #[must_use]
    pub fn with_http_credentials(
        mut self,
        user: impl Into<String>,
        password: impl Into<SecretString>,
    ) -> Self {
        self.http = Some(Credentials::new(user, password));
        self
    }

    /// Who we are over PostgreSQL's protocol; by default who we are over HTTP.
    #[must_use]
    pub fn with_pg_credentials(
        mut self,
        user: impl Into<String>,
        password: impl Into<SecretString>,
    ) -> Self {
        self.pg = Some(Credentials::new(user, password));
        self
    }

    /// Has the server keep candles of this interval in a materialized view, for
    /// [`CandleViews`](tradekeep_store_traits::CandleViews). It costs the server work with every
    /// batch of ticks. So many of an interval have to make a day.
    #[must_use]
    pub fn with_candle_view(mut self, interval: Interval) -> Self {
        if !self.candle_views.contains(&interval) {
            self.candle_views.push(interval);
        }
        self
    }

    /// Its URL without users and passwords: `questdb://localhost:9000?pg_port=8812`, for people to tell
    /// stores apart by.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = format!("questdb://{}?pg_port={}", self.server(), self.pg_port);
        if !self.table_prefix.is_empty() {
            name += &format!("&table_prefix={}", self.table_prefix);
        }
        name
    }

    /// Host and port of HTTP: `localhost:9000`. Together with the prefix of its tables they say which
    /// store it is.
    #[must_use]
    pub fn server(&self) -> String {
        format!("{}:{}", self.http_host().to_lowercase(), self.port)
    }

    /// The prefix of every table's name, empty where there is none.
    #[must_use]
    pub fn table_prefix(&self) -> &str {
        &self.table_prefix
    }

    /// Whether records go over https.
    #[must_use]
    pub const fn https(&self) -> bool {
        self.https
    }

    /// The authorities that https trusts; those of the system where none are given.
    pub(crate) fn tls_roots(&self) -> Option<&Path> {
        self.tls_roots.as_deref()
    }

    /// The name of a table on the server.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("{}{name}", self.table_prefix)
    }

    /// The host as it stands in a URL.
    pub(crate) fn http_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    pub(crate) fn pg_host(&self) -> &str {
        self.pg_host.as_deref().unwrap_or(&self.host)
    }

    /// Who we are over PostgreSQL's protocol.
    pub(crate) fn pg_credentials(&self) -> Credentials {
        let own = self.pg.as_ref().or(self.http.as_ref());
        own.cloned().unwrap_or_else(|| Credentials::new(SHIPPED.0, SHIPPED.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_stores_apart_and_no_secret() {
        let named = |url: &str| QuestDbConfig::from_url(url).unwrap().name();
        let url =
            "questdb://bot:canary-1@LocalHost?pg_port=8813&pg_user=reader&pg_password=canary-2";
        assert_eq!(named(url), "questdb://localhost:9000?pg_port=8813");
        let prefixed = "questdb://[::1]:9001?table_prefix=a_";
        assert_eq!(named(prefixed), "questdb://[::1]:9001?pg_port=8812&table_prefix=a_");
        // A name is a URL, of the same store.
        assert_eq!(named(&named(prefixed)), named(prefixed));
    }
}
