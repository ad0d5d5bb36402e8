//! The way in through a spool, to every store of a configuration.

use std::fmt;
use std::sync::Arc;

use tradekeep_ingest::{Ingest, IngestConfig, IngestError, SinkConfig};
use tradekeep_store_traits::RecordStore;

use crate::Tradekeep;

/// What a way in is opened with.
pub(crate) struct Intake {
    pub(crate) config: IngestConfig,
    pub(crate) sinks: Vec<SinkConfig>,
    /// The stores without a role.
    pub(crate) also: Vec<Arc<dyn RecordStore>>,
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").field("sinks", &self.sinks).finish_non_exhaustive()
    }
}

impl Tradekeep {
    /// Opens the way in: what it takes is on this machine's disk when it answers, and goes from there
    /// to the store of its table, and to each of `ingest.also`, once, whatever is killed meanwhile.
    /// What an earlier process left in the spool is delivered first.
    ///
    /// One process has a spool at a time, and it goes on in the runtime that it is opened in until
    /// [`Ingest::shutdown`]. Call that before [`shutdown`](Self::shutdown): a closed store takes
    /// nothing, and what is not delivered by then waits for the next time.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(async {
    /// use std::time::Duration;
    /// use tradekeep::prelude::*;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let url = format!("duckdb://{}", folder.path().display());
    /// # let config = Config::from_url(&url)?;
    /// let store = Tradekeep::open(&config).await?;
    /// let ingest = store.ingest().await?;
    /// let lag = Metric::new("2024-08-08T10:00:05Z".parse()?, Name::new("lag_ms")?, 45.3);
    /// let receipt = ingest.append(vec![lag]).await?; // survives kill -9 from here on
    /// receipt.applied().await?; // can be read
    /// ingest.shutdown(Duration::from_secs(5)).await?;
    /// store.shutdown().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Ingest::open`]: when another process has the spool, when a store that still has records to
    /// come is configured no more, or when the disk fails.
    pub async fn ingest(&self) -> Result<Ingest, IngestError> {
        Ingest::open(self.intake.config.clone(), self.sinks()).await
    }

    /// Every store as [`ingest`](Self::ingest) delivers to it: those of `[stores]` with the tables of
    /// their roles, then those of `ingest.also` with all tables.
    #[must_use]
    pub fn sinks(&self) -> Vec<SinkConfig> {
        self.intake.sinks.clone()
    }
}
