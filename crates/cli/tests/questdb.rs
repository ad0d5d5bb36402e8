//! The `tradekeep` binary on a QuestDB server. Where there is none, its tests are reported as ignored, with
//! the reason.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

#[path = "questdb/down.rs"]
mod down;
#[allow(dead_code, reason = "shared with the tests that need nothing")]
#[path = "cli/feed.rs"]
mod feed;
#[path = "questdb/import.rs"]
mod import;
#[allow(dead_code, reason = "shared with the tests that need nothing")]
#[path = "cli/own.rs"]
mod own;
#[path = "questdb/record.rs"]
mod record;
#[path = "questdb/scratch.rs"]
mod scratch;
#[allow(dead_code, reason = "shared with the tests that need nothing")]
#[path = "cli/support.rs"]
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tradekeep_test_servers::{is_required, questdb};

use crate::scratch::Scratch;

/// A name, and a test with tables of its own on a server that others use.
type Test = (&'static str, fn(&Scratch));

/// A name, and a test that starts a server of its own, to kill.
type OwnServer = (&'static str, fn());

fn main() -> ExitCode {
    let shared = [import::TESTS, record::TESTS, down::TESTS].concat();
    let shared = shared.into_iter().map(|(name, test)| {
        Trial::ignorable_test(name, move || match questdb::url() {
            Ok(url) => {
                test(&Scratch::on(&url));
                Ok(Completion::Completed)
            }
            Err(reason) => ignored(reason),
        })
    });
    let own = down::OWN_SERVER.iter().copied().map(|(name, test): OwnServer| {
        Trial::ignorable_test(name, move || match questdb::absent() {
            None => {
                test();
                Ok(Completion::Completed)
            }
            Some(reason) => ignored(reason),
        })
    });
    libtest_mimic::run(&Arguments::from_args(), shared.chain(own).collect()).exit_code()
}

fn ignored(reason: String) -> Result<Completion, Failed> {
    if is_required("questdb") { Err(reason.into()) } else { Ok(Completion::ignored_with(reason)) }
}
