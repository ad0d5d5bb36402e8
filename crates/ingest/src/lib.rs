#![doc = include_str!("../README.md")]

mod clock;
mod codec;
mod error;
pub mod fs;
mod log;
mod slots;
mod spool;

pub use clock::{Clock, SystemClock};
pub use error::{IngestError, Result};
