#![doc = include_str!("../README.md")]

mod loss;
pub mod numeric;
mod pool;
mod row;

pub use pool::{Answers, Pool, PoolConfig};
pub use row::PgRow;
pub use tradekeep_store_traits::PoolStats;
