//! Tests across crates: the arrows between them, the layout, and the README's example.

/// Compiles and runs what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
