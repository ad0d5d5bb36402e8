//! `cargo xtask setup`: the DuckDB library that the workspace links, in `.duckdb/`.

use std::env::{self, consts};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::run::{checked, quiet, works};

/// Of the npm package. Must be the DuckDB that the `duckdb` crate in Cargo.toml is made for (its
/// 1.10506 is DuckDB 1.5.6); a test compares them.
const VERSION: &str = "1.5.6-r.1";

fn duckdb_version() -> &'static str {
    VERSION.split_once('-').map_or(VERSION, |(duckdb, _)| duckdb)
}

/// Where DuckDB comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DuckDb {
    /// A library to link, in `DUCKDB_LIB_DIR`.
    Library,
    /// The sources in the `duckdb` crate.
    FromSource,
}

impl DuckDb {
    /// What cargo calls must add.
    pub(crate) fn duckdb_features(self) -> &'static [&'static str] {
        match self {
            Self::Library => &[],
            Self::FromSource => &["tradekeep-duckdb-store/bundled"],
        }
    }
}

pub(crate) fn run(root: &Path) -> Result<DuckDb> {
    ensure!(
        works("cc", &["--version"]),
        "no C compiler: `cc` is not on PATH, and cargo links with it \
         (Debian: apt-get install build-essential; macOS: xcode-select --install)"
    );
    let library = format!("{}duckdb{}", consts::DLL_PREFIX, consts::DLL_SUFFIX);
    let home = root.join(".duckdb");
    if let Some(own) = own_folder(&home) {
        let own = own.join(&library);
        ensure!(
            own.is_file(),
            "DUCKDB_LIB_DIR is set, but {} does not exist: put the library of DuckDB {} there, or \
             unset the variable",
            own.display(),
            duckdb_version()
        );
        println!("DuckDB: your own {} (DUCKDB_LIB_DIR), left alone", own.display());
        return Ok(DuckDb::Library);
    }

    let stamp = fs::read_to_string(home.join("VERSION")).unwrap_or_default();
    if stamp.trim() == VERSION && home.join(&library).is_file() {
        println!("DuckDB: {VERSION}, in place");
        return Ok(DuckDb::Library);
    }
    let Some(package) = package(consts::OS, consts::ARCH) else {
        let cause = format!("there is no library for {} {}", consts::OS, consts::ARCH);
        return from_source(&cause, &own_library(&library));
    };
    if let Err(cause) = ensure_npm() {
        let npm = "install npm (Debian: apt-get install --no-install-recommends npm)";
        return from_source(&format!("{cause:#}"), &format!("{npm}, or {}", own_library(&library)));
    }
    println!("DuckDB: getting {VERSION} with npm");
    fetch(package, &library, &home).context(
        "DuckDB was not installed: run `cargo xtask setup` again, or set DUCKDB_LIB_DIR to a \
         folder that has its library",
    )?;
    println!("DuckDB: {VERSION} installed in {}", home.display());
    Ok(DuckDb::Library)
}

/// The value of `DUCKDB_LIB_DIR`, unless it is the one from `.cargo/config.toml`.
fn own_folder(home: &Path) -> Option<PathBuf> {
    let folder = PathBuf::from(env::var_os("DUCKDB_LIB_DIR")?);
    let same = folder == home
        || matches!((folder.canonicalize(), home.canonicalize()), (Ok(a), Ok(b)) if a == b);
    (!same).then_some(folder)
}

fn package(os: &str, arch: &str) -> Option<&'static str> {
    Some(match (os, arch) {
        ("linux", "x86_64") => "@duckdb/node-bindings-linux-x64",
        ("linux", "aarch64") => "@duckdb/node-bindings-linux-arm64",
        ("macos", "x86_64") => "@duckdb/node-bindings-darwin-x64",
        ("macos", "aarch64") => "@duckdb/node-bindings-darwin-arm64",
        _ => return None,
    })
}

fn own_library(library: &str) -> String {
    format!("set DUCKDB_LIB_DIR to a folder with {library} of DuckDB {}", duckdb_version())
}

/// `instead` is what saves the user from it.
fn from_source(cause: &str, instead: &str) -> Result<DuckDb> {
    ensure!(
        works("c++", &["--version"]),
        "DuckDB was not installed: {cause}; {instead}. Compiling DuckDB, about 34 CPU-minutes, is \
         the last way, and that needs a C++ compiler: `c++` is not on PATH"
    );
    println!(
        "DuckDB: {cause}, so it is compiled from source: about 34 CPU-minutes for `demo`, and again \
         for `test`.\n\
         DuckDB: to have it in seconds, stop this and {instead}"
    );
    Ok(DuckDb::FromSource)
}

/// Finds npm, or on Debian as root installs it.
fn ensure_npm() -> Result<()> {
    if works("npm", &["--version"]) {
        return Ok(());
    }
    if !is_root() || !works("apt-get", &["--version"]) {
        bail!("npm was not found");
    }
    println!("npm was not found: installing it and the hundreds of packages it needs with apt-get");
    // Two thousand lines otherwise.
    let apt = |args: &[&str]| {
        let mut command = Command::new("apt-get");
        quiet(command.args(args).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    // An update fails if one of many sources does; whether npm is among the rest, install says.
    let _ = apt(&["update"]);
    apt(&["install", "-y", "--no-install-recommends", "npm"])
        .context("npm was not found and not installed")
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Unpacks beside the final place, so that the move is a rename; the stamp comes last, so that a
/// run cut short is repeated.
fn fetch(package: &str, library: &str, home: &Path) -> Result<()> {
    let incoming = home.join(format!("incoming-{}", std::process::id()));
    fs::create_dir_all(&incoming)
        .with_context(|| format!("cannot create {}", incoming.display()))?;
    let fetched = unpack(package, &incoming).and_then(|unpacked| {
        let place = home.join(library);
        fs::rename(unpacked.join(library), &place)
            .and_then(|()| fs::write(home.join("VERSION"), format!("{VERSION}\n")))
            .with_context(|| format!("cannot move {library} to {}", home.display()))
    });
    // What may stay behind is ignored by git and by cargo.
    let _ = fs::remove_dir_all(&incoming);
    fetched
}

fn unpack(package: &str, incoming: &Path) -> Result<PathBuf> {
    checked(
        Command::new("npm")
            .args(["pack", &format!("{package}@{VERSION}"), "--loglevel=error"])
            .arg("--pack-destination")
            .arg(incoming)
            .stdin(Stdio::null())
            .stdout(Stdio::null()),
    )?;
    let archive = fs::read_dir(incoming)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .context("npm pack left no .tgz file")?;
    // -m: npm's archives are dated 1985, and cargo would not see that the library changed.
    checked(Command::new("tar").arg("-xzmf").arg(archive).arg("-C").arg(incoming))?;
    Ok(incoming.join("package"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_its_package() {
        assert_eq!(package("linux", "x86_64"), Some("@duckdb/node-bindings-linux-x64"));
        assert_eq!(package("macos", "aarch64"), Some("@duckdb/node-bindings-darwin-arm64"));
        assert_eq!(package("linux", "riscv64"), None);
        assert_eq!(package("windows", "x86_64"), None);
    }

    /// The crate's minor version is the library's: 1.5.6 is 1_05_06.
    #[test]
    fn the_library_is_the_one_the_crate_is_made_for() {
        let digits: Vec<u32> =
            duckdb_version().split('.').map(|part| part.parse().unwrap()).collect();
        let minor = digits.iter().fold(0, |number, part| number * 100 + part);
        let manifest = include_str!("../../Cargo.toml");
        let wanted = format!("duckdb = {{ version = \"=1.{minor}.");
        assert!(
            manifest.contains(&wanted),
            "Cargo.toml has no `{wanted}…`, the crate of {VERSION}"
        );
    }
}
