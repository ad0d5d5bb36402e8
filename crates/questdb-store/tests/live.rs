//! The store on a real server. Where there is none, its tests are reported as ignored, with the reason.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

#[path = "live/connection.rs"]
mod connection;
#[path = "live/export.rs"]
mod export;
#[path = "live/insert.rs"]
mod insert;
#[path = "live/numbers.rs"]
mod numbers;
#[path = "live/partitions.rs"]
mod partitions;
#[path = "live/records.rs"]
mod records;
#[path = "live/schema.rs"]
mod schema;
#[path = "support/scratch.rs"]
mod scratch;
#[path = "live/sink.rs"]
mod sink;
#[path = "live/support.rs"]
mod support;
#[path = "live/ticks.rs"]
mod ticks;
#[path = "live/versions.rs"]
mod versions;
#[path = "live/views.rs"]
mod views;

use std::process::ExitCode;

use tradekeep_test_servers::harness::{self, sharing, starting};
use tradekeep_test_servers::questdb::QUESTDB;

/// A name, and a test on a server of this URL.
type Test = (&'static str, fn(&str));

/// A name, and a test that starts a server of its own, to stop and to kill.
type OwnServer = (&'static str, fn());

fn main() -> ExitCode {
    let shared = [
        schema::TESTS,
        connection::TESTS,
        partitions::TESTS,
        sink::TESTS,
        ticks::TESTS,
        records::TESTS,
        versions::TESTS,
        views::TESTS,
        export::TESTS,
        numbers::TESTS,
    ];
    let own =
        connection::OWN_SERVER.iter().map(|(name, test): &OwnServer| harness::test(name, test));
    let own = starting(&QUESTDB, own.collect());
    // A test waits for the server much of its time.
    harness::main_with(6, sharing(&QUESTDB, shared.concat()).into_iter().chain(own).collect())
}
