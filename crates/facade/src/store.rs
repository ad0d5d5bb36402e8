//! The wired stores.

use std::sync::Arc;

use tradekeep_store_traits::{PartitionAdmin, RecordSink, Result, SeriesStore, TickStore};

use crate::Config;
use crate::health::{Report, StoreReport};

/// The stores of a configuration, open, each role answered by its own.
///
/// Cheap to clone: clones share the stores.
#[derive(Clone)]
pub struct Tradekeep {
    ticks: Arc<dyn SeriesStore>,
}

impl std::fmt::Debug for Tradekeep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tradekeep").finish_non_exhaustive()
    }
}

impl Tradekeep {
    /// Opens the stores of `config`.
    ///
    /// # Errors
    /// Of the first store that cannot be opened.
    pub async fn open(config: &Config) -> Result<Self> {
        Ok(Self { ticks: config.connect_ticks().await? })
    }

    /// The way in for ticks.
    #[must_use]
    pub fn sink(&self) -> Arc<dyn RecordSink> {
        Arc::<dyn SeriesStore>::clone(&self.ticks)
    }

    /// Ticks and candles.
    #[must_use]
    pub fn ticks(&self) -> Arc<dyn TickStore> {
        Arc::<dyn SeriesStore>::clone(&self.ticks)
    }

    /// Days of ticks: list, size, drop.
    #[must_use]
    pub fn partitions(&self) -> Arc<dyn PartitionAdmin> {
        Arc::<dyn SeriesStore>::clone(&self.ticks)
    }

    /// How each store is doing.
    pub async fn health(&self) -> Report {
        Report { stores: vec![StoreReport { role: "ticks", health: self.ticks.health().await }] }
    }

    /// Finishes what is under way and closes every store, so that another process can open them.
    ///
    /// # Errors
    /// When a store could not make everything durable in its own files; what was applied stays
    /// stored.
    pub async fn shutdown(&self) -> Result<()> {
        self.ticks.close().await
    }
}
