//! What time it is, so that tests can let clocks jump.

use std::fmt::Debug;
use std::time::SystemTime;

use tradekeep_models::Timestamp;

/// A clock on the wall. What it says stands in the spool for people to read; nothing depends on it.
pub trait Clock: Send + Sync + Debug {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock that is set to before 1970 or after 2261 is taken to be at that end.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let nanos = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
        Timestamp::from_nanos(nanos).unwrap_or(Timestamp::MIN)
    }
}
