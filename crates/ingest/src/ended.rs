//! Tells everybody that it is over.

use tokio::sync::watch;

/// Whether it is over.
#[derive(Debug)]
pub(crate) struct Ended(watch::Sender<bool>);

impl Default for Ended {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Ended {
    pub(crate) fn end(&self) {
        self.0.send_replace(true);
    }

    /// Waits for it.
    pub(crate) async fn wait(&self) {
        // The sender is in `self`: this ends with `end` alone.
        let _ = self.0.subscribe().wait_for(|ended| *ended).await;
    }
}
