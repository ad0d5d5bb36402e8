//! Configuration: from a file, a string, or nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fmt, fs};

use config::{File, FileFormat, Value, ValueKind};

use tradekeep_store_traits::{SeriesStore, StoreError};

use crate::backends::Backend;

/// How configuration text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigFormat {
    /// TOML
    Toml,
    /// YAML
    Yaml,
}

/// Everything that is wrong with a configuration, each with its place and remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
/// use tradekeep::{Config, ConfigFormat};
///
/// let config = Config::parse("[stores]\nseries = 'memory://'", ConfigFormat::Toml)?;
/// assert_eq!(config.max_results(), 10_000);
/// let error = Config::parse("[stores]\nserie = 'redis://'", ConfigFormat::Toml).unwrap_err();
/// assert_eq!(error.to_string(), "stores.serie is not a key: stores has series, ticks");
/// # Ok::<(), tradekeep::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    series: Backend,
    ticks: Option<Backend>,
    max_results: usize,
    memory_megabytes: Option<u32>,
}

/// Sections and their keys.
const KEYS: &[(&str, &[&str])] = &[("stores", &["series", "ticks"]), ("query", &["max_results"])];

/// Rows that a list query answers unless told otherwise.
const DEFAULT_MAX_RESULTS: usize = 10_000;

impl Config {
    /// All series in one store, named by its URL: `memory://`, `duckdb://./tradekeep-data`.
    ///
    /// # Errors
    /// When no store has such a URL.
    pub fn from_url(url: &str) -> Result<Self, ConfigError> {
        let series =
            Backend::parse(url).map_err(|problem| format!("the store's URL: {problem}"))?;
        Ok(Self { series, ticks: None, max_results: DEFAULT_MAX_RESULTS, memory_megabytes: None })
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
        let values = flatten(tree, &mut problems);
        let url = |role: &str, problems: &mut Vec<String>| {
            let text = values.get(role)?.clone().into_string();
            match text.map_err(|_| "must be text".into()).and_then(|url| Backend::parse(&url)) {
                Ok(backend) => Some(backend),
                Err(problem) => {
                    problems.push(format!("{role}: {problem}"));
                    None
                }
            }
        };
        let (series, ticks) =
            (url("stores.series", &mut problems), url("stores.ticks", &mut problems));
        let max_results = values.get("query.max_results").map(|value| value.clone().into_uint());
        let max_results = match max_results.map(|found| found.ok().and_then(|n| n.try_into().ok()))
        {
            None => DEFAULT_MAX_RESULTS,
            Some(Some(most)) if most > 0 => most,
            Some(_) => {
                problems.push("query.max_results: must be a whole number from 1 on".into());
                DEFAULT_MAX_RESULTS
            }
        };
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        let series = series.map_or_else(|| Backend::parse("duckdb://./tradekeep-data"), Ok)?;
        Ok(Self { series, ticks, max_results, memory_megabytes: None })
    }

    /// Rows that a list query answers unless told otherwise; 10,000 by default.
    #[must_use]
    pub const fn max_results(&self) -> usize {
        self.max_results
    }

    /// With all series in the store of `url` instead; everything else stays.
    ///
    /// # Errors
    /// When no store has such a URL.
    pub fn with_series(self, url: &str) -> Result<Self, ConfigError> {
        Ok(Self { series: Self::from_url(url)?.series, ticks: None, ..self })
    }

    /// The folder of the embedded store of ticks, where that is the one in use.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        self.ticks().folder()
    }

    /// Memory that an embedded store may use, in megabytes, instead of what it takes by default.
    #[must_use]
    pub const fn with_memory_megabytes(mut self, megabytes: u32) -> Self {
        self.memory_megabytes = Some(megabytes);
        self
    }

    /// Opens the store that holds ticks.
    pub(crate) async fn connect_ticks(&self) -> Result<Arc<dyn SeriesStore>, StoreError> {
        self.ticks().connect(self.memory_megabytes).await
    }

    fn ticks(&self) -> &Backend {
        self.ticks.as_ref().unwrap_or(&self.series)
    }
}

/// The first and the last line of what a parser says: place and reason, without the text between,
/// which may hold a secret.
fn where_and_why(said: &str) -> String {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let place = lines.next().unwrap_or("it cannot be read");
    lines.next_back().map_or_else(|| place.to_owned(), |reason| format!("{place}: {reason}"))
}

/// `section.key` to value, with files and environment filled in; what is unknown is a problem.
fn flatten(tree: BTreeMap<String, Value>, problems: &mut Vec<String>) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for (section, value) in tree {
        let Some((_, keys)) = KEYS.iter().find(|(name, _)| *name == section) else {
            let names: Vec<_> = KEYS.iter().map(|(name, _)| *name).collect();
            problems.push(format!("{section} is not a section: there are {}", names.join(", ")));
            continue;
        };
        let Ok(table) = value.into_table() else {
            problems.push(format!("{section} must be a section with keys"));
            continue;
        };
        for (key, value) in table.into_iter().collect::<BTreeMap<_, _>>() {
            let (name, is_file) = match key.strip_suffix("_file") {
                Some(name) => (name, true),
                None => (key.as_str(), false),
            };
            if !keys.contains(&name) {
                let keys = keys.join(", ");
                problems.push(format!("{section}.{key} is not a key: {section} has {keys}"));
                continue;
            }
            match fill(value, is_file) {
                Ok(value) => {
                    if values.insert(format!("{section}.{name}"), value).is_some() {
                        problems.push(format!("{section}.{name} is given twice, also as a file"));
                    }
                }
                Err(problem) => problems.push(format!("{section}.{key}: {problem}")),
            }
        }
    }
    values
}

/// The value that is meant: `${NAME}` from the environment, or the text of a file.
fn fill(value: Value, is_file: bool) -> Result<Value, String> {
    let ValueKind::String(text) = &value.kind else {
        return if is_file { Err("must be the path of a file".into()) } else { Ok(value) };
    };
    let text = expand(text)?;
    let text = if is_file {
        let path = PathBuf::from(&text);
        let found = fs::read_to_string(&path);
        found.map_err(|error| format!("{}: {error}", path.display()))?.trim().to_owned()
    } else {
        text
    };
    Ok(Value::new(None, ValueKind::String(text)))
}

fn expand(text: &str) -> Result<String, String> {
    let mut parts = text.split("${");
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').ok_or("has a ${ without its }")?;
        let value = env::var(name)
            .map_err(|_| format!("the environment has no {name}: set it, or write the value"))?;
        expanded.push_str(&value);
        expanded.push_str(rest);
    }
    Ok(expanded)
}
