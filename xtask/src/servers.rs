//! `cargo xtask servers up|down|status`. Backends add their server here when they land.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Action {
    /// Start the servers and keep them
    Up,
    /// Stop them
    Down,
    /// Say which run, and where
    Status,
}

pub(crate) fn run(action: Action) {
    let outcome = match action {
        Action::Up => "nothing to start",
        Action::Down => "nothing to stop",
        Action::Status => "none running",
    };
    println!("{outcome}: no backend needs a server yet, DuckDB is embedded");
}
