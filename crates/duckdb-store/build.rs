//! Puts the prebuilt DuckDB library where cargo looks for it in run, test and bench of every
//! dependent: a search path inside OUT_DIR, the only kind that reaches them.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return Ok(());
    }
    let Some(folder) = env::var_os("DUCKDB_LIB_DIR") else {
        // Found by libduckdb-sys in the system's own folders.
        return Ok(());
    };
    let name = match env::var("CARGO_CFG_TARGET_OS")?.as_str() {
        "macos" => "libduckdb.dylib",
        _ => "libduckdb.so",
    };
    let library = Path::new(&folder).join(name);
    println!("cargo::rerun-if-changed={}", library.display());
    if !library.exists() {
        // Checking and documentation need no library; only linking does.
        println!("cargo::warning=no {name} in DUCKDB_LIB_DIR: run `cargo xtask setup`");
        return Ok(());
    }
    let out = env::var("OUT_DIR")?;
    fs::copy(&library, Path::new(&out).join(name))?;
    println!("cargo::rustc-link-search=native={out}");
    Ok(())
}
