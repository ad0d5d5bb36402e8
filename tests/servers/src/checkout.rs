//! Where the files of this checkout are.

use std::env;
use std::path::{Path, PathBuf};

/// A file that a folder has if it is a checkout.
const MARK: &str = "tests/servers/Cargo.toml";

/// The root of the checkout that this is run in: that of the package which cargo runs, or else that of the
/// current folder.
///
/// It is looked for at run time. Checkouts that share a target folder (`CARGO_TARGET_DIR`) share what is
/// built: a path that is compiled in would be that of the checkout which built first.
///
/// # Errors
/// Where it is run outside of any checkout.
pub fn checkout() -> Result<PathBuf, String> {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let current = env::current_dir().ok();
    let found = [package, current].into_iter().flatten().find_map(|folder| root_above(&folder));
    found.ok_or_else(|| "this is not a checkout of tradekeep: run it inside of one".to_owned())
}

/// The nearest checkout among `folder` and the folders above it.
fn root_above(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|root| root.join(MARK).is_file()).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_nearest_checkout_above_is_found() {
        let outer = tempfile::tempdir().unwrap();
        assert_eq!(root_above(outer.path()), None);
        // One checkout within another one, as a worktree may be.
        let inner = outer.path().join("target/inner");
        for root in [outer.path(), &inner] {
            fs::create_dir_all(root.join("tests/servers")).unwrap();
            fs::write(root.join(MARK), "").unwrap();
        }
        let crates = inner.join("crates/models");
        assert_eq!(root_above(&crates), Some(inner.clone()));
        assert_eq!(root_above(&inner), Some(inner));
        assert_eq!(root_above(&outer.path().join("crates")), Some(outer.path().to_path_buf()));
    }

    /// Cargo runs this with the variable, and a debugger does not.
    #[test]
    fn this_is_run_in_one() {
        assert!(checkout().unwrap().join("xtask").is_dir());
    }
}
