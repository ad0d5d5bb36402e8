//! The `tradekeep` binary, run as people run it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/damage.rs"]
mod damage;
#[path = "cli/dead_letters.rs"]
mod dead_letters;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/door.rs"]
mod door;
#[path = "cli/feed.rs"]
mod feed;
#[path = "cli/full.rs"]
mod full;
#[path = "cli/health.rs"]
mod health;
#[path = "cli/held.rs"]
mod held;
#[path = "cli/import.rs"]
mod import;
#[path = "cli/lease.rs"]
mod lease;
#[path = "cli/numbers.rs"]
mod numbers;
#[path = "cli/once.rs"]
mod once;
#[path = "cli/own.rs"]
mod own;
#[path = "cli/query.rs"]
mod query;
#[path = "cli/record.rs"]
mod record;
#[path = "cli/recorder.rs"]
mod recorder;
#[path = "cli/records.rs"]
mod records;
#[path = "cli/rejects.rs"]
mod rejects;
#[path = "cli/spool.rs"]
mod spool;
#[path = "cli/support.rs"]
mod support;
#[path = "cli/tail.rs"]
mod tail;
#[path = "cli/upgrade.rs"]
mod upgrade;
#[path = "cli/usage.rs"]
mod usage;
#[path = "cli/waiting.rs"]
mod waiting;
