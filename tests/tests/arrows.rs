//! Which crates of this workspace may depend on which.

use std::error::Error;
use std::process::Command;

use serde_json::{Value, json};

enum May {
    /// These, and nothing else of the workspace.
    Use(&'static [&'static str]),
    UseAnything,
}

/// Normal, dev and build dependencies alike. Any crate may use models.
const ARROWS: &[(&str, May)] = &[
    ("tradekeep-models", May::Use(&[])),
    // Its tests: some need files that are not everywhere.
    ("tradekeep-formats", May::Use(&["tradekeep-models", "tradekeep-test-servers"])),
    ("tradekeep-store-traits", May::Use(&["tradekeep-models"])),
    ("tradekeep-ingest", May::Use(&["tradekeep-models", "tradekeep-store-traits"])),
    (
        "tradekeep-duckdb-store",
        May::Use(&[
            "tradekeep-models",
            "tradekeep-store-traits",
            "tradekeep-formats",
            // Its tests: some need what not every machine has.
            "tradekeep-test-servers",
        ]),
    ),
    ("tradekeep-pg-common", May::Use(&["tradekeep-models", "tradekeep-store-traits"])),
    (
        "tradekeep-questdb-store",
        May::Use(&[
            "tradekeep-models",
            "tradekeep-store-traits",
            "tradekeep-pg-common",
            "tradekeep-test-servers",
        ]),
    ),
    (
        "tradekeep",
        May::Use(&[
            "tradekeep-models",
            "tradekeep-formats",
            "tradekeep-store-traits",
            "tradekeep-duckdb-store",
            "tradekeep-questdb-store",
            "tradekeep-ingest",
            // Its tests: the stores that it wires are on servers.
            "tradekeep-test-servers",
        ]),
    ),
    (
        "tradekeep-cli",
        May::Use(&[
            "tradekeep-models",
            "tradekeep",
            // Its tests: the command is run on a server, and what it made there is dropped.
            "tradekeep-test-servers",
            "tradekeep-questdb-store",
        ]),
    ),
    ("tradekeep-benches", May::UseAnything),
    ("tradekeep-tests", May::UseAnything),
    // Starts servers, for tests and for xtask: it has to build in seconds on a fresh machine.
    ("tradekeep-test-servers", May::Use(&[])),
    ("xtask", May::Use(&["tradekeep-test-servers"])),
];

#[test]
fn the_workspace_has_only_allowed_arrows() -> Result<(), Box<dyn Error>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .args(["--manifest-path", "../Cargo.toml"])
        .output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {stderr}");

    let wrong = wrong_arrows(&serde_json::from_slice(&output.stdout)?)?;
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn a_wrong_arrow_of_any_kind_is_found() -> Result<(), Box<dyn Error>> {
    for kind in [Value::Null, json!("dev"), json!("build")] {
        let metadata = json!({ "packages": [
            { "name": "tradekeep-formats", "dependencies": [
                { "name": "tradekeep-models", "kind": null },
                { "name": "tradekeep-store-traits", "kind": kind, "rename": "traits" },
                { "name": "csv", "kind": null },
            ]},
            { "name": "tradekeep-models", "dependencies": [] },
            { "name": "tradekeep-store-traits", "dependencies": [] },
        ]});
        let wrong = wrong_arrows(&metadata)?;
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].starts_with("tradekeep-formats -> tradekeep-store-traits"));
    }
    Ok(())
}

#[test]
fn a_package_that_the_table_lacks_is_found() -> Result<(), Box<dyn Error>> {
    let metadata = json!({ "packages": [{ "name": "tradekeep-new", "dependencies": [] }] });
    assert_eq!(
        wrong_arrows(&metadata)?,
        ["tradekeep-new is not in ARROWS in tests/tests/arrows.rs: add it, with what it may use"]
    );
    Ok(())
}

/// One line for each fault in what `cargo metadata --no-deps` says.
fn wrong_arrows(metadata: &Value) -> Result<Vec<String>, Box<dyn Error>> {
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let members: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let from = package["name"].as_str().ok_or("a package without a name")?;
        let Some((_, may)) = ARROWS.iter().find(|(name, _)| *name == from) else {
            wrong.push(format!(
                "{from} is not in ARROWS in tests/tests/arrows.rs: add it, with what it may use"
            ));
            continue;
        };
        let May::Use(allowed) = may else { continue };
        for dependency in package["dependencies"].as_array().ok_or("no dependencies")? {
            let to = dependency["name"].as_str().ok_or("a dependency without a name")?;
            // A crate may name itself, to turn on its own features for its tests.
            if to != from && members.contains(&to) && !allowed.contains(&to) {
                let kind = dependency["kind"].as_str().unwrap_or("normal");
                wrong.push(format!(
                    "{from} -> {to} ({kind}) is not allowed: it may use {allowed:?}"
                ));
            }
        }
    }
    Ok(wrong)
}
