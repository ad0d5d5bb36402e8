//! `tradekeep record`.

use clap::ValueEnum;
use tradekeep::ingest::Level;

use super::import::Type;
use super::reading::Reading;

const RECORD_HELP: &str = "\
Each line is a JSON object. Its field \"type\" says what it is: tick, trade, order, fill,
position, metric, latency, mev, event, node; a line without one is what --type says. The other
fields are those that `query … --json` shows; an unknown one is an error, or ignored where
--unknown-fields says so. Times are RFC 3339, or counts whose digits tell the unit. A line that is
no such record goes to DIR/rejected/ with its number and the reason, and the exit code is 2.

A line that was taken is in the spool, on this disk: it survives kill -9, and goes to every store
of the configuration by itself, once, now or when `record` runs again. Records with an id
(trade_id, id, fill_id, client_order_id, or stream and seq) may be sent again at any time; others
are stored each time they are sent.

It ends with its input, or by Ctrl-C, SIGTERM or SIGHUP: then it delivers for --drain seconds, and the
last line on stdout is the summary. A second Ctrl-C ends it at once; what was taken is not lost.

Examples:
  feed | tradekeep record
  feed | tradekeep record --receipts synced | tee receipts.ndjson
  bot --events-as-json | tradekeep record --type events --drain 5";

#[derive(Debug, clap::Args)]
#[command(after_help = RECORD_HELP)]
pub(crate) struct RecordArgs {
    /// What a line is that does not say
    #[arg(long = "type", value_enum, default_value_t = Type::Ticks, value_name = "TYPE")]
    pub(crate) records: Type,
    /// Print {"line":L,"seq":N} once a line is in the spool, or on the disk
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) receipts: Option<Receipts>,
    /// What becomes of a line with a field that its record does not have
    #[arg(long, value_enum, default_value_t = UnknownFields::Reject, value_name = "WHAT")]
    pub(crate) unknown_fields: UnknownFields,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// How long to deliver what is left, at the end
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub(crate) drain: u64,
}

/// `--unknown-fields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnknownFields {
    /// It is rejected: the field may be a misspelt one
    Reject,
    /// It is taken without the field, which is counted and named once
    Ignore,
}

/// `--receipts`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Receipts {
    /// In the spool: survives kill -9
    Written,
    /// On the disk: survives a loss of power
    Synced,
}

impl Receipts {
    pub(crate) const fn level(self) -> Level {
        match self {
            Self::Written => Level::Written,
            Self::Synced => Level::Synced,
        }
    }
}
