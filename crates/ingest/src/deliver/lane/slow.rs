//! Slow flushes: which of them a lane warns of.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::throttle::Throttle;

/// A flush that takes longer is slow.
pub(super) const SLOW: Duration = Duration::from_millis(50);

/// The slow flushes of a lane, of which it does not warn each: every flush of a busy store may be slow.
#[derive(Debug, Default)]
pub(crate) struct SlowFlushes {
    throttle: Throttle,
    /// Of those that were not warned of.
    slowest: Mutex<Duration>,
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
        let told = self.throttle.tell();
        let mut slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = told {
            return Some(Suppressed { count, slowest: std::mem::take(&mut slowest) });
        }
        *slowest = took.max(*slowest);
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
    use crate::throttle::QUIET;

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
