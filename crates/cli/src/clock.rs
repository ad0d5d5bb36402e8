//! The time now.

use std::time::SystemTime;

use tradekeep::models::Timestamp;

/// Now, or what is wrong with the clock: no record can have its times.
pub(crate) fn now() -> Result<Timestamp, &'static str> {
    Timestamp::try_from(SystemTime::now())
        .map_err(|_| "the system's clock is not within 1970 to 2261: set it, then try again")
}
