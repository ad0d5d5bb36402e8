//! Whether a store has a record.

use tradekeep_models::{Records, with_records};
use tradekeep_store_traits::{ErrorKind, Result, StoreError, is_stored};

use crate::Tradekeep;

impl Tradekeep {
    /// Whether the store of a sink, by its id, has each of these records: the same identity and, of what changes,
    /// the same state, with nothing that contradicts it.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_multi_thread().build()?.block_on(async {
    /// use tradekeep::prelude::*;
    /// use tradekeep::models::Records;
    ///
    /// let keep = Tradekeep::open(&Config::from_url("memory://")?).await?;
    /// let lag = Metric::new("2024-08-08T10:00:05Z".parse()?, Name::new("lag_ms")?, 45.3);
    /// let sink = keep.sinks()[0].id.clone();
    /// assert!(!keep.has_stored(sink.as_str(), &Records::Metrics(vec![lag.clone()])).await?);
    /// keep.save(vec![lag.clone()]).await?;
    /// assert!(keep.has_stored(sink.as_str(), &Records::Metrics(vec![lag])).await?);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `NotFound` where no store of the configuration is that sink; when the store cannot be read.
    pub async fn has_stored(&self, sink: &str, records: &Records) -> Result<bool> {
        let mut stores = self.stores().zip(&self.intake.sinks);
        let store = stores.find(|(_, known)| known.id.as_str() == sink).map(|(store, _)| store);
        let store = store.ok_or_else(|| {
            let context = format!("{sink} is no store of this configuration: name its URL there");
            StoreError::new(ErrorKind::NotFound, "tradekeep", "has_stored", context)
        })?;
        with_records!(records, rows => {
            for row in rows {
                if !is_stored(&**store, row).await? {
                    return Ok(false);
                }
            }
        });
        Ok(true)
    }
}
