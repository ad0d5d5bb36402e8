//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use tradekeep::formats::{ColumnMap, Format};
use tradekeep::{
    CandleCursor, GapFill, Interval, InvalidInput, Symbol, TickCursor, TimeRange, Timestamp, Venue,
};

use crate::WrongUsage;

const EXAMPLES: &str = "\
Examples:
  tradekeep demo                                      a made-up market, to look around
  tradekeep import trades.csv.gz                      again adds nothing
  tradekeep query candles --interval 15m --chart
  tradekeep query ticks --symbol BTC-USD --json | jq .price
  tradekeep stats

Exit codes:
  0  done
  1  failed: stderr names the cause and the remedy in one line
  2  done, but some rows were rejected
  64 wrong usage
  130 import stopped by Ctrl-C: what is stored stays, importing again adds the rest";

/// Keeps market data: files in, exact ticks and candles out, no server.
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
    /// Configuration, TOML or YAML [default: tradekeep.toml, where present]
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
    /// Read files of trades into the store
    Import(Import),
    /// Read ticks or candles from the store
    #[command(subcommand)]
    Query(Query),
    /// What is stored: series, time, days, bytes
    Stats,
    /// How the stores are doing; exit code 1 when something is wrong
    Health,
    /// A made-up day of trades, imported and shown
    Demo(Demo),
}

const IMPORT_HELP: &str = "\
Compression (.gz, .zst), format and the unit of times are found out from the content. Rows that are
stored already add nothing, so a file can be imported again at any time. A row that is no trade goes
to FILE.rejected.ndjson with its line and the reason (for stdin, or beside a folder that may not be
written, to DIR/rejected/), and the exit code is 2. The last line on stdout is the summary; with
--json an object with read, imported, duplicates, rejected, first_ts, last_ts and more.

Examples:
  tradekeep import trades.csv
  tradekeep import BTCUSDT-trades-2024-08-08.csv more/*.csv.gz
  tradekeep import odd.csv --map ts=when,price=last --symbol BTC-USD --venue coinbase
  zcat feed.jsonl.gz | tradekeep import - --format binance-ws";

#[derive(Debug, clap::Args)]
#[command(after_help = IMPORT_HELP)]
pub(crate) struct Import {
    /// Files to read; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What the files hold
    #[arg(long, value_enum, default_value_t = Layout::Auto)]
    pub(crate) format: Layout,
    /// Venue of rows that name none
    #[arg(long, value_parser = parsed::<Venue>)]
    pub(crate) venue: Option<Venue>,
    /// Symbol of rows that name none
    #[arg(long, value_parser = parsed::<Symbol>)]
    pub(crate) symbol: Option<Symbol>,
    /// Columns of a CSV whose names do not say what they hold
    #[arg(long, value_name = "FIELD=COLUMN,…", value_parser = parsed::<ColumnMap>)]
    pub(crate) map: Option<ColumnMap>,
    /// Keep rows without trade id apart from equal rows of other sources
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Where rejected rows go [default: FILE.rejected.ndjson]
    #[arg(long, value_name = "PATH")]
    pub(crate) rejected: Option<PathBuf>,
}

/// `--format`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Layout {
    Auto,
    Csv,
    BinanceTrades,
    BinanceWs,
    Tardis,
    Dbn,
    Ndjson,
}

impl Layout {
    pub(crate) const fn format(self) -> Option<Format> {
        Some(match self {
            Self::Auto => return None,
            Self::Csv => Format::Csv,
            Self::BinanceTrades => Format::BinanceTrades,
            Self::BinanceWs => Format::BinanceWs,
            Self::Tardis => Format::Tardis,
            Self::Dbn => Format::Dbn,
            Self::Ndjson => Format::Ndjson,
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Query {
    /// Ticks, in order of time
    Ticks(Ticks),
    /// Candles of one venue and symbol
    Candles(Candles),
}

const TICKS_HELP: &str = "\
A cut answer says so: under the table, or with --json in a last line {\"next\":\"CURSOR\"}, with the
cursor that --after takes to go on.

Examples:
  tradekeep query ticks --symbol BTC-USD --from 2024-08-08T10:00:00Z --limit 20
  tradekeep query ticks --json --limit 1000000000 > all.ndjson";

#[derive(Debug, clap::Args)]
#[command(after_help = TICKS_HELP)]
pub(crate) struct Ticks {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Go on behind the last row of a cut answer
    #[arg(long, value_name = "CURSOR", value_parser = parsed::<TickCursor>)]
    pub(crate) after: Option<TickCursor>,
}

const CANDLES_HELP: &str = "\
--venue and --symbol may be left out where only one series matches. A cut answer says so: under the
table, or with --json in a last line {\"next\":\"CURSOR\"}, with the cursor that --after takes.

Examples:
  tradekeep query candles --symbol BTC-USD --interval 15m --chart
  tradekeep query candles --symbol BTC-USD --interval 1d --from 2024-08-01 --fill previous --json";

#[derive(Debug, clap::Args)]
#[command(after_help = CANDLES_HELP)]
pub(crate) struct Candles {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Go on behind the last row of a cut answer
    #[arg(long, value_name = "CURSOR", value_parser = parsed::<CandleCursor>)]
    pub(crate) after: Option<CandleCursor>,
    /// Width: a number and s, m (minute), h, d, w or M (month)
    #[arg(long, default_value = "1m", value_parser = parsed::<Interval>)]
    pub(crate) interval: Interval,
    /// Buckets without ticks: left out, the last close, or volume 0 without prices
    #[arg(long, value_enum, default_value_t = FillMode::None)]
    pub(crate) fill: FillMode,
    /// Draw them; without --limit the last ones that fit
    #[arg(long, conflicts_with = "json")]
    pub(crate) chart: bool,
}

/// `--fill`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FillMode {
    None,
    Previous,
    Zero,
}

impl FillMode {
    pub(crate) const fn fill(self) -> GapFill {
        match self {
            Self::None => GapFill::None,
            Self::Previous => GapFill::Previous,
            Self::Zero => GapFill::Zero,
        }
    }
}

/// What ticks and candles are chosen by.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// What traded
    #[arg(long, value_parser = parsed::<Symbol>)]
    pub(crate) symbol: Option<Symbol>,
    /// Where it traded
    #[arg(long, value_parser = parsed::<Venue>)]
    pub(crate) venue: Option<Venue>,
    /// From this time on: 2024-08-08, 2024-08-08T10:00:05.25Z
    #[arg(long, value_name = "TIME", value_parser = parsed::<Timestamp>)]
    pub(crate) from: Option<Timestamp>,
    /// Up to, but without this time
    #[arg(long, value_name = "TIME", value_parser = parsed::<Timestamp>)]
    pub(crate) to: Option<Timestamp>,
    /// Rows at most [default: query.max_results of the configuration, 10000]
    #[arg(long, value_name = "N", value_parser = limit)]
    pub(crate) limit: Option<usize>,
}

impl Which {
    /// The range of time.
    pub(crate) fn range(&self) -> Result<TimeRange, WrongUsage> {
        TimeRange::new(self.from, self.to)
            .map_err(|_| WrongUsage("--to is before --from: swap them".into()))
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Another market: each seed has its own prices, and mostly its own day
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(crate) seed: u64,
}

/// As many rows as one likes: more than there are is fine.
fn limit(text: &str) -> Result<usize, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(0) => {}
        Ok(limit) => return Ok(limit),
        Err(_) if digits => return Ok(usize::MAX),
        Err(_) => {}
    }
    Err("must be a whole number from 1 on".into())
}

/// The reason alone: clap names the flag.
fn parsed<T: FromStr<Err = InvalidInput>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: InvalidInput| error.reason.into_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn limits_are_counts() {
        assert_eq!(limit("25"), Ok(25));
        assert_eq!(limit("99999999999999999999999"), Ok(usize::MAX));
        for bad in ["", "0", "-1", "1e6", "+5 "] {
            assert!(limit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn layouts_are_the_formats() {
        let named: Vec<_> = Layout::value_variants()
            .iter()
            .filter_map(|layout| Some((layout.to_possible_value()?, layout.format()?)))
            .collect();
        assert_eq!(named.len(), Format::ALL.len());
        for (value, format) in named {
            assert_eq!(value.get_name(), format.as_str());
        }
    }
}
