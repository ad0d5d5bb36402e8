#![doc = include_str!("../README.md")]

mod config;
mod database;
mod durable;
mod error;
mod floor;
mod health;
mod lease;
mod lock_holders;
mod maintenance;
mod open;
mod partitions;
mod permissions;
mod process_lock;
mod read;
mod readers;
mod repair;
mod roles;
mod rows;
mod schema;
mod session;
mod sql;
mod store;
mod wal;
mod watermark;
mod write;

pub use config::DuckDbConfig;
pub use store::DuckDbStore;
pub use tradekeep_store_traits::PoolStats;

/// The URL scheme of this store: `duckdb://./tradekeep-data`, `duckdb://:memory:`.
pub const SCHEME: &str = "duckdb";

/// What errors and health call this store.
const STORE: &str = "duckdb";
