#![doc = include_str!("../README.md")]

mod backends;
mod config;
mod handles;
mod health;
mod import;
mod ingest;
mod role;
mod routed;
mod store;

pub use config::{Config, ConfigError, ConfigFormat};
pub use health::{Report, StoreReport};
pub use import::{IMPORT_MEMORY_MEGABYTES, ImportError, ImportFailure, ImportSummary, import};
pub use role::Role;
pub use store::Tradekeep;

pub use tradekeep_formats as formats;
pub use tradekeep_ingest::{
    Accepted, Class, DeadLetter, DeadLetterFilter, DeadState, Ingest, IngestConfig, IngestError,
    IngestStats, LaneStats, LaneStatus, Level, Receipt, Replayed, SinkConfig, SinkId, SinkStats,
    Tail, WhenFull,
};
pub use tradekeep_ingest::{inspect, operate, requests};
pub use tradekeep_models::*;
pub use tradekeep_store_traits::*;
pub use uuid::Uuid;
