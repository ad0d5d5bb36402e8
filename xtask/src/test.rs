//! `cargo xtask test`: every check, or the tests of some crates.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::packages::{need_duckdb, select};
use crate::run::{cargo, checked, line, works};
use crate::servers::Running;
use crate::setup::{self, DuckDb};

// Not in every Rust: rustup's minimal profile has neither of the first two.
const NO_RUSTFMT: &str = "rustfmt is not installed (rustup component add rustfmt)";
const NO_CLIPPY: &str = "clippy is not installed (rustup component add clippy)";
const NO_DENY: &str = "cargo-deny is not installed (cargo install cargo-deny)";

struct Step {
    name: &'static str,
    /// Or the reason to skip it.
    command: Result<Command, &'static str>,
}

pub(crate) fn run(root: &Path, crates: &[String]) -> Result<()> {
    let duckdb = if need_duckdb(crates) { setup::run(root)? } else { DuckDb::Library };
    // Until the last step is done.
    let servers = Running::start(root, crates)?;
    let steps = if crates.is_empty() {
        all(root, duckdb, &servers)
    } else {
        vec![test(root, crates, duckdb, &servers)]
    };

    let mut failure = None;
    let mut table = Vec::new();
    for step in steps {
        let row = match step.command {
            Err(reason) => row(step.name, &format!("skipped: {reason}"), None),
            Ok(_) if failure.is_some() => row(step.name, "not run", None),
            Ok(mut command) => {
                println!("\n== {}: {}", step.name, line(&command));
                let start = Instant::now();
                let result = checked(&mut command);
                let outcome = if result.is_ok() { "ok" } else { "FAILED" };
                failure = result.err();
                let row = row(step.name, outcome, Some(start.elapsed()));
                println!("== {row}");
                row
            }
        };
        table.push(row);
    }
    println!("\n== summary\n{}", table.join("\n"));
    failure.map_or(Ok(()), Err)
}

fn all(root: &Path, duckdb: DuckDb, servers: &Running) -> Vec<Step> {
    let workspace = || select(&[], duckdb);
    let step = |name, args: &[&str], more: Vec<String>| {
        let mut command = cargo(root);
        command.args(args).args(more);
        Step { name, command: Ok(command) }
    };

    let mut clippy = workspace();
    clippy.extend(["--all-targets", "--", "-D", "warnings"].map(str::to_owned));
    let mut doc = cargo(root);
    doc.args(["doc", "--no-deps"]).args(workspace()).env("RUSTDOCFLAGS", "-D warnings");

    vec![
        or_skipped(step("fmt", &["fmt", "--all", "--check"], vec![]), NO_RUSTFMT),
        or_skipped(step("clippy", &["clippy"], clippy), NO_CLIPPY),
        test(root, &[], duckdb, servers),
        Step { name: "doc", command: Ok(doc) },
        // Not built again from the packages, and the tree may hold changes: this checks manifests,
        // files and that the crates' versions fit each other.
        step("package", &["package", "--workspace", "--no-verify", "--allow-dirty"], vec![]),
        deny(root),
    ]
}

fn test(root: &Path, crates: &[String], duckdb: DuckDb, servers: &Running) -> Step {
    let mut command = cargo(root);
    command.arg("test").args(select(crates, duckdb)).envs(servers.variables.iter().cloned());
    Step { name: "test", command: Ok(command) }
}

fn deny(root: &Path) -> Step {
    let mut command = cargo(root);
    command.args(["deny", "check", "bans", "licenses", "sources"]);
    or_skipped(Step { name: "deny", command: Ok(command) }, NO_DENY)
}

/// `step`, or the reason to skip it where cargo has no such command.
fn or_skipped(step: Step, reason: &'static str) -> Step {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let installed = works(program, &[step.name, "--version"]);
    Step { command: if installed { step.command } else { Err(reason) }, ..step }
}

fn row(name: &str, outcome: &str, elapsed: Option<Duration>) -> String {
    match elapsed {
        Some(elapsed) => format!("{name:<8} {outcome:<8} {:>7.1} s", elapsed.as_secs_f64()),
        None => format!("{name:<8} {outcome}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_line_up() {
        assert_eq!(
            row("fmt", "ok", Some(Duration::from_millis(1250))),
            "fmt      ok           1.2 s"
        );
        assert_eq!(row("deny", "skipped: why", None), "deny     skipped: why");
    }
}
