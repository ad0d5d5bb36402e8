//! QuestDB on bad days: each test feeds it through the spool, has something happen to it, and compares what it
//! has then with what was sent, whole rows, over another path. Where it cannot be started, all are reported
//! as ignored, with the reason.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

#[path = "questdb/both.rs"]
mod both;
#[path = "questdb/copies.rs"]
mod copies;
#[path = "questdb/crowd.rs"]
mod crowd;
#[path = "questdb/feeder.rs"]
mod feeder;
#[path = "questdb/full_disk.rs"]
mod full_disk;
#[path = "questdb/hostile.rs"]
mod hostile;
#[path = "questdb/http.rs"]
mod http;
#[path = "questdb/https.rs"]
mod https;
#[path = "questdb/judge.rs"]
mod judge;
#[path = "questdb/kills.rs"]
mod kills;
#[path = "questdb/operators.rs"]
mod operators;
#[path = "questdb/paused.rs"]
mod paused;
#[path = "questdb/poison.rs"]
mod poison;
#[path = "questdb/proxied.rs"]
mod proxied;
#[path = "questdb/revoked.rs"]
mod revoked;
#[path = "questdb/swapped.rs"]
mod swapped;
#[path = "questdb/tables.rs"]
mod tables;

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use tradekeep_test_servers::harness::{self, Absent, needing, starting};
use tradekeep_test_servers::questdb::{QUESTDB, Questdb};

use crate::tables::Tables;

/// A name, and a test that starts a server of its own; it may need a disk that it can fill.
type Own = (&'static str, fn() -> Result<(), Absent>);

/// A name, and a test on tables of its own, on a server that it leaves as it was.
type Sharing = (&'static str, fn(&Tables));

/// The server of the tests that share one, started by the first of them.
static SHARED: Mutex<Option<Questdb>> = Mutex::new(None);

fn main() -> ExitCode {
    let own = [kills::OWN, revoked::OWN, paused::OWN, full_disk::OWN, swapped::OWN].concat();
    let sharing = [
        proxied::SHARING,
        operators::SHARING,
        poison::SHARING,
        hostile::SHARING,
        https::SHARING,
        crowd::SHARING,
        copies::SHARING,
        both::SHARING,
    ]
    .concat();
    let own = own.into_iter().map(|(name, test)| needing("disk", name, test));
    let sharing =
        sharing.into_iter().map(|(name, test)| harness::test(name, move || test(&shared())));
    // Of two, one waits for the other's server to start, or for a disk to fill.
    let outcome = harness::main_with(2, starting(&QUESTDB, own.chain(sharing).collect()));
    // Nothing drops what is static.
    drop(SHARED.lock().unwrap_or_else(PoisonError::into_inner).take());
    outcome
}

/// Tables for one test on the shared server.
fn shared() -> Tables {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    Tables::on(shared.get_or_insert_with(|| Questdb::start().unwrap()))
}
