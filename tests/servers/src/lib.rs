//! Servers that tests use: on free loopback ports, with data of their own, and at the mercy of a test
//! that stops, kills and starts them again.
//!
//! Used by xtask as well, which starts them for whole runs. So it depends on no other crate of the
//! workspace, and builds in seconds.

mod ports;
pub mod questdb;

use std::env;
use std::path::{Path, PathBuf};

/// Names, with commas between them, the servers whose absence fails their tests instead of having them
/// ignored.
pub const REQUIRE: &str = "TRADEKEEP_TEST_REQUIRE";

/// Whether [`REQUIRE`] names `server`.
///
/// ```
/// assert!(!tradekeep_test_servers::is_required("abacus"));
/// ```
#[must_use]
pub fn is_required(server: &str) -> bool {
    env::var(REQUIRE).is_ok_and(|names| names.split(',').any(|name| name.trim() == server))
}

/// The root of the checkout that this was built in.
fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}
