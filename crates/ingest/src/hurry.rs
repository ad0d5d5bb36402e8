//! Asks lanes not to wait for more records.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Shared by who asks and who is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hurry(Arc<State>);

#[derive(Debug, Default)]
struct State {
    asking: AtomicUsize,
    asked: Notify,
}

/// Asks for as long as it lives.
#[derive(Debug)]
pub(crate) struct Asking(Arc<State>);

impl Hurry {
    pub(crate) fn ask(&self) -> Asking {
        self.0.asking.fetch_add(1, Ordering::SeqCst);
        self.0.asked.notify_waiters();
        Asking(Arc::clone(&self.0))
    }

    /// Waits until somebody asks.
    pub(crate) async fn wait(&self) {
        loop {
            let asked = self.0.asked.notified();
            tokio::pin!(asked);
            asked.as_mut().enable();
            if self.0.asking.load(Ordering::SeqCst) > 0 {
                return;
            }
            asked.await;
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.asking.fetch_sub(1, Ordering::SeqCst);
    }
}
