#![doc = include_str!("../README.md")]

mod admin;
mod claim;
mod config;
mod database;
mod durable;
mod error;
mod floor;
mod holder;
mod lease;
mod log;
mod mend;
mod open;
mod read;
mod readers;
mod roles;
mod rows;
mod schema;
mod sql;
mod store;
mod write;
mod writer;

pub use config::DuckDbConfig;
pub use readers::PoolStats;
pub use store::DuckDbStore;

/// The URL scheme of this store: `duckdb://./tradekeep-data`, `duckdb://:memory:`.
pub const SCHEME: &str = "duckdb";

/// What errors and health call this store.
const STORE: &str = "duckdb";
