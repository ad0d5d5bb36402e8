//! Delivery to stores that fail in every way a store can. The clock is paused where nothing else waits
//! for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[path = "delivery/acks.rs"]
mod acks;
#[path = "delivery/bad_rows.rs"]
mod bad_rows;
#[path = "delivery/copies.rs"]
mod copies;
#[path = "delivery/disk.rs"]
mod disk;
#[path = "delivery/letters.rs"]
mod letters;
#[path = "delivery/outages.rs"]
mod outages;
#[path = "delivery/room.rs"]
mod room;
#[path = "delivery/sinks.rs"]
mod sinks;
#[path = "delivery/slow.rs"]
mod slow;
#[path = "delivery/support.rs"]
mod support;
#[path = "delivery/swaps.rs"]
mod swaps;
#[path = "delivery/time.rs"]
mod time;
