//! Tells lanes of new records, no more often than they have use for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Counts records of one table, and wakes each subscriber once there are as many as it waits for.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    count: Arc<AtomicU64>,
    waiters: Vec<Arc<Waiter>>,
}

/// What one subscriber waits for, and how it is woken.
#[derive(Debug)]
struct Waiter {
    target: AtomicU64,
    notify: Notify,
}

/// A lane's end of a [`Notifier`].
#[derive(Debug, Clone)]
pub(crate) struct Subscriber {
    count: Arc<AtomicU64>,
    waiter: Arc<Waiter>,
}

impl Notifier {
    /// One more subscriber. They are all made before the notifier is shared.
    pub(crate) fn subscribe(&mut self) -> Subscriber {
        let waiter = Arc::new(Waiter { target: AtomicU64::new(u64::MAX), notify: Notify::new() });
        self.waiters.push(Arc::clone(&waiter));
        Subscriber { count: Arc::clone(&self.count), waiter }
    }

    /// Counts `records` more, and wakes the subscribers whose target is reached.
    pub(crate) fn notify(&self, records: u64) {
        let count = self.count.fetch_add(records, Ordering::SeqCst) + records;
        for waiter in &self.waiters {
            if waiter.target.load(Ordering::SeqCst) <= count {
                // Not again before it waits again.
                waiter.target.store(u64::MAX, Ordering::SeqCst);
                waiter.notify.notify_one();
            }
        }
    }
}

impl Subscriber {
    /// Records since the notifier was made.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// Waits until there are `target` records.
    pub(crate) async fn wait_for(&self, target: u64) {
        loop {
            // The target is stored before the count is read, so that no record is missed: whoever
            // notifies in between either sees the target or has raised the count already.
            self.waiter.target.store(target, Ordering::SeqCst);
            if self.count() >= target {
                return;
            }
            self.waiter.notify.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wakes_when_there_are_enough() {
        let mut notifier = Notifier::default();
        let (one, two) = (notifier.subscribe(), notifier.subscribe());
        let notifier = Arc::new(notifier);
        let waiting = tokio::spawn(async move { two.wait_for(3).await });
        notifier.notify(1);
        one.wait_for(1).await;
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        notifier.notify(2);
        waiting.await.unwrap();
        one.wait_for(2).await;
        assert_eq!(one.count(), 3);
    }
}
