#![doc = include_str!("../README.md")]

mod backends;
mod config;
mod door;
mod handles;
mod health;
mod import;
mod intake;
pub mod prelude;
mod role;
mod routed;
mod store;
mod stored;

pub use config::{Config, ConfigError, ConfigFormat};
pub use door::{Met, TickDoor};
pub use health::{Report, StoreReport};
pub use import::{IMPORT_MEMORY_MEGABYTES, ImportError, ImportFailure, ImportSummary, import};
pub use role::Role;
pub use store::Tradekeep;
pub use tradekeep_store_traits::{ErrorKind, Result, StoreError};
pub use uuid::Uuid;

pub use tradekeep_formats as formats;
pub use tradekeep_ingest as ingest;
pub use tradekeep_models as models;
pub use tradekeep_store_traits as stores;
