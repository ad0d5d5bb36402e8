//! Ids that are made here.

use std::time::SystemTime;

use uuid::{NoContext, Timestamp, Uuid};

/// An id that nothing else has: a UUID of version 7, of now. A clock that shows a time before 1970 is taken to
/// show that.
///
/// ```
/// use tradekeep_models::new_id;
///
/// assert_eq!(new_id().get_version_num(), 7);
/// assert_ne!(new_id(), new_id());
/// ```
#[must_use]
pub fn new_id() -> Uuid {
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(_) => Uuid::now_v7(),
        // Where that would panic.
        Err(_) => Uuid::new_v7(Timestamp::from_unix(NoContext, 0, 0)),
    }
}
