//! Servers that tests use: on free loopback ports, with data of their own, and at the mercy of a test
//! that stops, kills and starts them again.
//!
//! [`SERVERS`] lists them. A new one is a file with its [`Server`], and a line there: xtask then gets what
//! it needs, starts it for the tests that use it, and keeps it for `cargo xtask servers`; [`harness`] has
//! those tests ignored where it is absent.
//!
//! Used by xtask as well, which starts them for whole runs. So it depends on no other crate of the
//! workspace, and builds in seconds.

mod checkout;
mod error;
pub mod harness;
mod kept;
mod ports;
mod prefix;
mod process;
pub mod questdb;
mod server;

pub use self::checkout::checkout;
pub use self::error::Error;
pub use self::harness::{REQUIRE, is_required};
pub use self::kept::Kept;
pub use self::prefix::prefix;
pub use self::process::{Life, pause};
pub use self::server::{Running, Server, Started};

/// All there are.
pub const SERVERS: &[&dyn Server] = &[&questdb::QUESTDB];
