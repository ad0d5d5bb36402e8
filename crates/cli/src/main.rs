//! The `tradekeep` command.

mod args;
mod chart;
mod clock;
mod cmd;
mod input;
mod output;
mod rejects;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tracing_subscriber::EnvFilter;

use crate::args::Args;

/// How a command ended, where it did not end in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is done.
    Done,
    /// What went wrong has been told already.
    Failed,
    /// Done, but some rows were rejected, by us or by a store.
    Rejected,
    /// Done, but not everything that was taken is delivered.
    Undelivered,
    /// Stopped by Ctrl-C.
    Interrupted,
}

impl Outcome {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Rejected => 2,
            Self::Undelivered => 3,
            Self::Interrupted => 130,
        }
    }
}

/// A command line that contradicts itself.
#[derive(Debug)]
pub(crate) struct WrongUsage(pub(crate) String);

impl std::fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// sysexits' EX_USAGE: clap's own 2 means rejected rows here.
const WRONG_USAGE: u8 = 64;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return told_by_clap(&error),
    };
    log_to_stderr(args.global.verbose);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(cmd::run(args));
            // A thread that still waits for input must not keep the process.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(error) => {
            tell_error(&error.to_string());
            let usage = error.is::<WrongUsage>();
            ExitCode::from(if usage { WRONG_USAGE } else { Outcome::Failed.code() })
        }
    }
}

/// Help and version, or what is wrong with the command line in one line.
fn told_by_clap(error: &clap::Error) -> ExitCode {
    let text = error.render();
    if !error.use_stderr() {
        // A closed stdout has seen enough.
        let _ = write!(io::stdout(), "{text}");
        return ExitCode::SUCCESS;
    }
    let text = text.to_string();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = write!(io::stderr(), "{text}");
    } else {
        let said: Vec<_> = text
            .split("\n\n")
            .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|part| {
                !part.is_empty() && !part.starts_with("Usage:") && !part.starts_with("For more")
            })
            .collect();
        let said = said.join("; ");
        let said = said.strip_prefix("error: ").unwrap_or(&said);
        tell_error(&format!("{said}; try --help"));
    }
    ExitCode::from(WRONG_USAGE)
}

/// Tells `error` on stderr in one line.
pub(crate) fn tell_error(error: &str) {
    tell("error", error);
}

/// Tells on stderr in one line what is no error, but to be known.
pub(crate) fn tell_note(note: &str) {
    tell("note", note);
}

fn tell(what: &str, text: &str) {
    let line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // Nobody hears it on a closed stderr; the exit code tells.
    let _ = writeln!(io::stderr(), "{what}: {line}");
}

fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let asked = std::env::var("RUST_LOG").ok().filter(|asked| !asked.is_empty());
    // What becomes of a connection, we say ourselves.
    let usual = format!("{level},deadpool=off,deadpool_postgres=off,tokio_postgres=off");
    let filter = EnvFilter::try_new(asked.as_deref().unwrap_or(&usual))
        .unwrap_or_else(|_| EnvFilter::new(&usual));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time()
        .init();
}
