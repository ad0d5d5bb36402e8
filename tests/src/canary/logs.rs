//! What a test's code logs.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Subscriber;
use tracing::subscriber::{DefaultGuard, SetGlobalDefaultError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

/// What is logged, of every level, spans and their fields included.
///
/// ```
/// use tradekeep_tests::canary::{Logs, SECRET};
///
/// let logs = Logs::default();
/// let watched = logs.watch_thread();
/// tracing::info!(password = "***", "connected");
/// drop(watched);
/// assert!(logs.text().contains("connected"));
/// tradekeep_tests::canary::assert_absent(logs.text().as_bytes());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    /// A subscriber that writes here.
    pub fn subscriber(&self) -> impl Subscriber + Send + Sync + 'static {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            // A field of a span shows when it ends, even where no event comes within it.
            .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish()
    }

    /// Writes here what this thread logs, as long as the guard lives: enough for a runtime of one thread.
    #[must_use]
    pub fn watch_thread(&self) -> DefaultGuard {
        tracing::subscriber::set_default(self.subscriber())
    }

    /// Writes here what any thread of this process logs, from now on: one test a process can have that.
    ///
    /// # Errors
    /// When the process has a subscriber already.
    pub fn watch_process(&self) -> Result<(), SetGlobalDefaultError> {
        tracing::subscriber::set_global_default(self.subscriber())
    }

    /// What was logged so far.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        // A panic while logging is what a test wants to read about.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl io::Write for &Logs {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logs {
    type Writer = &'a Logs;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canary::{SECRET, VALUE, find};

    #[test]
    fn every_level_is_captured_while_the_guard_lives() {
        let logs = Logs::default();
        tracing::error!("before");
        let watched = logs.watch_thread();
        tracing::trace!(field = 7, "lowest");
        tracing::error!("highest");
        drop(watched);
        tracing::error!("after");
        let text = logs.text();
        assert!(text.contains("lowest field=7") && text.contains("highest"), "{text}");
        assert!(!text.contains("before") && !text.contains("after"), "{text}");
    }

    #[test]
    fn a_canary_is_found_in_a_message_a_field_and_a_span() {
        for (canary, log) in [
            ("secret", (|| tracing::debug!("connecting with {SECRET}")) as fn()),
            ("value", || tracing::warn!(row = VALUE, "refused")),
            ("secret", || drop(tracing::trace_span!("connect", url = SECRET).entered())),
        ] {
            let logs = Logs::default();
            let watched = logs.watch_thread();
            log();
            drop(watched);
            let leak = find(logs.text().as_bytes());
            assert_eq!(leak.map(|leak| leak.canary), Some(canary), "{}", logs.text());
        }
    }
}
