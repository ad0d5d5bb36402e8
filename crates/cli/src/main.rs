//! The `tradekeep` command.
fn main() {}
