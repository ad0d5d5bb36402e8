//! Which URL scheme is which store: the only place that knows backends.

use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;

#[cfg(feature = "duckdb")]
use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_ingest::SinkId;
#[cfg(feature = "questdb")]
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_store_traits::{MemoryStore, Result, SeriesStore};

/// What the URL of a store may look like, for messages.
const EXAMPLES: &str =
    "memory://, duckdb://./tradekeep-data or questdb://user:password@host:9000?pg_port=8812";

/// A store's URL, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Backend {
    /// `memory://`
    Memory,
    /// `duckdb://FOLDER`, `duckdb://:memory:`
    #[cfg(feature = "duckdb")]
    DuckDb(DuckDbConfig),
    /// `questdb://USER:PASSWORD@HOST:PORT?…`
    #[cfg(feature = "questdb")]
    QuestDb(Box<QuestDbConfig>),
}

impl Backend {
    /// Finds the store of `url`, without any I/O.
    pub(crate) fn parse(url: &str) -> std::result::Result<Self, String> {
        match url.split_once("://") {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("memory", _)) => Err("memory:// takes nothing behind it".into()),
            #[cfg(feature = "duckdb")]
            Some((tradekeep_duckdb_store::SCHEME, _)) => {
                DuckDbConfig::from_url(url).map(Self::DuckDb).map_err(|error| error.to_string())
            }
            #[cfg(not(feature = "duckdb"))]
            Some(("duckdb", _)) => {
                Err("this build has no DuckDB: build it with feature `duckdb`".into())
            }
            #[cfg(feature = "questdb")]
            Some((tradekeep_questdb_store::SCHEME, _)) => {
                let config = QuestDbConfig::from_url(url).map_err(|error| error.to_string())?;
                Ok(Self::QuestDb(Box::new(config)))
            }
            #[cfg(not(feature = "questdb"))]
            Some(("questdb", _)) => {
                Err("this build has no QuestDB: build it with feature `questdb`".into())
            }
            Some((scheme, _)) => Err(format!("no store has the scheme `{scheme}`: use {EXAMPLES}")),
            None => Err(format!("is not the URL of a store: use {EXAMPLES}")),
        }
    }

    /// Its scheme, which is its name in metrics and errors.
    pub(crate) const fn scheme(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            #[cfg(feature = "duckdb")]
            Self::DuckDb(_) => tradekeep_duckdb_store::SCHEME,
            #[cfg(feature = "questdb")]
            Self::QuestDb(_) => tradekeep_questdb_store::SCHEME,
        }
    }

    /// Whether this and `other` are one store: a folder can be written in many ways, and a server be
    /// reached by several users.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let place = |backend: &Self| backend.folder().and_then(|folder| absolute(folder).ok());
        #[cfg(feature = "questdb")]
        if let (Self::QuestDb(one), Self::QuestDb(other)) = (self, other) {
            return (one.server(), one.table_prefix()) == (other.server(), other.table_prefix());
        }
        self == other || place(self).is_some_and(|folder| Some(folder) == place(other))
    }

    /// Where an embedded store keeps its files.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Memory => None,
            #[cfg(feature = "duckdb")]
            Self::DuckDb(config) => config.folder().map(PathBuf::from),
            #[cfg(feature = "questdb")]
            Self::QuestDb(_) => None,
        }
    }

    /// Its URL, without secrets.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Memory => "memory://".into(),
            #[cfg(feature = "duckdb")]
            Self::DuckDb(config) => match config.folder() {
                Some(folder) => format!("duckdb://{}", folder.display()),
                None => "duckdb://:memory:".into(),
            },
            #[cfg(feature = "questdb")]
            Self::QuestDb(config) => config.name(),
        }
    }

    /// What a spool in `data` knows it by, from wherever it is opened. What is in the same folder as the
    /// spool is the same store when that folder is moved.
    #[cfg_attr(not(feature = "duckdb"), allow(unused_variables, reason = "no store with a folder"))]
    pub(crate) fn sink_id(&self, data: &Path) -> SinkId {
        match self {
            Self::Memory => SinkId::of("memory", "", ""),
            #[cfg(feature = "duckdb")]
            Self::DuckDb(config) => {
                // By its parts, so that a slash at the end makes no difference.
                let whole = |folder: &Path| -> PathBuf {
                    absolute(folder).unwrap_or_else(|_| folder.into()).components().collect()
                };
                let place = |folder: PathBuf| match folder.strip_prefix(whole(data)) {
                    Ok(inside) => Path::new(".").join(inside).display().to_string(),
                    Err(_) => folder.display().to_string(),
                };
                let folder = config.folder().map(|folder| place(whole(folder)));
                let database = folder.unwrap_or_else(|| ":memory:".into());
                SinkId::of(tradekeep_duckdb_store::SCHEME, "", &database)
            }
            #[cfg(feature = "questdb")]
            Self::QuestDb(config) => {
                let (server, prefix) = (config.server(), config.table_prefix());
                SinkId::of(tradekeep_questdb_store::SCHEME, &server, prefix)
            }
        }
    }

    /// Opens the store, with so much memory for an embedded one. Of a server nothing is asked yet: it may
    /// be down, and what is recorded meanwhile waits in the spool.
    #[cfg_attr(not(feature = "duckdb"), allow(unused_variables, reason = "no embedded store"))]
    pub(crate) async fn connect(
        &self,
        memory_megabytes: Option<u32>,
    ) -> Result<Arc<dyn SeriesStore>> {
        match self {
            Self::Memory => Ok(Arc::new(MemoryStore::new())),
            #[cfg(feature = "duckdb")]
            Self::DuckDb(config) => {
                let config = match memory_megabytes {
                    Some(megabytes) => config.clone().with_memory_megabytes(megabytes),
                    None => config.clone(),
                };
                Ok(Arc::new(DuckDbStore::connect(config).await?))
            }
            #[cfg(feature = "questdb")]
            Self::QuestDb(config) => {
                if config.https() {
                    provide_tls();
                }
                Ok(Arc::new(QuestDbStore::new((**config).clone())?))
            }
        }
    }
}

/// Gives the process ring for TLS, where it has nothing yet: rustls chooses by itself only where no more
/// than one is linked, and panics otherwise.
#[cfg(feature = "questdb")]
fn provide_tls() {
    // What is there already is good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(all(test, feature = "questdb"))]
mod tests {
    use super::*;

    #[test]
    fn https_has_a_provider_before_it_is_used() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let opened = |url: &str| runtime.block_on(Backend::parse(url).unwrap().connect(None));
        assert!(opened("questdb://localhost").is_ok());
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
        assert!(opened("questdb://localhost?https=true").is_ok());
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
}
