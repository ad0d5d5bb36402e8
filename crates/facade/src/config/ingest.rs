//! The section `[ingest]`: how records are taken and delivered.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Value, ValueKind};
use tradekeep_ingest::{IngestConfig, WhenFull};

use super::section::{Found, Section};
use crate::Role;
use crate::backends::Backend;

/// Its keys.
pub(super) const KEYS: &[&str] = &[
    "folder",
    "also",
    "batch_rows",
    "batch_ms",
    "max_batch_rows",
    "max_bytes",
    "when_full",
    "block_ms",
    "rejects_max_bytes",
    "max_wait_ms",
];

/// A batch holds more only of rows that no store takes at once.
const MOST_ROWS: u64 = 1_000_000;
/// Longer than this a record does not lie about for want of others.
const LONGEST_WAIT: u64 = 60_000;
/// An hour: who appends is to hear some time that there is no room.
const LONGEST_BLOCK: u64 = 3_600_000;

/// What is configured; the rest is by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IngestSection {
    folder: Option<PathBuf>,
    /// Stores that get every record besides those of `[stores]`.
    pub(crate) also: Vec<Backend>,
    batch_rows: usize,
    batch_wait: Duration,
    max_batch_rows: usize,
    max_bytes: Option<u64>,
    when_full: WhenFull,
    pub(crate) rejects_max_bytes: u64,
    pub(crate) max_wait: Duration,
}

impl Default for IngestSection {
    fn default() -> Self {
        Self {
            folder: None,
            also: Vec::new(),
            batch_rows: 1_000,
            batch_wait: Duration::from_millis(100),
            max_batch_rows: 10_000,
            max_bytes: None,
            when_full: WhenFull::Block(BLOCK),
            rejects_max_bytes: REJECTS_MAX_BYTES,
            max_wait: MAX_WAIT,
        }
    }
}

/// 256 MiB.
const REJECTS_MAX_BYTES: u64 = 256 << 20;

/// Ten minutes.
const MAX_WAIT: Duration = Duration::from_secs(600);
/// A week.
const LONGEST_MAX_WAIT: u64 = 7 * 24 * 3_600_000;

/// How long to wait for room.
const BLOCK: Duration = Duration::from_secs(5);

impl IngestSection {
    /// Reads the section, and says what is wrong with it.
    pub(super) fn read(values: &BTreeMap<String, Value>, problems: &mut Vec<String>) -> Self {
        let section = Section { name: "ingest", values };
        let before = problems.len();
        let mut read = Self::default();
        let mut told = |outcome: Found<()>| section.tell(outcome, problems);
        told(section.text("folder").map(|folder| read.folder = folder.map(PathBuf::from)));
        told(section.also().map(|also| read.also = also));
        told(section.rows("batch_rows", &mut read.batch_rows));
        let wait = section.millis("batch_ms", 0..=LONGEST_WAIT);
        told(wait.map(|wait| read.batch_wait = wait.unwrap_or(read.batch_wait)));
        told(section.rows("max_batch_rows", &mut read.max_batch_rows));
        told(section.whole("max_bytes", 1..=u64::MAX).map(|bytes| read.max_bytes = bytes));
        let bytes = section.whole("rejects_max_bytes", 0..=u64::MAX);
        told(bytes.map(|bytes| read.rejects_max_bytes = bytes.unwrap_or(REJECTS_MAX_BYTES)));
        let wait = section.millis("max_wait_ms", 0..=LONGEST_MAX_WAIT);
        told(wait.map(|wait| read.max_wait = wait.unwrap_or(MAX_WAIT)));
        let mut block = BLOCK;
        let wait = section.millis("block_ms", 0..=LONGEST_BLOCK);
        told(wait.map(|wait| block = wait.unwrap_or(block)));
        told(section.when_full(block).map(|when_full| read.when_full = when_full));
        if problems.len() == before
            && let Err(error) = read.config(Path::new("")).validate()
        {
            problems.push(format!("ingest.{error}"));
        }
        read
    }

    /// How records are taken and delivered, with the spool in `folder` where none is named.
    pub(crate) fn config(&self, folder: &Path) -> IngestConfig {
        let config = IngestConfig::new(self.folder.as_deref().unwrap_or(folder))
            .with_batch(self.batch_rows, self.batch_wait)
            .with_max_batch(self.max_batch_rows)
            .with_when_full(self.when_full);
        match self.max_bytes {
            Some(bytes) => config.with_max_bytes(bytes),
            None => config,
        }
    }
}

/// What is read as only this section has it.
impl Section<'_> {
    fn rows(&self, key: &'static str, rows: &mut usize) -> Found<()> {
        if let Some(number) = self.whole(key, 1..=MOST_ROWS)? {
            *rows = usize::try_from(number).unwrap_or(usize::MAX);
        }
        Ok(())
    }

    fn when_full(&self, block: Duration) -> Found<WhenFull> {
        let blocks = self.get("block_ms").is_some();
        match self.text("when_full")?.as_deref() {
            None | Some("block") => Ok(WhenFull::Block(block)),
            Some("drop_measurements") => Ok(WhenFull::DropMeasurements(block)),
            Some("reject") if blocks => {
                Err(("block_ms", "has no meaning where when_full is reject: leave it out".into()))
            }
            Some("reject") => Ok(WhenFull::Reject),
            Some(_) => Err(("when_full", "must be block, reject or drop_measurements".into())),
        }
    }

    /// The stores of a list, or of the lines of a text.
    fn also(&self) -> Found<Vec<Backend>> {
        const KEY: &str = "also";
        let at_fault = |problem: String| (KEY, problem);
        let urls: Vec<String> = match self.get(KEY).map(|value| &value.kind) {
            None => return Ok(Vec::new()),
            Some(ValueKind::String(text)) => text.lines().map(str::to_owned).collect(),
            Some(ValueKind::Array(items)) => {
                let text = |item: &Value| match &item.kind {
                    ValueKind::String(text) => Some(text.clone()),
                    _ => None,
                };
                let urls: Option<_> = items.iter().map(text).collect();
                urls.ok_or_else(|| at_fault("must be a list of URLs of stores".into()))?
            }
            Some(_) => return Err(at_fault("must be a list of URLs of stores".into())),
        };
        let mut also: Vec<Backend> = Vec::new();
        for (number, url) in (1..).zip(&urls) {
            let store = Backend::parse(url, &Role::ALL)
                .map_err(|problem| at_fault(format!("number {number}: {problem}")))?;
            if also.iter().any(|other| other.is(&store)) {
                return Err(at_fault(format!("number {number} is there twice: leave one out")));
            }
            also.push(store);
        }
        Ok(also)
    }
}
