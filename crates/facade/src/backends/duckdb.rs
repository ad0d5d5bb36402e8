//! `duckdb://FOLDER`, `duckdb://:memory:`

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_store_traits::Result;

use super::{Configured, Parsed};
use crate::handles::Handles;

pub(super) fn parse(url: &str) -> Parsed {
    let config = DuckDbConfig::from_url(url).map_err(|error| error.to_string())?;
    Ok(Arc::new(config))
}

#[async_trait]
impl Configured for DuckDbConfig {
    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }

    fn name(&self) -> String {
        format!("duckdb://{}", self.database())
    }

    fn database(&self) -> String {
        Self::folder(self).map_or_else(|| ":memory:".into(), |folder| folder.display().to_string())
    }

    fn folder(&self) -> Option<PathBuf> {
        Self::folder(self).map(PathBuf::from)
    }

    async fn connect(&self, memory_megabytes: Option<u32>) -> Result<Handles> {
        let config = match (self.memory_megabytes(), memory_megabytes) {
            (None, Some(megabytes)) => self.clone().with_memory_megabytes(megabytes),
            _ => self.clone(),
        };
        Ok(Handles::of_series(Arc::new(DuckDbStore::new(config)?)))
    }
}
