//! The shutdown signal.

use tokio::sync::watch;

/// Whether the ingest is shut down.
#[derive(Debug)]
pub(crate) struct Shutdown(watch::Sender<bool>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Shutdown {
    pub(crate) fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is triggered.
    pub(crate) async fn wait(&self) {
        // `self` has the sender, so that the channel cannot close while this waits.
        let _ = self.0.subscribe().wait_for(|triggered| *triggered).await;
    }
}
