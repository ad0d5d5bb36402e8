//! `cargo xtask demo`: the main job, with no server.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::packages::select;
use crate::run::{cargo, checked};
use crate::setup;

pub(crate) fn run(root: &Path, args: &[String]) -> Result<()> {
    let duckdb = setup::run(root)?;
    checked(cargo(root).args(["build", "--release"]).args(select(&["cli".to_owned()], duckdb)))?;
    // In the caller's folder, not at the root: paths among `args` are relative to it.
    checked(Command::new(binary(root)).arg("demo").args(args))
}

fn binary(root: &Path) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    root.join(target).join("release").join("tradekeep")
}
