//! Test programs whose tests need what not every machine has: a server, a disk that can be filled, files.
//! Where it is absent, they are reported as ignored, with the reason - or fail, where [`REQUIRE`] names it.

use std::env;
use std::process::ExitCode;

pub use libtest_mimic::{Arguments, Trial};
use libtest_mimic::{Completion, Failed};

use crate::Server;

/// Names, with commas between them, what must be here: where it is absent its tests fail, instead of being
/// ignored.
pub const REQUIRE: &str = "TRADEKEEP_TEST_REQUIRE";

/// What a test needs and does not find: the reason.
pub type Absent = String;

/// Whether [`REQUIRE`] names `need`.
///
/// ```
/// assert!(!tradekeep_test_servers::is_required("abacus"));
/// ```
#[must_use]
pub fn is_required(need: &str) -> bool {
    env::var(REQUIRE).is_ok_and(|names| names.split(',').any(|name| name.trim() == need))
}

/// The one place that says what becomes of a test whose need is absent.
fn absent(need: &str, reason: Absent) -> Result<Completion, Failed> {
    if is_required(need) { Err(reason.into()) } else { Ok(Completion::ignored_with(reason)) }
}

/// A test that needs nothing, or is for [`starting`].
pub fn test(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

/// A test that finds out by itself whether what it needs is here.
pub fn needing(
    need: &'static str,
    name: &str,
    test: impl FnOnce() -> Result<(), Absent> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match test() {
        Ok(()) => Ok(Completion::Completed),
        Err(reason) => absent(need, reason),
    })
}

/// Tests that share a server, each told its URL.
pub fn sharing<F: FnOnce(&str) + Send + 'static>(
    server: &'static dyn Server,
    tests: impl IntoIterator<Item = (&'static str, F)>,
) -> Vec<Trial> {
    on(server, |url| {
        let trial = |(name, with_url): (&'static str, F)| {
            let url = url.to_owned();
            test(name, move || with_url(&url))
        };
        tests.into_iter().map(trial).collect()
    })
}

/// As [`sharing`], for tests that are made of the URL all at once.
pub fn on(server: &'static dyn Server, tests: impl FnOnce(&str) -> Vec<Trial>) -> Vec<Trial> {
    match server.url() {
        Ok(url) => tests(&url),
        // Made for their names alone.
        Err(reason) => instead(server, &reason, tests("")),
    }
}

/// Tests that start servers of their own, to stop and to kill.
pub fn starting(server: &'static dyn Server, tests: Vec<Trial>) -> Vec<Trial> {
    match server.absent() {
        None => tests,
        Some(reason) => instead(server, &reason, tests),
    }
}

/// Tests of the same names, for which `server` is absent.
fn instead(server: &'static dyn Server, reason: &str, tests: Vec<Trial>) -> Vec<Trial> {
    let instead = |test: Trial| {
        let reason = reason.to_owned();
        Trial::ignorable_test(test.name(), move || absent(server.name(), reason))
    };
    tests.into_iter().map(instead).collect()
}

/// The `main` of a test program: as many tests at once as the machine has cores, unless its arguments say
/// otherwise.
#[must_use]
pub fn main(tests: Vec<Trial>) -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// The same, with `at_once` tests at once.
#[must_use]
pub fn main_with(at_once: usize, tests: Vec<Trial>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(at_once);
    libtest_mimic::run(&arguments, tests).exit_code()
}
