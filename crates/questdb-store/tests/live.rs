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

use libtest_mimic::{Arguments, Completion, Trial};
use tradekeep_test_servers::{is_required, questdb};

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
    ]
    .concat();
    let shared = shared.into_iter().map(|(name, test)| {
        Trial::ignorable_test(name, move || {
            Ok(match questdb::url() {
                Ok(url) => {
                    test(&url);
                    Completion::Completed
                }
                Err(reason) if is_required("questdb") => return Err(reason.into()),
                Err(reason) => Completion::ignored_with(reason),
            })
        })
    });
    let own = connection::OWN_SERVER.iter().copied().map(|(name, test): OwnServer| {
        Trial::ignorable_test(name, move || {
            Ok(match questdb::absent() {
                None => {
                    test();
                    Completion::Completed
                }
                Some(reason) if is_required("questdb") => return Err(reason.into()),
                Some(reason) => Completion::ignored_with(reason),
            })
        })
    });
    libtest_mimic::run(&Arguments::from_args(), shared.chain(own).collect()).exit_code()
}
