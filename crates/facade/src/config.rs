//! Configuration: from a file, a string, or nothing.

mod ingest;
mod query;
mod section;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs};

use config::{File, FileFormat, Value};

use tradekeep_ingest::{IngestConfig, SinkId};
use tradekeep_store_traits::LayerConfig;

pub(crate) use self::ingest::IngestSection;
use self::query::QuerySection;
pub(crate) use self::values::repeated;
use self::values::{expand, flatten, where_and_why};
use crate::Role;
use crate::backends::Backend;

/// How configuration text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigFormat {
    /// TOML
    Toml,
    /// YAML
    Yaml,
}

/// Everything that is wrong with a configuration, each with its place and remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct ConfigError {
    /// The problems, in the order of the keys.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("; "))
    }
}

impl From<String> for ConfigError {
    fn from(problem: String) -> Self {
        Self { problems: vec![problem] }
    }
}

/// Which store does what.
///
/// ```
/// use tradekeep::prelude::*;
///
/// let config = Config::parse("[stores]\nseries = 'memory://'", ConfigFormat::Toml)?;
/// assert_eq!(config.max_results(), 10_000);
/// let error = Config::parse("[stores]\nserie = 'redis://'", ConfigFormat::Toml).unwrap_err();
/// assert!(error.to_string().starts_with("stores.serie is not a key: stores has series, ticks, "));
/// # Ok::<(), tradekeep::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    series: Backend,
    /// In the order of [`Role::ALL`].
    roles: [Option<Backend>; Role::ALL.len()],
    query: QuerySection,
    memory_megabytes: Option<u32>,
    ingest: IngestSection,
}

/// Sections and their keys.
const KEYS: &[(&str, &[&str])] = &[
    ("stores", &["series", "ticks", "trades", "executions", "metrics", "events"]),
    ("query", query::KEYS),
    ("ingest", ingest::KEYS),
];

/// The folder of the embedded store, and of the spool, where nothing names one.
const DATA: &str = "./tradekeep-data";

impl Config {
    /// All series in one store, named by its URL: `memory://`, `duckdb://./tradekeep-data`,
    /// `questdb://bot:s3cret@localhost:9000?pg_port=8812`.
    ///
    /// # Errors
    /// When no store has such a URL.
    pub fn from_url(url: &str) -> Result<Self, ConfigError> {
        let series = Backend::parse(url, &Role::ALL)
            .map_err(|problem| format!("the store's URL: {problem}"))?;
        Ok(Self {
            series,
            roles: Default::default(),
            query: QuerySection::default(),
            memory_megabytes: None,
            ingest: IngestSection::default(),
        })
    }

    /// Reads `path`, TOML or YAML by its extension.
    ///
    /// # Errors
    /// When it cannot be read, or naming all that is wrong in it.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display();
        let format = match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => ConfigFormat::Toml,
            Some("yaml" | "yml") => ConfigFormat::Yaml,
            _ => return Err(format!("{name}: must end in .toml, .yaml or .yml").into()),
        };
        let text = fs::read_to_string(path).map_err(|error| {
            format!("{name}: cannot be read: {error}; check the path, or do without the file")
        })?;
        Self::parse(&text, format).map_err(|error| format!("{name}: {error}").into())
    }

    /// Reads configuration text. An empty one is all defaults: DuckDB in `./tradekeep-data`.
    ///
    /// In every text value `${NAME}` stands for the environment variable NAME, and a key `K_file`
    /// names a file that holds the value of `K`: secrets need not be in the text.
    ///
    /// # Errors
    /// Naming all that is wrong in it.
    pub fn parse(text: &str, format: ConfigFormat) -> Result<Self, ConfigError> {
        let format = match format {
            ConfigFormat::Toml => FileFormat::Toml,
            ConfigFormat::Yaml => FileFormat::Yaml,
        };
        let tree: BTreeMap<String, Value> = config::Config::builder()
            .add_source(File::from_str(text, format))
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|error| where_and_why(&error.to_string()))?;
        let mut problems = Vec::new();
        let values = flatten(KEYS, tree, &mut problems);
        let key = |name: &str| format!("stores.{name}");
        let mut url = |name: &str, roles: &[Role]| {
            let text = values.get(&key(name))?.clone().into_string();
            let parse = |url: String| Backend::parse(&url, roles);
            match text.map_err(|_| "must be text".into()).and_then(parse) {
                Ok(backend) => Some(backend),
                Err(problem) => {
                    problems.push(format!("{}: {problem}", key(name)));
                    None
                }
            }
        };
        let is_left = |role: &Role| !values.contains_key(&key(role.as_str()));
        let left: Vec<Role> = Role::ALL.into_iter().filter(is_left).collect();
        let series = url("series", &left);
        let roles = Role::ALL.map(|role| url(role.as_str(), &[role]));
        let query = QuerySection::read(&values, &mut problems);
        let ingest = IngestSection::read(&values, &mut problems);
        let series = match series {
            Some(series) => series,
            None => Backend::parse(&format!("duckdb://{DATA}"), &left)?,
        };
        let config = Self { series, roles, query, memory_megabytes: None, ingest };
        if let Some(store) = config.ingest.also.iter().find(|store| config.has(store)) {
            let name = store.name();
            problems.push(format!("ingest.also: {name} is a store of [stores]: leave it out"));
        }
        if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
    }

    /// Rows that a list query answers unless told otherwise; 10,000 by default.
    #[must_use]
    pub const fn max_results(&self) -> usize {
        self.query.max_results
    }

    /// What every read of a store passes: `[query]`, and metrics.
    pub(crate) fn layers(&self) -> LayerConfig {
        self.query.layers()
    }

    /// With all series in the store of `url` instead; everything else stays, but that what
    /// `ingest.also` has of it gets nothing twice.
    ///
    /// # Errors
    /// When no store has such a URL.
    pub fn with_series(mut self, url: &str) -> Result<Self, ConfigError> {
        let series = Self::from_url(url)?.series;
        self.ingest.also.retain(|store| !store.is(&series));
        Ok(Self { series, roles: Default::default(), ..self })
    }

    /// How records are taken and delivered: `[ingest]`, with the spool in `ingest.folder`, or else in
    /// the folder of the embedded store of series, or else in `./tradekeep-data`.
    #[must_use]
    pub fn ingest(&self) -> IngestConfig {
        self.ingest.config(&self.series.folder().unwrap_or_else(|| DATA.into()))
    }

    /// How long a record may wait for its store before `tradekeep health` calls that a trouble:
    /// `ingest.max_wait_ms`, ten minutes by default.
    #[must_use]
    pub const fn max_wait(&self) -> Duration {
        self.ingest.max_wait
    }

    /// How many bytes of rejected lines `tradekeep record` keeps at most: `ingest.rejects_max_bytes`, 256 MiB by
    /// default.
    #[must_use]
    pub const fn rejects_max_bytes(&self) -> u64 {
        self.ingest.rejects_max_bytes
    }

    /// With the store of `url` among those that get every record, where it is none that gets records
    /// already: for what still waits for a store that is configured no more.
    ///
    /// `${NAME}` in the URL stands for an environment variable, as in a file.
    ///
    /// # Errors
    /// When no store has such a URL.
    pub fn with_also(mut self, url: &str) -> Result<Self, ConfigError> {
        let store = filled(url, &Role::ALL)?;
        if !self.has(&store) && !self.ingest.also.iter().any(|other| other.is(&store)) {
            self.ingest.also.push(store);
        }
        Ok(self)
    }

    /// What the spool of [`ingest`](Self::ingest) knows the store of `url` by. `${NAME}` in the URL stands
    /// for an environment variable.
    ///
    /// # Errors
    /// When no store has such a URL.
    pub fn sink_id(&self, url: &str) -> Result<SinkId, ConfigError> {
        Ok(filled(url, &[])?.sink_id(self.ingest().data()))
    }

    /// What people are told of the store of `url`: a URL without users and passwords.
    ///
    /// # Errors
    /// When no store has such a URL.
    pub fn sink_name(&self, url: &str) -> Result<String, ConfigError> {
        Ok(filled(url, &[])?.name())
    }

    /// The stores that get every record besides those of `[stores]`.
    pub(crate) fn also(&self) -> &[Backend] {
        &self.ingest.also
    }

    /// Whether `store` has a role.
    fn has(&self, store: &Backend) -> bool {
        Role::ALL.into_iter().any(|role| self.backend(role).is(store))
    }

    /// The folder of the embedded store that has this role, where one has.
    #[must_use]
    pub fn folder(&self, role: Role) -> Option<PathBuf> {
        self.backend(role).folder()
    }

    /// Memory that an embedded store may use, in megabytes, where its URL does not say
    /// (`?memory_megabytes=512`), instead of what it takes by default.
    #[must_use]
    pub const fn with_memory_megabytes(mut self, megabytes: u32) -> Self {
        self.memory_megabytes = Some(megabytes);
        self
    }

    pub(crate) const fn memory_megabytes(&self) -> Option<u32> {
        self.memory_megabytes
    }

    /// The store that has this role.
    pub(crate) fn backend(&self, role: Role) -> &Backend {
        self.roles[role.place()].as_ref().unwrap_or(&self.series)
    }
}

/// The store of a URL that may name variables of the environment.
fn filled(url: &str, roles: &[Role]) -> Result<Backend, ConfigError> {
    let store = expand(url).and_then(|url| Backend::parse(&url, roles));
    store.map_err(|problem| format!("the store's URL: {problem}").into())
}
