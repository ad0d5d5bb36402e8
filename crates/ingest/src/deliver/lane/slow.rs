//! Slow flushes: which of them a lane warns of.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A flush that takes longer is slow.
pub(super) const SLOW: Duration = Duration::from_millis(50);
/// A lane warns at most once in so long: every flush of a busy store may be slow.
const QUIET: Duration = Duration::from_secs(10);

/// The slow flushes of a lane.
#[derive(Debug, Default)]
pub(crate) struct SlowFlushes(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    warned: Option<Instant>,
    others: Suppressed,
}

/// Slow flushes since the last warning, which were not warned of.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suppressed {
    count: u64,
    slowest: Duration,
}

impl SlowFlushes {
    /// One took so long: where it is to be warned of, answers what else was slow since the last warning.
    pub(super) fn warning(&self, took: Duration) -> Option<Suppressed> {
        let now = Instant::now();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.warned.is_none_or(|warned| now - warned >= QUIET) {
            state.warned = Some(now);
            return Some(std::mem::take(&mut state.others));
        }
        state.others.count += 1;
        state.others.slowest = state.others.slowest.max(took);
        None
    }
}

impl fmt::Display for Suppressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, slowest } = self;
        match count {
            0 => Ok(()),
            _ => write!(
                f,
                "; so were {count} more since the last warning, the slowest with {} ms",
                slowest.as_millis()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_warning_in_ten_seconds_tells_of_the_others() {
        let slow = SlowFlushes::default();
        let others = |count, millis| Suppressed { count, slowest: Duration::from_millis(millis) };
        let flush = |millis| slow.warning(Duration::from_millis(millis));
        assert_eq!(flush(60), Some(others(0, 0)), "the first");
        for millis in [70, 900, 80] {
            advance(Duration::from_secs(3)).await;
            assert_eq!(flush(millis), None);
        }
        advance(Duration::from_secs(1)).await;
        assert_eq!(flush(61), Some(others(3, 900)));
        assert_eq!(flush(62), None);
        advance(QUIET).await;
        assert_eq!(flush(63), Some(others(1, 62)), "those before are told");
        advance(QUIET).await;
        assert_eq!(flush(64), Some(others(0, 0)));
    }
}
