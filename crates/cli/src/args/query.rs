//! `tradekeep query`: which queries there are; ticks and candles.

use clap::{Subcommand, ValueEnum};
use tradekeep::models::{
    CandleCursor, GapFill, Interval, Name, StoredCandleFilter, Symbol, TickFilter, Venue,
};

use super::list::{Listed, Paging};
use super::measurements::{Events, Latency, Metrics, Mev, Nodes, Slippage};
use super::parse::parsed;
use super::records::{Fills, Orders, Performance, Positions, Trades};
use super::window::Window;
use crate::WrongUsage;

#[derive(Debug, Subcommand)]
pub(crate) enum Query {
    /// Ticks, in order of time
    Ticks(Ticks),
    /// Candles of one venue and symbol, computed of ticks; or stored ones
    Candles(Candles),
    /// Our own trades
    Trades(Trades),
    /// Our own orders
    Orders(Orders),
    /// Executions of our own orders
    Fills(Fills),
    /// What our traders hold
    Positions(Positions),
    /// Measured values: single ones, or numbers about them
    Metrics(Metrics),
    /// How long operations took: percentiles, a histogram, or single ones
    Latency(Latency),
    /// What MEV did to our trades: an analysis, or single events
    Mev(Mev),
    /// What happened to the system
    Events(Events),
    /// How the nodes were
    Nodes(Nodes),
    /// What it cost that prices moved
    Slippage(Slippage),
    /// Six numbers about a window of time
    Summary(Window),
    /// What our trades gained, by pair
    Performance(Performance),
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
    series: SeriesFlags,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    paging: Paging,
}

impl Listed for Ticks {
    type Filter = TickFilter;

    fn filter(&self) -> Result<TickFilter, WrongUsage> {
        let SeriesFlags { venue, symbol } = self.series.clone();
        Ok(TickFilter { venue, symbol, range: self.window.range()?, unlike: None })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }
}

const CANDLES_HELP: &str = "\
--venue and --symbol may be left out where only one series matches. A cut answer says so: under the
table, or with --json in a last line {\"next\":\"CURSOR\"}, with the cursor that --after takes.

--stored answers candles as a venue or a file told them, of every series that matches, each in its
highest version; --json gives rows as `import --type candles` reads them.

Examples:
  tradekeep query candles --symbol BTC-USD --interval 15m --chart
  tradekeep query candles --stored --symbol BTCUSDT --interval 1h --newest-first --limit 24
  tradekeep query candles --symbol BTC-USD --interval 1d --from 2024-08-01 --fill previous --json";

#[derive(Debug, clap::Args)]
#[command(after_help = CANDLES_HELP)]
pub(crate) struct Candles {
    #[command(flatten)]
    pub(crate) series: SeriesFlags,
    #[command(flatten)]
    pub(crate) window: Window,
    #[command(flatten)]
    pub(crate) paging: Paging,
    /// Width: a number and s, m (minute), h, d, w or M (month) [default: 1m; with --stored any]
    #[arg(long, value_parser = parsed::<Interval>)]
    pub(crate) interval: Option<Interval>,
    /// Buckets without ticks: left out, the last close, or volume 0 without prices
    #[arg(long, value_enum, default_value_t = FillMode::None)]
    pub(crate) fill: FillMode,
    /// Draw them; without --limit the last ones that fit
    #[arg(long)]
    pub(crate) chart: bool,
    /// Those that a venue or a file told, as it told them
    #[arg(long, conflicts_with_all = ["fill", "chart"])]
    pub(crate) stored: bool,
    /// Every version, and not only the highest
    #[arg(long, requires = "stored")]
    history: bool,
    /// Only of this source
    #[arg(long, value_name = "NAME", requires = "stored", value_parser = parsed::<Name>)]
    source: Option<Name>,
}

impl Candles {
    /// Where to go on, where they are computed.
    pub(crate) fn after(&self) -> Result<Option<CandleCursor>, WrongUsage> {
        self.paging.after(str::parse::<CandleCursor>)
    }

    /// The width, where they are computed.
    pub(crate) fn computed_interval(&self) -> Result<Interval, WrongUsage> {
        let interval = self.interval.map_or_else(|| "1m".parse(), Ok);
        interval.map_err(|error: tradekeep::models::InvalidInput| WrongUsage(error.to_string()))
    }

    /// Refuses what cannot be answered.
    pub(crate) fn check(&self) -> Result<(), WrongUsage> {
        if self.stored {
            return self.query().map(drop);
        }
        self.paging.must_be_in_order("candles")?;
        self.after()?;
        self.window.range().map(drop)
    }
}

impl Listed for Candles {
    type Filter = StoredCandleFilter;

    fn filter(&self) -> Result<StoredCandleFilter, WrongUsage> {
        let SeriesFlags { venue, symbol } = self.series.clone();
        let (interval, source) = (self.interval, self.source.clone());
        Ok(StoredCandleFilter { venue, symbol, interval, source, range: self.window.range()? })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }

    fn history(&self) -> bool {
        self.history
    }
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
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SeriesFlags {
    /// What traded
    #[arg(long, value_parser = parsed::<Symbol>)]
    pub(crate) symbol: Option<Symbol>,
    /// Where it traded
    #[arg(long, value_parser = parsed::<Venue>)]
    pub(crate) venue: Option<Venue>,
}
