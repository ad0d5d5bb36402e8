//! Tests across crates: the arrows between them, the layout, and the README's example. And the fault
//! kit, which tests of any store use: what a network and a `kill -9` do on a bad day, and who judges
//! what came of it.

pub mod canary;
pub mod disk;
pub mod kill;
pub mod oracle;
pub mod proxy;
pub mod seed;

/// Compiles and runs what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
