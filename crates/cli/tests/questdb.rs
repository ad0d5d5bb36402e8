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
#[path = "cli/once.rs"]
mod once;
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

use tradekeep_test_servers::harness::{self, sharing, starting};
use tradekeep_test_servers::questdb::QUESTDB;

use crate::scratch::Scratch;

/// A name, and a test with tables of its own on a server that others use.
type Test = (&'static str, fn(&Scratch));

/// A name, and a test that starts a server of its own, to kill.
type OwnServer = (&'static str, fn());

fn main() -> ExitCode {
    let shared = [import::TESTS, record::TESTS, down::TESTS].concat().into_iter();
    let shared = shared.map(|(name, test): Test| (name, move |url: &str| test(&Scratch::on(url))));
    let own = down::OWN_SERVER.iter().map(|(name, test): &OwnServer| harness::test(name, test));
    let own = starting(&QUESTDB, own.collect());
    harness::main(sharing(&QUESTDB, shared).into_iter().chain(own).collect())
}
