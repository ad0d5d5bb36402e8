//! The circuit breaker of a sink: while it is open, one batch at a time tries whether the sink is back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tradekeep_store_traits::{Act, ErrorKind, StoreError};

/// Failures in a row, of all tables together, that open it.
const MAX_FAILURES: u32 = 5;
/// The longest wait before the first retry, and before any; each is random below its bound.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// The longest wait where the sink cannot be reached: to try costs little, and nothing is delivered
/// before it is back.
const MAX_BACKOFF_UNREACHABLE: Duration = Duration::from_secs(1);

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Opened,
    Closed,
}

#[derive(Debug, Default)]
struct State {
    /// In a row.
    failures: u32,
    /// While open: no lane tries before.
    open_until: Option<Instant>,
    /// While open: a lane is trying.
    trying: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: Mutex<State>,
    changed: Notify,
}

impl Breaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is open.
    pub(crate) fn is_open(&self) -> bool {
        self.state().open_until.is_some()
    }

    /// Waits until the caller may try; while it is open, one does at a time.
    pub(crate) async fn permit(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let until = {
                let mut state = self.state();
                match state.open_until {
                    None => return,
                    Some(until) if !state.trying && Instant::now() >= until => {
                        state.trying = true;
                        return;
                    }
                    Some(until) => until,
                }
            };
            let timer = tokio::time::sleep_until(until.max(Instant::now()));
            let trying = self.state().trying;
            tokio::select! {
                () = changed => {}
                () = timer, if !trying => {}
            }
        }
    }

    /// The sink took something, or said what is wrong with it: the breaker closes.
    pub(crate) fn succeeded(&self) -> Option<Change> {
        let was_open = {
            let mut state = self.state();
            let was_open = state.open_until.is_some();
            *state = State::default();
            was_open
        };
        self.changed.notify_waiters();
        was_open.then_some(Change::Closed)
    }

    /// The caller's try is over, and says nothing of other tables: the next lane may try.
    pub(crate) fn release(&self) {
        self.state().trying = false;
        self.changed.notify_waiters();
    }

    /// The sink failed for a reason that may pass; answers how long to wait before the next try.
    pub(crate) fn failed(
        &self,
        error: &StoreError,
        probe_every: Duration,
    ) -> (Duration, Option<Change>) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        let wait = wait(error, state.failures, probe_every);
        let opens = matches!(error.act, Act::Probe) || state.failures >= MAX_FAILURES;
        let change = (opens && state.open_until.is_none()).then_some(Change::Opened);
        if opens {
            state.open_until = Some(Instant::now() + wait);
        }
        state.trying = false;
        drop(state);
        self.changed.notify_waiters();
        (wait, change)
    }
}

/// Full jitter: lanes that failed together do not come back together.
fn wait(error: &StoreError, failures: u32, probe_every: Duration) -> Duration {
    let unreachable = matches!(error.kind, ErrorKind::Connection | ErrorKind::Timeout);
    match error.act {
        // It is full, say, and was reached: it is probed at the configured pace.
        Act::Probe if !unreachable => probe_every,
        Act::Retry { after: Some(after) } => after.min(MAX_BACKOFF),
        _ => {
            let longest = if unreachable { MAX_BACKOFF_UNREACHABLE } else { MAX_BACKOFF };
            let bound =
                FIRST_BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(longest);
            bound.mul_f64(fastrand::f64()).max(Duration::from_millis(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn error(kind: ErrorKind, act: Act) -> StoreError {
        StoreError::new(kind, "test", "write", "no").with_act(act)
    }

    #[tokio::test(start_paused = true)]
    async fn opens_after_five_and_lets_one_try() {
        let breaker = Arc::new(Breaker::default());
        let retry = || error(ErrorKind::Transaction, Act::Retry { after: None });
        for strike in 1..=4 {
            breaker.permit().await;
            assert_eq!(breaker.failed(&retry(), Duration::MAX).1, None, "strike {strike}");
        }
        assert_eq!(breaker.failed(&retry(), Duration::MAX).1, Some(Change::Opened));
        assert!(breaker.is_open());
        breaker.permit().await;
        let other = Arc::clone(&breaker);
        let waiting = tokio::spawn(async move { other.permit().await });
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(!waiting.is_finished(), "one tries");
        assert_eq!(breaker.succeeded(), Some(Change::Closed));
        waiting.await.unwrap();
        assert_eq!(breaker.succeeded(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_full_is_left_alone() {
        let breaker = Breaker::default();
        let full = error(ErrorKind::Write, Act::Probe);
        let (wait, change) = breaker.failed(&full, Duration::from_secs(30));
        assert_eq!((wait, change), (Duration::from_secs(30), Some(Change::Opened)));
        let before = Instant::now();
        breaker.permit().await;
        assert!(before.elapsed() >= Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn one_table_that_is_answered_speaks_for_no_other() {
        let breaker = Breaker::default();
        let full = error(ErrorKind::Write, Act::Probe);
        breaker.failed(&full, Duration::from_secs(30));
        breaker.permit().await;
        breaker.release();
        let before = Instant::now();
        breaker.permit().await;
        assert!(breaker.is_open() && before.elapsed().is_zero(), "the next one tries");
        breaker.failed(&full, Duration::from_secs(30));
        breaker.release();
        breaker.permit().await;
        assert!(before.elapsed() >= Duration::from_secs(30));
    }

    #[test]
    fn waits_grow_and_stay_below_their_bounds() {
        let retry = |kind| error(kind, Act::Retry { after: None });
        for failures in 1..40 {
            let bound = FIRST_BACKOFF.saturating_mul(1 << (failures - 1).min(10)).min(MAX_BACKOFF);
            for _ in 0..50 {
                assert!(wait(&retry(ErrorKind::Write), failures, MAX_BACKOFF) <= bound);
                assert!(
                    wait(&retry(ErrorKind::Connection), failures, MAX_BACKOFF)
                        <= MAX_BACKOFF_UNREACHABLE
                );
            }
        }
        let after = Act::Retry { after: Some(Duration::from_secs(7)) };
        assert_eq!(wait(&error(ErrorKind::Write, after), 1, MAX_BACKOFF), Duration::from_secs(7));
    }
}
