//! Canaries in the spool and on the way out of it: values of rows and a secret, which must come out in no
//! log, error, metric, statistic or reason. A dead letter shows its record: that is what it is for.
#![allow(clippy::panic, reason = "test code")]

#[path = "canary/sinks.rs"]
mod sinks;
#[path = "canary/spool.rs"]
mod spool;
#[path = "canary/support.rs"]
mod support;
