//! The reference store passes the suite.

use std::process::ExitCode;
use std::sync::Arc;

use tradekeep_store_traits::{MemoryStore, SeriesStore, conformance};

fn main() -> ExitCode {
    conformance::run(|| async { Ok(Arc::new(MemoryStore::new()) as Arc<dyn SeriesStore>) })
}
