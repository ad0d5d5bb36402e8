//! Which URL scheme is which store: the only place that knows backends. A new one is a row and a file here.

#[cfg(feature = "duckdb")]
mod duckdb;
mod memory;
#[cfg(feature = "questdb")]
mod questdb;

use std::any::Any;
use std::fmt::Debug;
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;

use async_trait::async_trait;
use tradekeep_ingest::SinkId;
use tradekeep_store_traits::Result;

use crate::Role;
use crate::config::repeated;
use crate::handles::{Extra, Handles};

/// A kind of store.
#[derive(Debug)]
pub(crate) struct Row {
    /// Of its URLs; its name in metrics and errors too, and, but for memory, the feature that it is built with.
    scheme: &'static str,
    /// Its name for people.
    name: &'static str,
    /// What its URL may look like.
    example: &'static str,
    roles: &'static [Role],
    extras: &'static [Extra],
    /// Reads its URL without any I/O; nothing where this build is without it.
    parse: Option<fn(&str) -> Parsed>,
}

/// Every kind.
const ROWS: &[Row] = &[
    Row {
        scheme: "memory",
        name: "memory",
        example: "memory://",
        roles: &Role::ALL,
        extras: &[],
        parse: Some(memory::parse),
    },
    Row {
        scheme: "duckdb",
        name: "DuckDB",
        example: "duckdb://./tradekeep-data",
        roles: &Role::ALL,
        extras: &[],
        #[cfg(feature = "duckdb")]
        parse: Some(duckdb::parse),
        #[cfg(not(feature = "duckdb"))]
        parse: None,
    },
    Row {
        scheme: "questdb",
        name: "QuestDB",
        example: "questdb://user:password@host:9000?pg_port=8812",
        roles: &Role::ALL,
        extras: &[Extra::CandleViews, Extra::ApproxLatencies],
        #[cfg(feature = "questdb")]
        parse: Some(questdb::parse),
        #[cfg(not(feature = "questdb"))]
        parse: None,
    },
];

/// What a URL says, or what is wrong with it.
type Parsed = std::result::Result<Arc<dyn Configured>, String>;

/// A store that can be opened.
#[async_trait]
trait Configured: Any + Debug + Send + Sync {
    /// Whether `other` is configured alike.
    fn equals(&self, other: &dyn Any) -> bool;

    /// Its URL, without secrets.
    fn name(&self) -> String;

    /// Host and port of its server, as it is known by; empty where it has none.
    fn server(&self) -> String {
        String::new()
    }

    /// What it is there. What has a folder is known by that.
    fn database(&self) -> String;

    /// Where an embedded store keeps its files.
    fn folder(&self) -> Option<PathBuf> {
        None
    }

    /// Opens it, with so much memory for an embedded one whose URL names none. Of a server nothing is asked yet: it
    /// may be down, and what is recorded meanwhile waits in the spool.
    async fn connect(&self, memory_megabytes: Option<u32>) -> Result<Handles>;
}

/// A store's URL, checked.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    row: &'static Row,
    store: Arc<dyn Configured>,
}

impl PartialEq for Backend {
    fn eq(&self, other: &Self) -> bool {
        let other: &dyn Configured = &*other.store;
        self.store.equals(other)
    }
}

impl Eq for Backend {}

impl Backend {
    /// Finds the store of `url`, which is to have these roles, without any I/O.
    pub(crate) fn parse(url: &str, roles: &[Role]) -> std::result::Result<Self, String> {
        let examples = || one_of(ROWS.iter().map(|row| row.example));
        let (scheme, _) = url
            .split_once("://")
            .ok_or_else(|| format!("is not the URL of a store: use {}", examples()))?;
        let row = ROWS.iter().find(|row| row.scheme == scheme);
        let row = row.ok_or_else(|| {
            format!("no store has the scheme `{}`: use {}", repeated(scheme), examples())
        })?;
        let parse = row.parse.ok_or_else(|| {
            format!("this build has no {}: build it with feature `{scheme}`", row.name)
        })?;
        let store = parse(url)?;
        match roles.iter().find(|role| !row.roles.contains(role)) {
            Some(role) => Err(format!("{scheme} has no {role}: use {}", with_role(*role))),
            None => Ok(Self { row, store }),
        }
    }

    /// Its scheme, which is its name in metrics and errors.
    pub(crate) const fn scheme(&self) -> &'static str {
        self.row.scheme
    }

    /// Whether this and `other` are one store: a folder can be written in many ways, and a server be
    /// reached by several users.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.sink_id(Path::new("")) == other.sink_id(Path::new(""))
    }

    /// Where an embedded store keeps its files.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.store.folder()
    }

    /// Its URL, without secrets.
    pub(crate) fn name(&self) -> String {
        self.store.name()
    }

    /// What a spool in `data` knows it by, from wherever it is opened. What is in the same folder as the
    /// spool is the same store when that folder is moved.
    pub(crate) fn sink_id(&self, data: &Path) -> SinkId {
        // By its parts, so that a slash at the end makes no difference.
        let whole = |folder: &Path| -> PathBuf {
            absolute(folder).unwrap_or_else(|_| folder.into()).components().collect()
        };
        let database = match self.store.folder().map(|folder| whole(&folder)) {
            None => self.store.database(),
            Some(folder) => match folder.strip_prefix(whole(data)) {
                Ok(inside) => Path::new(".").join(inside).display().to_string(),
                Err(_) => folder.display().to_string(),
            },
        };
        SinkId::of(self.row.scheme, &self.store.server(), &database)
    }

    /// Opens it, as [`Configured::connect`].
    pub(crate) async fn connect(&self, memory_megabytes: Option<u32>) -> Result<Handles> {
        self.store.connect(memory_megabytes).await
    }
}

/// The stores that can be named for `role`, for messages.
pub(crate) fn with_role(role: Role) -> String {
    one_of(ROWS.iter().filter(|row| row.roles.contains(&role)).map(|row| row.scheme))
}

/// The stores that have `extra`, for messages.
pub(crate) fn with_extra(extra: Extra) -> String {
    one_of(ROWS.iter().filter(|row| row.extras.contains(&extra)).map(|row| row.scheme))
}

/// `a, b or c`
fn one_of(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<_> = names.collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_says_it_has_it_has() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for row in ROWS.iter().filter(|row| row.parse.is_some()) {
            let url = if row.scheme == "duckdb" { "duckdb://:memory:" } else { row.example };
            // The example's host is none that is reached in the open.
            let url = url.replace("host:", "localhost:");
            let backend = Backend::parse(&url, row.roles).unwrap();
            let handles = runtime.block_on(backend.connect(None)).unwrap();
            for role in Role::ALL {
                assert_eq!(handles.has(role), row.roles.contains(&role), "{} {role}", row.scheme);
            }
            let extras = [
                (Extra::CandleViews, handles.candle_views.is_some()),
                (Extra::ApproxLatencies, handles.approx_latencies.is_some()),
            ];
            for (extra, has) in extras {
                assert_eq!(has, row.extras.contains(&extra), "{} {extra:?}", row.scheme);
            }
        }
    }

    #[test]
    fn names_are_told_as_people_list_them() {
        assert_eq!(one_of(["a"].into_iter()), "a");
        assert_eq!(one_of(["a", "b", "c"].into_iter()), "a, b or c");
    }
}
