//! Whether anybody reads stdout.

use std::io;
use std::sync::Arc;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use tokio::sync::Notify;

/// Tells once the other end of stdout is closed, a pipe's or a terminal's, also while nothing is written; of a file,
/// never.
pub(crate) fn gone() -> io::Result<Arc<Notify>> {
    let gone = Arc::new(Notify::new());
    let told = Arc::clone(&gone);
    // It ends with the process.
    thread::Builder::new().name("tradekeep-stdout".into()).spawn(move || {
        let stdout = io::stdout();
        let mut nothing = [PollFd::new(&stdout, PollFlags::empty())];
        // Asked for nothing, it answers when there is nobody.
        if retry_on_intr(|| poll(&mut nothing, None)).is_ok() {
            told.notify_one();
        }
    })?;
    Ok(gone)
}
