//! Group commit: one thread syncs the spool for all appends that wait for it.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::error::{IngestError, Result};
use crate::spool::Spool;
use crate::throttle::Throttle;

/// Between two syncs while an append waits for one; a sync takes 1.5 to 8 ms.
const WINDOW: Duration = Duration::from_millis(5);
/// Between two syncs while none does: what a loss of power may take of records that are only written.
const LAZY_WINDOW: Duration = Duration::from_millis(50);
/// Between two syncs after one that failed.
const RETRY_WINDOW: Duration = Duration::from_secs(1);
/// So many bytes are synced without waiting for the window's end.
const WINDOW_BYTES: usize = 1 << 20;

/// How far syncing has come.
#[derive(Debug, Clone, Default)]
struct Synced {
    /// All records up to this number survive a loss of power.
    through: u64,
    /// The last sync that failed.
    failed: Option<Failed>,
}

#[derive(Debug, Clone)]
struct Failed {
    /// Which it was, from 1.
    attempt: u64,
    /// The last record it was for.
    last: u64,
    error: Arc<io::Error>,
}

/// The thread that syncs, and what is awaited of it.
#[derive(Debug)]
pub(crate) struct Committer {
    shared: Arc<Shared>,
    synced: watch::Receiver<Synced>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    pending: Mutex<Pending>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    /// The last record that was appended.
    last: u64,
    /// Bytes appended since a sync began, about.
    bytes: usize,
    /// Whether an append waits.
    urgent: bool,
    /// Syncs that failed in a row.
    failures: u64,
    closed: bool,
}

impl Committer {
    /// Starts the thread.
    ///
    /// Segments are made ahead where the spool takes no more than `most` bytes with them.
    pub(crate) fn start(spool: Arc<Spool>, most: u64) -> io::Result<Self> {
        let shared = Arc::new(Shared { pending: Mutex::default(), changed: Condvar::new() });
        let (sender, synced) = watch::channel(Synced::default());
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("tradekeep-spool".into())
            .spawn(move || of_thread.work(&Preparing::new(&spool, most), &sender))?;
        Ok(Self { shared, synced, thread: Mutex::new(Some(thread)) })
    }

    /// Tells that records up to `last` were appended, in so many bytes.
    pub(crate) fn appended(&self, last: u64, bytes: usize) {
        let mut pending = self.shared.pending();
        let idle = pending.bytes == 0;
        pending.last = pending.last.max(last);
        pending.bytes += bytes.max(1);
        if idle || pending.bytes >= WINDOW_BYTES {
            self.shared.changed.notify_one();
        }
    }

    /// Waits until all records up to `seq` survive a loss of power.
    pub(crate) async fn synced(&self, seq: u64) -> Result<()> {
        let mut synced = self.synced.clone();
        let before = {
            let now = synced.borrow_and_update();
            if now.through >= seq {
                return Ok(());
            }
            now.failed.as_ref().map_or(0, |failed| failed.attempt)
        };
        {
            self.shared.pending().urgent = true;
            self.shared.changed.notify_one();
        }
        let tried = |failed: &Failed| failed.attempt > before && failed.last >= seq;
        let is_done =
            |synced: &Synced| synced.through >= seq || synced.failed.as_ref().is_some_and(tried);
        let outcome = synced.wait_for(is_done).await.map_err(|_| IngestError::Closed)?;
        match &outcome.failed {
            Some(Failed { error, .. }) if outcome.through < seq => {
                let source = io::Error::new(error.kind(), error.to_string());
                Err(IngestError::disk("records are written but cannot be synced")(source))
            }
            _ => Ok(()),
        }
    }

    /// Syncs what is left and ends the thread.
    pub(crate) fn close(&self) {
        self.shared.pending().closed = true;
        self.shared.changed.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It does not panic; if it did, what was written is written.
            let _ = thread.join();
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, preparing: &Preparing<'_>, synced: &watch::Sender<Synced>) {
        let throttle = Throttle::default();
        let mut began = Instant::now() - LAZY_WINDOW;
        let mut through = 0;
        // Before the first append, so that it need not wait for its segment.
        preparing.run();
        loop {
            let Some(last) = self.wait(began, through) else { return };
            began = Instant::now();
            match preparing.spool.log.sync() {
                Ok(done) => {
                    through = done;
                    self.pending().failures = 0;
                    synced.send_replace(Synced { through, failed: None });
                }
                Err(error) => {
                    if let Some(more) = throttle.tell() {
                        tracing::error!(
                            %error, more,
                            "the spool cannot be synced: a loss of power would take what is written now"
                        );
                    }
                    let mut pending = self.pending();
                    pending.failures += 1;
                    // Not 0, so that the sync is tried again.
                    pending.bytes = pending.bytes.max(1);
                    drop(pending);
                    synced.send_modify(|synced| {
                        let attempt = synced.failed.as_ref().map_or(0, |failed| failed.attempt) + 1;
                        synced.failed = Some(Failed { attempt, last, error: Arc::new(error) });
                    });
                }
            }
            preparing.run();
        }
    }

    /// Waits until it is time to sync; answers the last record that is to be, nothing at the end.
    fn wait(&self, began: Instant, through: u64) -> Option<u64> {
        let mut pending = self.pending();
        loop {
            if pending.last <= through {
                // `appended` was called after the sync that already took those records along. At 0 bytes
                // the next append wakes this thread.
                pending.bytes = 0;
            }
            let (dirty, failing) = (pending.bytes > 0, pending.failures > 0);
            if pending.closed && (!dirty || failing) {
                return None;
            }
            let window = match (failing, pending.urgent) {
                (true, _) => RETRY_WINDOW,
                (false, true) => WINDOW,
                (false, false) => LAZY_WINDOW,
            };
            let left = window.saturating_sub(began.elapsed());
            let full = pending.bytes >= WINDOW_BYTES && !failing;
            if dirty && (left.is_zero() || full || pending.closed) {
                pending.bytes = 0;
                pending.urgent = false;
                return Some(pending.last);
            }
            pending = if dirty {
                let waited = self.changed.wait_timeout(pending, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.changed.wait(pending).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }
}

/// Makes the next segment and reserves numbers, so that appends need not wait for them.
struct Preparing<'a> {
    spool: &'a Spool,
    most: u64,
    segments: Throttle,
    numbers: Throttle,
}

impl<'a> Preparing<'a> {
    fn new(spool: &'a Spool, most: u64) -> Self {
        Self { spool, most, segments: Throttle::default(), numbers: Throttle::default() }
    }

    fn run(&self) {
        if let Err(error) = self.spool.log.prepare(self.most)
            && let Some(more) = self.segments.tell()
        {
            tracing::warn!(%error, more, "the next segment of the spool cannot be made yet");
        }
        if let Err(error) = self.spool.reserve(0)
            && let Some(more) = self.numbers.tell()
        {
            tracing::warn!(%error, more, "numbers of the spool cannot be reserved yet");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::clock::SystemClock;
    use crate::fs::FileSystem;
    use crate::fs::sim::{Operation, SimFs};
    use crate::spool::{LockedSpool, SpoolConfig};
    use crate::testing::ticks;

    fn spool(sim: &SimFs) -> Arc<Spool> {
        let fs: Arc<dyn FileSystem> = Arc::new(sim.clone());
        let config = SpoolConfig { folder: PathBuf::from("spool"), segment_bytes: 1 << 16 };
        let locked = LockedSpool::lock(&fs, config).unwrap();
        Arc::new(locked.open(Arc::new(SystemClock), &mut |_, _| {}).unwrap())
    }

    fn append(spool: &Spool, committer: &Committer) -> u64 {
        let seq = spool.append(&ticks(0, 1), |_| Ok(())).unwrap();
        committer.appended(seq, 128);
        seq
    }

    #[tokio::test]
    async fn word_of_an_append_that_comes_after_its_sync_keeps_nobody_asleep() {
        let spool = spool(&SimFs::new());
        let committer = Committer::start(Arc::clone(&spool), u64::MAX).unwrap();
        for _ in 0..20 {
            let seq = append(&spool, &committer);
            committer.synced(seq).await.unwrap();
            // Told once more, as if the first time had been later than the sync.
            committer.appended(seq, 128);
            tokio::task::yield_now().await;
            // Nobody waits for this one: it is synced soon all the same.
            let seq = append(&spool, &committer);
            let mut synced = committer.synced.clone();
            let done = synced.wait_for(|synced| synced.through >= seq);
            tokio::time::timeout(Duration::from_secs(20), done).await.expect("asleep").unwrap();
        }
    }

    #[tokio::test]
    async fn who_waits_is_told_of_failures_and_closing_does_not_wait_for_success() {
        let sim = SimFs::new();
        let spool = spool(&sim);
        let committer = Committer::start(Arc::clone(&spool), u64::MAX).unwrap();
        let first = append(&spool, &committer);
        committer.synced(first).await.unwrap();
        sim.fail_next(Operation::Sync, u32::MAX, io::ErrorKind::Other);
        let seq = append(&spool, &committer);
        let error = committer.synced(seq).await.unwrap_err();
        assert!(matches!(error, IngestError::Disk { .. }), "{error}");
        committer.synced(first).await.unwrap();
        committer.close();
        assert!(matches!(committer.synced(seq).await, Err(IngestError::Closed)));
    }
}
