#![doc = include_str!("../README.md")]

mod config;
mod disk;
mod error;
mod export;
mod floor;
mod health;
mod http;
mod maintenance;
mod partitions;
mod pool;
mod position;
mod read;
mod roles;
mod rows;
mod runs;
mod schema;
mod sql;
mod store;
mod views;
mod wal;
mod write;

pub use config::QuestDbConfig;
pub use store::QuestDbStore;
pub use tradekeep_store_traits::PoolStats;

/// The URL scheme of this store: `questdb://user:password@localhost:9000?pg_port=8812`.
pub const SCHEME: &str = "questdb";

/// What errors and health call this store.
const STORE: &str = "questdb";
