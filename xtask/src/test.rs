//! `cargo xtask test`: every check, or the tests of some crates.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::features;
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
    commands: Result<Vec<Command>, &'static str>,
}

impl Step {
    fn new(name: &'static str, command: Command) -> Self {
        Self { name, commands: Ok(vec![command]) }
    }
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
    let (table, outcome) = run_steps(steps);
    println!("\n== summary\n{}", table.join("\n"));
    outcome
}

/// Runs each, whatever became of those before it: a test that fails says nothing about the documentation.
/// Answers a row for each.
fn run_steps(steps: Vec<Step>) -> (Vec<String>, Result<()>) {
    let mut failures = Vec::new();
    let mut table = Vec::new();
    for step in steps {
        let commands = match step.commands {
            Err(reason) => {
                table.push(row(step.name, &format!("skipped: {reason}"), None));
                continue;
            }
            Ok(commands) => commands,
        };
        let (start, before) = (Instant::now(), failures.len());
        for mut command in commands {
            println!("\n== {}: {}", step.name, line(&command));
            failures.extend(checked(&mut command).err().map(|error| error.to_string()));
        }
        let outcome = if failures.len() == before { "ok" } else { "FAILED" };
        let row = row(step.name, outcome, Some(start.elapsed()));
        println!("== {row}");
        table.push(row);
    }
    (table, outcome(&failures))
}

fn outcome(failures: &[String]) -> Result<()> {
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }
    Ok(())
}

fn all(root: &Path, duckdb: DuckDb, servers: &Running) -> Vec<Step> {
    let workspace = || select(&[], duckdb);
    let step = |name, args: &[&str], more: Vec<String>| {
        let mut command = cargo(root);
        command.args(args).args(more);
        Step::new(name, command)
    };

    let mut clippy = workspace();
    clippy.extend(["--all-targets", "--", "-D", "warnings"].map(str::to_owned));
    let mut doc = cargo(root);
    doc.args(["doc", "--no-deps"]).args(workspace()).env("RUSTDOCFLAGS", "-D warnings");

    vec![
        or_skipped(step("fmt", &["fmt", "--all", "--check"], vec![]), NO_RUSTFMT),
        or_skipped(step("clippy", &["clippy"], clippy), NO_CLIPPY),
        Step {
            name: "features",
            commands: Ok(features::commands(root, duckdb, is_installed("clippy"))),
        },
        test(root, &[], duckdb, servers),
        Step::new("doc", doc),
        // Not built again from the packages, and the tree may hold changes: this checks manifests,
        // files and that the crates' versions fit each other.
        step("package", &["package", "--workspace", "--no-verify", "--allow-dirty"], vec![]),
        or_skipped(
            step("deny", &["deny", "check", "bans", "licenses", "sources"], vec![]),
            NO_DENY,
        ),
    ]
}

fn test(root: &Path, crates: &[String], duckdb: DuckDb, servers: &Running) -> Step {
    let mut command = cargo(root);
    // To the end: a program of tests that fails says nothing about the others.
    command.args(["test", "--no-fail-fast"]).args(select(crates, duckdb));
    command.envs(servers.variables.iter().cloned());
    Step::new("test", command)
}

/// `step`, or the reason to skip it where cargo has no such command.
fn or_skipped(step: Step, reason: &'static str) -> Step {
    Step { commands: if is_installed(step.name) { step.commands } else { Err(reason) }, ..step }
}

/// Whether cargo has this command.
fn is_installed(command: &str) -> bool {
    works(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), &[command, "--version"])
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

    fn sh(name: &'static str, script: &str) -> Step {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Step::new(name, command)
    }

    #[test]
    fn a_step_that_fails_keeps_no_other_one_from_running() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("doc");
        let steps = vec![
            sh("fmt", "true"),
            sh("test", "exit 3"),
            Step { name: "deny", commands: Err("why") },
            sh("doc", &format!("touch '{}'", mark.display())),
            sh("package", "exit 4"),
        ];
        let (table, outcome) = run_steps(steps);
        assert!(mark.exists(), "{table:?}");
        let starts = [
            "fmt      ok ",
            "test     FAILED",
            "deny     skipped: why",
            "doc      ok ",
            "package  FAILED",
        ];
        assert_eq!(table.len(), starts.len());
        for (row, start) in table.iter().zip(starts) {
            assert!(row.starts_with(start), "{row}");
        }
        let failure = outcome.unwrap_err().to_string();
        assert_eq!(failure.lines().count(), 2, "{failure}");
        assert!(
            failure.contains("exit status: 3") && failure.contains("exit status: 4"),
            "{failure}"
        );
    }

    #[test]
    fn a_step_fails_with_any_of_its_commands() {
        let two = |first: &str, second: &str| {
            let commands = [sh("", first), sh("", second)].map(|step| step.commands.unwrap());
            run_steps(vec![Step {
                name: "features",
                commands: Ok(commands.into_iter().flatten().collect()),
            }])
        };
        assert!(two("true", "true").1.is_ok());
        for (first, second) in [("false", "true"), ("true", "false")] {
            let (table, outcome) = two(first, second);
            assert!(table[0].starts_with("features FAILED") && outcome.is_err(), "{table:?}");
        }
    }

    #[test]
    fn rows_line_up() {
        assert_eq!(
            row("fmt", "ok", Some(Duration::from_millis(1250))),
            "fmt      ok           1.2 s"
        );
        assert_eq!(row("deny", "skipped: why", None), "deny     skipped: why");
    }
}
