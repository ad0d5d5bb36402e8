#![doc = include_str!("../README.md")]

mod loss;
pub mod numeric;
mod pool;
mod sql;

pub use pool::{Answers, Pool, PoolConfig, PoolStats};
pub use sql::{Bind, Sql};
