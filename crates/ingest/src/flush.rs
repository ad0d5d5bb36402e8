//! Requests to flush: lanes deliver what there is, and do not wait for a full batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Shared by those who request a flush and the lanes that do it.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlushSignal(Arc<State>);

#[derive(Debug, Default)]
struct State {
    requests: AtomicUsize,
    requested: Notify,
}

/// A flush is requested for as long as this lives.
#[derive(Debug)]
pub(crate) struct FlushRequest(Arc<State>);

impl FlushSignal {
    pub(crate) fn request(&self) -> FlushRequest {
        self.0.requests.fetch_add(1, Ordering::SeqCst);
        self.0.requested.notify_waiters();
        FlushRequest(Arc::clone(&self.0))
    }

    /// Waits until a flush is requested.
    pub(crate) async fn requested(&self) {
        loop {
            let requested = self.0.requested.notified();
            tokio::pin!(requested);
            requested.as_mut().enable();
            if self.0.requests.load(Ordering::SeqCst) > 0 {
                return;
            }
            requested.await;
        }
    }
}

impl Drop for FlushRequest {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::SeqCst);
    }
}
