//! Developer commands, `cargo xtask <command>`. Depends on one small crate of this workspace, which
//! starts servers, so that it builds in seconds on a fresh machine and can install what the others need.

mod demo;
mod features;
mod packages;
mod run;
mod servers;
mod setup;
mod test;

use std::process::ExitCode;

use anyhow::{Error, Result};
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Set up, test and try tradekeep")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what builds and tests need: the DuckDB library into .duckdb/, servers into folders of theirs
    Setup,
    /// Run every check and test, or just the tests of the crates named
    Test {
        /// Folders or packages: `models`, `tradekeep-models`, `cli`
        #[arg(value_name = "CRATE")]
        crates: Vec<String>,
    },
    /// Build the binary in release mode and run `tradekeep demo`
    Demo {
        /// Passed on to `tradekeep demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Start, stop or list the servers that tests use
    Servers {
        action: servers::Action,
        /// Just these, instead of all
        #[arg(value_name = "SERVER", value_parser = servers::names())]
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let root = tradekeep_test_servers::checkout().map_err(Error::msg)?;
    match command {
        Command::Setup => setup::run(&root).map(|_| servers::install(&root)),
        Command::Test { crates } => test::run(&root, &crates),
        Command::Demo { args } => demo::run(&root, &args),
        Command::Servers { action, names } => servers::run(&root, action, &names),
    }
}
