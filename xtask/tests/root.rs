//! The checkout that xtask works on is the one it is run in, wherever it was built.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// As much of a checkout as there has to be, with a server that is kept.
struct Checkout {
    folder: TempDir,
    kept: Child,
}

impl Checkout {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("tests/servers")).unwrap();
        fs::write(folder.path().join("tests/servers/Cargo.toml"), "").unwrap();
        let home = folder.path().join(".questdb");
        fs::create_dir(&home).unwrap();
        // It has the folder of its data in its command line, as a server has, and waits for us.
        let mut kept = Command::new("sh");
        kept.args(["-c", "read line", "sh"]).arg(home.join("data")).stdin(Stdio::piped());
        let kept = kept.spawn().unwrap();
        fs::write(home.join("server"), format!("{}\nquestdb://there\n", kept.id())).unwrap();
        Self { folder, kept }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let _ = self.kept.kill();
        let _ = self.kept.wait();
    }
}

/// `servers status` in `folder`, run by hand or by cargo for the package in `package`.
fn status(folder: &Path, package: Option<&Path>) -> Output {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    xtask
        .args(["servers", "status", "questdb"])
        .current_dir(folder)
        .env_remove("CARGO_MANIFEST_DIR");
    if let Some(package) = package {
        xtask.env("CARGO_MANIFEST_DIR", package);
    }
    xtask.output().unwrap()
}

#[test]
fn it_is_the_checkout_it_is_run_in() {
    let (one, other) = (Checkout::new(), Checkout::new());
    let told = |output: Output| String::from_utf8(output.stdout).unwrap();
    for (here, there) in [(&one, &other), (&other, &one)] {
        let ours = format!("QuestDB: process {}, questdb://there\n", here.kept.id());
        let below = here.path().join("tests");
        assert_eq!(told(status(here.path(), None)), ours);
        assert_eq!(told(status(&below, None)), ours);
        // As with `cargo run --manifest-path`.
        assert_eq!(told(status(there.path(), Some(&below))), ours);
    }
}

#[test]
fn outside_of_a_checkout_it_says_so() {
    let elsewhere = tempfile::tempdir().unwrap();
    let output = status(elsewhere.path(), None);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert_eq!(said, "error: this is not a checkout of tradekeep: run it inside of one\n");
}
