//! Warnings that would come again and again: one is given at once, then one in ten seconds, with how many there were.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Between two warnings of one kind.
pub(crate) const QUIET: Duration = Duration::from_secs(10);

/// Warnings of one kind.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    told: Option<Instant>,
    since: u64,
}

impl Throttle {
    /// There is one more: where it is to be told, answers how many others were not since the last that was.
    pub(crate) fn tell(&self) -> Option<u64> {
        self.tell_at(Instant::now())
    }

    fn tell_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.told.is_some_and(|told| now.duration_since(told) < QUIET) {
            state.since += 1;
            return None;
        }
        state.told = Some(now);
        Some(std::mem::take(&mut state.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_at_once_and_then_one_in_ten_seconds() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let tell = |seconds| throttle.tell_at(start + Duration::from_secs(seconds));
        assert_eq!(
            (tell(0), tell(1), tell(9), tell(10), tell(11)),
            (Some(0), None, None, Some(2), None)
        );
    }
}
