//! Wakes who waits for records, no more often than it has use for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Counts records of one table, and wakes each of its lanes once there are as many as it waits for.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    count: Arc<AtomicU64>,
    ears: Vec<Arc<Ear>>,
}

/// Who waits.
#[derive(Debug)]
struct Ear {
    target: AtomicU64,
    notify: Notify,
}

/// A lane's end of the bell.
#[derive(Debug, Clone)]
pub(crate) struct Listener {
    count: Arc<AtomicU64>,
    ear: Arc<Ear>,
}

impl Bell {
    /// One more who listens; before the bell is shared.
    pub(crate) fn listen(&mut self) -> Listener {
        let ear = Arc::new(Ear { target: AtomicU64::new(u64::MAX), notify: Notify::new() });
        self.ears.push(Arc::clone(&ear));
        Listener { count: Arc::clone(&self.count), ear }
    }

    /// So many more records.
    pub(crate) fn ring(&self, records: u64) {
        let count = self.count.fetch_add(records, Ordering::SeqCst) + records;
        for ear in &self.ears {
            if ear.target.load(Ordering::SeqCst) <= count {
                // Not again before it waits again.
                ear.target.store(u64::MAX, Ordering::SeqCst);
                ear.notify.notify_one();
            }
        }
    }
}

impl Listener {
    /// Records since the bell was made.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// Waits until there are `target` records.
    pub(crate) async fn wait_for(&self, target: u64) {
        loop {
            // First what is waited for, then a look: who rings in between sees the one or is seen.
            self.ear.target.store(target, Ordering::SeqCst);
            if self.count() >= target {
                return;
            }
            self.ear.notify.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wakes_when_there_are_enough() {
        let mut bell = Bell::default();
        let (one, two) = (bell.listen(), bell.listen());
        let bell = Arc::new(bell);
        let waiting = tokio::spawn(async move { two.wait_for(3).await });
        bell.ring(1);
        one.wait_for(1).await;
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        bell.ring(2);
        waiting.await.unwrap();
        one.wait_for(2).await;
        assert_eq!(one.count(), 3);
    }
}
