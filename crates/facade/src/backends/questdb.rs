//! `questdb://USER:PASSWORD@HOST:PORT?…`

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_store_traits::Result;

use super::{Configured, Parsed};
use crate::handles::Handles;

pub(super) fn parse(url: &str) -> Parsed {
    let config = QuestDbConfig::from_url(url).map_err(|error| error.to_string())?;
    Ok(Arc::new(config))
}

#[async_trait]
impl Configured for QuestDbConfig {
    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }

    fn name(&self) -> String {
        Self::name(self)
    }

    fn server(&self) -> String {
        Self::server(self)
    }

    fn database(&self) -> String {
        self.table_prefix().to_owned()
    }

    async fn connect(&self, _: Option<u32>) -> Result<Handles> {
        if self.https() {
            provide_tls();
        }
        let store = Arc::new(QuestDbStore::new(self.clone())?);
        let mut handles = Handles::of_series(Arc::<QuestDbStore>::clone(&store));
        handles.candle_views = Some(Arc::<QuestDbStore>::clone(&store));
        handles.approx_latencies = Some(store);
        Ok(handles)
    }
}

/// Gives the process ring for TLS, where it has nothing yet: rustls chooses by itself only where no more
/// than one is linked, and panics otherwise.
fn provide_tls() {
    // What is there already is good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_has_a_provider_before_it_is_used() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let opened = |url: &str| runtime.block_on(parse(url).unwrap().connect(None));
        assert!(opened("questdb://localhost").is_ok());
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
        assert!(opened("questdb://localhost?https=true").is_ok());
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
}
