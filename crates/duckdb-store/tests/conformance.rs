//! DuckDB passes the suite, in a file of its own for each case.

use std::process::ExitCode;
use std::sync::Arc;

use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_store_traits::{SeriesStore, conformance};

fn main() -> ExitCode {
    let folder = match tempfile::tempdir() {
        Ok(folder) => Arc::new(folder),
        Err(error) => {
            eprintln!("no temporary folder: {error}");
            return ExitCode::FAILURE;
        }
    };
    conformance::run(move || {
        let folder = Arc::clone(&folder);
        async move {
            static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let config = DuckDbConfig::new(folder.path().join(n.to_string())).with_threads(2);
            Ok(Arc::new(DuckDbStore::connect(config).await?) as Arc<dyn SeriesStore>)
        }
    })
}
