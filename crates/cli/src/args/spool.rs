//! `tradekeep spool`, `dead-letters`, `tail`.

use std::path::PathBuf;

use clap::Subcommand;
use tradekeep::ingest::{Class, DeadLetterFilter};
use tradekeep::models::Timestamp;

use super::import::Type;
use super::parse::{limit, parsed, time};
use crate::WrongUsage;

const SPOOL_HELP: &str = "\
Records that are taken wait in the spool, in the folder DATA/spool, until every store has them.
status and verify only read, beside a process that records or without one. drain asks that process,
or does it itself where there is none; forget and new-epoch need the spool for themselves.

Examples:
  tradekeep spool status
  tradekeep spool drain --to duckdb://./old-data      a store that is configured no more
  tradekeep spool forget duckdb-0123456789ab --yes    gives up what it has not got";

#[derive(Debug, Subcommand)]
#[command(after_help = SPOOL_HELP)]
pub(crate) enum Spool {
    /// What waits for which store, since when, and why
    Status,
    /// Read every byte of it and say what is damaged; exit code 1 when something is
    Verify,
    /// Deliver what waits; exit code 1 when some of it still does
    Drain(Drain),
    /// Give up what waits for a store that will not come back
    Forget(Forget),
    /// Go on under a new name, where the spool or a store was copied or brought back older than it was
    NewEpoch(NewEpoch),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Drain {
    /// Deliver to this store too, one that is configured no more; ${NAME} in it stands for a variable of
    /// the environment, such as a password
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// For so long at most
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(..=3_600))]
    pub(crate) wait: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Forget {
    /// The store, by its id or its name: both are in `spool status`
    pub(crate) sink: String,
    /// Yes, the records that it has not got are given up
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NewEpoch {
    /// Yes, all that is held is sent again
    #[arg(long)]
    pub(crate) yes: bool,
}

const LETTERS_HELP: &str = "\
A record that a store does not take is kept with the reason, until a person decides: mend the
store and replay, or export, correct and import; or resolve what needs nothing. Nothing is removed
by itself. Everything works beside a process that records, which then does what changes anything.

Examples:
  tradekeep dead-letters list --class conflict
  tradekeep dead-letters replay --table trades --dry-run
  tradekeep dead-letters export --table trades bad.ndjson   correct it, then
  tradekeep import --type trades bad.ndjson
  tradekeep dead-letters resolve --stored      those whose record the store has by now
  tradekeep dead-letters purge --resolved";

#[derive(Debug, Subcommand)]
#[command(after_help = LETTERS_HELP)]
pub(crate) enum DeadLetters {
    /// Which there are, oldest first
    List(Which),
    /// One of them, with its record
    Show {
        /// Its number in the list
        id: u64,
    },
    /// The records of those that are open, one JSON object a line, as `import --type` reads them
    Export(Export),
    /// Send records again: they are in the spool anew, and go to every store
    Replay(Replay),
    /// Close letters about which nothing is to be done
    Resolve(Resolve),
    /// Remove letters
    Purge {
        /// Those that were replayed or resolved
        #[arg(long, required = true)]
        resolved: bool,
    },
}

/// Which letters.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Only this one; repeat it for more
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<u64>,
    /// Only those given up for this reason
    #[arg(long, value_parser = parsed::<Class>)]
    class: Option<Class>,
    /// Only records of this type
    #[arg(long, value_enum, value_name = "TYPE")]
    table: Option<Type>,
    /// Only of this store, by its id or its name
    #[arg(long)]
    sink: Option<String>,
    /// Given up at this time or later
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Timestamp>,
    /// Given up before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Timestamp>,
    /// So many at most, the oldest
    #[arg(long, value_name = "N", value_parser = limit)]
    limit: Option<usize>,
}

impl Which {
    pub(crate) fn filter(&self) -> DeadLetterFilter {
        DeadLetterFilter {
            ids: self.ids.iter().copied().collect(),
            class: self.class,
            table: self.table.map(Type::table),
            sink: self.sink.clone(),
            since: self.from,
            until: self.to,
            open: false,
            limit: self.limit.map(|limit| limit as u64),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// A new file for them [default: stdout]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) which: Which,
    /// Each within an object that says what became of it; those that were replayed too
    #[arg(long)]
    pub(crate) with_reasons: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    which: Which,
    /// All that are open
    #[arg(long)]
    all: bool,
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl Replay {
    /// Which letters; all of them only where that is said.
    pub(crate) fn filter(&self) -> Result<DeadLetterFilter, WrongUsage> {
        let filter = self.which.filter();
        match (self.all, filter == DeadLetterFilter::default()) {
            (true, false) => {
                Err(WrongUsage("--all takes no other choice: leave it or that out".into()))
            }
            (false, true) => Err(WrongUsage(
                "which letters? give --id or another choice, or --all for all that are open".into(),
            )),
            _ => Ok(filter),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Resolve {
    /// Their numbers in the list
    #[arg(value_name = "ID", conflicts_with_all = ["ids", "class", "table", "sink", "from", "to", "limit"])]
    numbers: Vec<u64>,
    #[command(flatten)]
    which: Which,
    /// Those whose record the store has by now, as it is in the letter
    #[arg(long)]
    pub(crate) stored: bool,
}

impl Resolve {
    /// Which letters, where that is said.
    pub(crate) fn filter(&self) -> Result<DeadLetterFilter, WrongUsage> {
        let filter = match self.numbers.is_empty() {
            true => self.which.filter(),
            false => DeadLetterFilter::ids(self.numbers.iter().copied()),
        };
        if filter == DeadLetterFilter::default() && !self.stored {
            return Err(WrongUsage(
                "which letters? give their ids or another choice, or --stored for those whose record the \
                 store has"
                    .into(),
            ));
        }
        Ok(filter)
    }
}

const TAIL_HELP: &str = "\
One JSON object a line: seq (the record's number in the spool), time (when it was accepted), type, and
record as `import --type` reads it. What every store has leaves the spool, and is not shown any more.

Examples:
  tradekeep tail --follow --table trades
  tradekeep tail --from 1048600 | jq -c .record";

#[derive(Debug, clap::Args)]
#[command(after_help = TAIL_HELP)]
pub(crate) struct Tail {
    /// Begin with the record of this number [default: the oldest that is held]
    #[arg(long, value_name = "SEQ", default_value_t = 1, hide_default_value = true)]
    pub(crate) from: u64,
    /// Only records of this type
    #[arg(long, value_enum, value_name = "TYPE")]
    pub(crate) table: Option<Type>,
    /// Wait for more
    #[arg(short, long)]
    pub(crate) follow: bool,
}
