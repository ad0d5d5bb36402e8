//! Tables of one's own on a server that several use.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A prefix of tables that no other test has, of this process or another: `t18c0ffee_42_0_`.
#[must_use]
pub fn prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("t{since:x}_{}_{number}_", process::id())
}
