//! The section `[query]`: how stores are read.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use config::Value;
use tradekeep_store_traits::{LayerConfig, Limit, RetryPolicy};

use super::section::{Found, Section};

/// Its keys.
pub(super) const KEYS: &[&str] = &["max_results", "retries", "timeout_ms", "concurrency"];

/// More often than this a read is not worth repeating.
const MOST_RETRIES: u64 = 100;
/// An hour: who asks is to hear some time that there is no answer.
const LONGEST_TIMEOUT: u64 = 3_600_000;
/// As many as no store answers at once.
const MOST_AT_ONCE: u64 = 10_000;
/// How long a read waits for its turn.
const TURN: Duration = Duration::from_secs(5);

/// What is configured; the rest is by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuerySection {
    /// Rows that a list query answers unless told otherwise.
    pub(crate) max_results: usize,
    retries: u32,
    timeout: Option<Duration>,
    concurrency: Option<NonZeroUsize>,
}

impl Default for QuerySection {
    /// Nothing is repeated unless asked for: whoever is told after 5 s that another process does not let go of
    /// the file would be told later.
    fn default() -> Self {
        Self { max_results: 10_000, retries: 0, timeout: None, concurrency: None }
    }
}

impl QuerySection {
    /// Reads the section, and says what is wrong with it.
    pub(super) fn read(values: &BTreeMap<String, Value>, problems: &mut Vec<String>) -> Self {
        let section = Section { name: "query", values };
        let mut read = Self::default();
        let mut told = |outcome: Found<()>| section.tell(outcome, problems);
        let most = section.whole("max_results", 1..=u64::MAX);
        told(most.map(|most| {
            read.max_results =
                most.map_or(read.max_results, |most| most.try_into().unwrap_or(usize::MAX));
        }));
        let retries = section.whole("retries", 0..=MOST_RETRIES);
        told(retries.map(|retries| {
            read.retries = retries.and_then(|retries| retries.try_into().ok()).unwrap_or(0);
        }));
        let timeout = section.millis("timeout_ms", 1..=LONGEST_TIMEOUT);
        told(timeout.map(|timeout| read.timeout = timeout));
        let at_once = section.whole("concurrency", 1..=MOST_AT_ONCE);
        told(at_once.map(|at_once| {
            let at_once = at_once.and_then(|at_once| usize::try_from(at_once).ok());
            read.concurrency = at_once.and_then(NonZeroUsize::new);
        }));
        read
    }

    /// What every read passes.
    pub(crate) fn layers(&self) -> LayerConfig {
        let mut layers = LayerConfig::default().with_metrics();
        layers.retry = (self.retries > 0).then(|| RetryPolicy::new(self.retries));
        layers.timeout = self.timeout;
        layers.limit = self.concurrency.map(|attempts| Limit::new(attempts, TURN));
        layers
    }
}
