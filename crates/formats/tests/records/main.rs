//! Every record, through every form it takes outside of a store.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod any;
mod arrow;
mod samples;
