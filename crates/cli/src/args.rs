//! The command line.

mod import;
mod list;
mod measurements;
mod parse;
mod query;
mod reading;
mod record;
mod records;
mod spool;
mod window;

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand};

pub(crate) use import::{Import, Layout, Type};
pub(crate) use list::Listed;
pub(crate) use measurements::{Events, Latency, Metrics, Mev, Nodes, Slippage};
pub(crate) use query::{Candles, Query, Ticks};
pub(crate) use reading::Reading;
pub(crate) use record::{Receipts, RecordArgs, UnknownFields};
pub(crate) use records::{Fills, Orders, Performance, Positions, Trades};
pub(crate) use spool::{
    DeadLetters, Drain, Export, Forget, NewEpoch, Replay, Resolve, Spool, Tail,
};
pub(crate) use window::Window;

const EXAMPLES: &str = "\
Examples:
  tradekeep demo                                      a made-up market, to look around
  tradekeep import trades.csv.gz                      again adds nothing
  feed | tradekeep record                             live, as JSON lines; survives kill -9
  tradekeep query candles --interval 15m --chart
  tradekeep query ticks --symbol BTC-USD --json | jq .price
  tradekeep import --type trades own.csv              also orders, fills, latencies and more
  tradekeep query latency --chart
  tradekeep stats
  tradekeep spool status                              what waits for which store, and why

Stores, in tradekeep.toml; without one all is in duckdb://./tradekeep-data, embedded:
  [stores]
  series = \"questdb://bot:${QUESTDB_PASSWORD}@localhost:9000?pg_port=8812\"
  [ingest]
  also = [\"duckdb://./copy\"]                          what is recorded goes there besides

Exit codes:
  0  done
  1  failed: stderr names the cause and the remedy in one line
  2  done, but some rows were rejected, or became dead letters
  3  record is done, and something that was taken is still to be delivered
  64 wrong usage
  130 import stopped by Ctrl-C: what is stored stays, importing again adds the rest; or record
      by a second Ctrl-C: what was taken is delivered when it runs again";

/// Keeps market data and your own trading: files in, exact answers out, no server.
#[derive(Debug, Parser)]
#[command(name = "tradekeep", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Configuration, TOML or YAML [default: tradekeep.toml, .yaml or .yml, where present]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the embedded store, whatever the configuration says [default: ./tradekeep-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// One JSON object a line on stdout and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say more on stderr, twice for still more; RUST_LOG wins
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read files of market data, or of your own records, into the store
    Import(Import),
    /// Take records from stdin for as long as they come, durably, and deliver them to the stores
    Record(RecordArgs),
    /// Read ticks, candles, your own records, and numbers about them
    #[command(subcommand)]
    Query(Query),
    /// What is stored: tables, series, time, days, bytes
    Stats,
    /// Put the stores in their best order: rows by time, fresh statistics, free space given back
    Optimize,
    /// How the stores are doing; exit code 1 when something is wrong
    Health(Health),
    /// Records on their way into the stores: what waits, for which, and why
    #[command(subcommand)]
    Spool(Spool),
    /// Records that a store does not take: look, correct, send again
    #[command(subcommand)]
    DeadLetters(DeadLetters),
    /// Records as they are taken, one JSON object a line
    Tail(Tail),
    /// A made-up day of a market and of trading on it, imported and shown
    Demo(Demo),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Health {
    /// Also count every table, and compare with what the spool has delivered: may take long
    #[arg(long)]
    pub(crate) deep: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Another market: each seed has its own prices, and mostly its own day
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(crate) seed: u64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }
}
