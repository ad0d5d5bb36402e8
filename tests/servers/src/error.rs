//! What goes wrong with a server.

use std::io;
use std::time::Duration;

use thiserror::Error;

/// A server that did not do as it was told.
#[derive(Debug, Error)]
pub enum Error {
    /// What it needs is not here. The text says what, and what to do.
    #[error("{0}")]
    Absent(String),
    /// It ended by itself.
    #[error("{server} ended while it started: {said}")]
    Ended {
        /// Its title.
        server: &'static str,
        /// The end of its log.
        said: String,
    },
    /// It is not ready in time.
    #[error("{server} is not ready after {patience:?}: {said}")]
    Late {
        /// Its title.
        server: &'static str,
        /// The time it had.
        patience: Duration,
        /// The end of its log.
        said: String,
    },
    /// Files or processes.
    #[error("files or processes of a server: {0}")]
    Io(#[from] io::Error),
}
