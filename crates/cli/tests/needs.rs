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

use tradekeep_test_servers::harness::{self, Absent, needing};

type Test = (&'static str, fn() -> Result<(), Absent>);

fn main() -> ExitCode {
    let of = |need: &'static str, tests: &[Test]| -> Vec<_> {
        tests.iter().map(|&(name, test)| needing(need, name, test)).collect()
    };
    harness::main(
        [of("modes", modes::TESTS), of("disk", disk::TESTS), of("files", real_files::TESTS)]
            .into_iter()
            .flatten()
            .collect(),
    )
}
