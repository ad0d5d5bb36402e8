//! Tests of the `tradekeep` binary that need what not every machine has: where it is not there, they are
//! reported as ignored, with the reason.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

#[path = "needs/disk.rs"]
mod disk;
#[allow(dead_code, reason = "shared with the tests that need nothing")]
#[path = "cli/feed.rs"]
mod feed;
#[path = "needs/modes.rs"]
mod modes;
#[path = "needs/real_files.rs"]
mod real_files;
#[allow(dead_code, reason = "shared with the tests that need nothing")]
#[path = "cli/support.rs"]
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};

/// What a test needs and does not find.
type Absent = String;

type Test = (&'static str, fn() -> Result<(), Absent>);

fn main() -> ExitCode {
    let trial = |(name, test): Test| {
        Trial::ignorable_test(name, move || {
            Ok(test().map_or_else(Completion::ignored_with, |()| Completion::Completed))
        })
    };
    let tests = [modes::TESTS, disk::TESTS, real_files::TESTS].concat();
    libtest_mimic::run(&Arguments::from_args(), tests.into_iter().map(trial).collect()).exit_code()
}
