//! How to open a store.

use std::path::{Path, PathBuf};
use std::time::Duration;

use derive_setters::Setters;
use tradekeep_models::InvalidInput;
use tradekeep_store_traits::DUPLICATE_WINDOW;
use tradekeep_store_traits::url::{StoreUrl, refuse};

use crate::SCHEME;

/// What DuckDB may use where nothing else is set.
const MEMORY_MEGABYTES: u32 = 1_024;

/// Where the database is and how it is kept.
///
/// ```
/// use tradekeep_duckdb_store::DuckDbConfig;
///
/// let config = DuckDbConfig::from_url("duckdb://./tradekeep-data")?.with_threads(2);
/// assert_eq!(config.validate(), Ok(()));
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Setters)]
#[setters(prefix = "with_", strip_option)]
pub struct DuckDbConfig {
    #[setters(skip)]
    folder: Option<PathBuf>,
    /// Megabytes of write-ahead log after which a commit checkpoints; 128 by default, at least 1.
    checkpoint_megabytes: u32,
    #[setters(skip)]
    pub(crate) readers: usize,
    #[setters(skip)]
    pub(crate) idle_readers: usize,
    /// Threads of DuckDB; as many as there are cores by default.
    threads: Option<u16>,
    /// Memory that DuckDB may use, in megabytes; 1,024 by default, at least 64.
    memory_megabytes: Option<u32>,
    /// How long to wait for another process to let go of the file; 5 s by default.
    pub(crate) open_wait: Duration,
    /// How far apart in time two records may be one and the same, as
    /// [`RecordSink`](tradekeep_store_traits::RecordSink) says; 48 hours by default.
    pub(crate) duplicate_window: Duration,
}

impl DuckDbConfig {
    /// A database in `folder`, which is made where it does not exist.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..Self::in_memory() }
    }

    /// A database in memory, gone when it is closed.
    #[must_use]
    pub const fn in_memory() -> Self {
        Self {
            folder: None,
            checkpoint_megabytes: 128,
            readers: 10,
            idle_readers: 2,
            threads: None,
            memory_megabytes: None,
            open_wait: Duration::from_secs(5),
            duplicate_window: DUPLICATE_WINDOW,
        }
    }

    /// The database that `duckdb://FOLDER`, `duckdb://FOLDER?memory_megabytes=512` or `duckdb://:memory:` names;
    /// `duplicate_window_hours` is a parameter too. Neither `~` nor a variable in it is expanded; where one is meant,
    /// it is refused.
    ///
    /// # Errors
    /// When the URL has another scheme, no folder, or other parameters.
    pub fn from_url(url: &str) -> Result<Self, InvalidInput> {
        let form = "url must look like duckdb://./tradekeep-data or duckdb://:memory:";
        let mut url = StoreUrl::of(SCHEME, url).ok_or_else(|| InvalidInput::new(SCHEME, form))?;
        let mut config = match url.place() {
            ":memory:" => Self::in_memory(),
            folder => Self::new(folder),
        };
        if url.place().is_empty() {
            url.problem("url names no folder: use duckdb://./tradekeep-data");
        }
        if url.place().starts_with('~') || url.place().contains('$') {
            url.problem(
                "its folder is taken as it stands: write out what ~ or a variable stands for (in a \
                 configuration file, ${HOME} does)",
            );
        }
        config.memory_megabytes =
            url.take("memory_megabytes", "is not a whole number", |value| value.parse().ok());
        if let Some(window) = url.hours("duplicate_window_hours") {
            config.duplicate_window = window;
        }
        url.finish()?;
        config.validate()?;
        Ok(config)
    }

    /// Reads at once, 10 by default, and connections kept when idle, 2 by default.
    #[must_use]
    pub const fn with_readers(mut self, most: usize, idle: usize) -> Self {
        self.readers = most;
        self.idle_readers = idle;
        self
    }

    /// The memory that DuckDB may use, where it is set.
    #[must_use]
    pub const fn memory_megabytes(&self) -> Option<u32> {
        self.memory_megabytes
    }

    /// Where the database is; nothing when in memory.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// Naming all problems at once.
    pub fn validate(&self) -> Result<(), InvalidInput> {
        let mut problems = Vec::new();
        if self.checkpoint_megabytes == 0 {
            problems.push("checkpoint_megabytes must be at least 1");
        }
        if !(1..=1_024).contains(&self.readers) {
            problems.push("readers must be 1 to 1024");
        }
        if self.idle_readers > self.readers {
            problems.push("idle readers must not be more than readers");
        }
        if self.threads == Some(0) {
            problems.push("threads must be at least 1");
        }
        if self.memory_megabytes.is_some_and(|megabytes| megabytes < 64) {
            problems.push("memory_megabytes must be at least 64");
        }
        refuse(SCHEME, &problems)
    }

    /// DuckDB's own settings, by name.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("checkpoint_threshold", format!("{}MB", self.checkpoint_megabytes)),
            ("max_memory", format!("{}MB", self.memory_megabytes.unwrap_or(MEMORY_MEGABYTES))),
            // Of files that are made: from here on their log says which state of which database it follows, and
            // DuckDB refuses it beside another one, such as an older copy.
            ("storage_compatibility_version", "v1.4.0".into()),
            // Nothing but its own files: no COPY to or from elsewhere, no extensions.
            ("enable_external_access", "false".into()),
            ("autoinstall_known_extensions", "false".into()),
            ("autoload_known_extensions", "false".into()),
        ];
        if let Some(threads) = self.threads {
            settings.push(("threads", threads.to_string()));
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_folders() {
        let folder = |url| DuckDbConfig::from_url(url).map(|config| config.folder);
        assert_eq!(folder("duckdb://./data"), Ok(Some("./data".into())));
        assert_eq!(folder("duckdb:///var/data"), Ok(Some("/var/data".into())));
        assert_eq!(folder("duckdb://data?memory_megabytes=64"), Ok(Some("data".into())));
        assert_eq!(folder("duckdb://:memory:"), Ok(None));
        for url in ["duckdb://", "duckdb:data", "questdb://x", "duckdb://data?threads=2"] {
            assert!(folder(url).is_err(), "{url}");
        }
        for url in ["duckdb://~/data", "duckdb://$HOME/data", "duckdb:///x/${NAME}"] {
            let error = folder(url).unwrap_err().to_string();
            assert!(error.contains("taken as it stands"), "{error}");
        }
        assert_eq!(folder("duckdb://./~data"), Ok(Some("./~data".into())));
    }

    #[test]
    fn memory_is_a_parameter() {
        let memory = |url: &str| {
            let config = DuckDbConfig::from_url(url)?;
            let settings = config.settings();
            let (_, memory) = settings.iter().find(|(name, _)| *name == "max_memory").unwrap();
            Ok::<_, InvalidInput>((memory.clone(), config.memory_megabytes()))
        };
        assert_eq!(memory("duckdb://data"), Ok(("1024MB".into(), None)));
        let named = memory("duckdb://:memory:?memory_megabytes=512");
        assert_eq!(named, Ok(("512MB".into(), Some(512))));
        for (value, problem) in [
            ("memory_megabytes=much", "memory_megabytes is not a whole number"),
            ("duplicate_window_hours=2d", "duplicate_window_hours is not a whole number"),
            ("memory_megabytes=63", "memory_megabytes must be at least 64"),
            ("memory=512", "parameter 1 is none of memory_megabytes, duplicate_window_hours"),
            ("memory_megabytes=64&memory_megabytes=65", "parameter 2 is given before"),
        ] {
            let url = format!("duckdb://data?{value}");
            let error = memory(&url).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn names_all_problems_at_once() {
        let config = DuckDbConfig::in_memory().with_checkpoint_megabytes(0).with_readers(0, 1);
        let text = config.validate().unwrap_err().to_string();
        assert!(text.contains("checkpoint_megabytes") && text.contains("idle readers"), "{text}");
    }
}
