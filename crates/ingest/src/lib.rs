#![doc = include_str!("../README.md")]

mod codec;
pub mod fs;
mod log;
mod slots;
