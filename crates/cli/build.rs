//! Lets the binary find the DuckDB library when it is run by hand, and not by cargo.

use std::env;
use std::fs;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    let Some(folder) = env::var_os("DUCKDB_LIB_DIR") else {
        return;
    };
    let name = match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => "libduckdb.so",
        Ok("macos") => "libduckdb.dylib",
        _ => return,
    };
    let library = Path::new(&folder).join(name);
    println!("cargo::rerun-if-changed={}", library.display());
    if library.exists()
        && let Ok(folder) = fs::canonicalize(&folder)
    {
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{}", folder.display());
    }
}
