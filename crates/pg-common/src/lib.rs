#![doc = include_str!("../README.md")]

mod loss;
pub mod numeric;
mod pool;
mod sql;

pub use pool::{Answers, Pool, PoolConfig};
pub use sql::{Bind, Sql};
pub use tradekeep_store_traits::PoolStats;
