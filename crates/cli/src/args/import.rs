//! `tradekeep import`.

use std::path::PathBuf;

use clap::ValueEnum;
use tradekeep::formats::{Encoding, Format, FormatError, ReadOptions};
use tradekeep::models::{Symbol, Table, Venue, for_each_record};

use super::parse::parsed;
use super::reading::Reading;
use crate::WrongUsage;

const IMPORT_HELP: &str = "\
Compression, format, columns and the unit of times are found out; what is not certain is asked.
Rows that are stored add nothing: a file can be imported again at any time. A row that is no such
record, or conflicts with a stored one, goes to FILE.rejected.ndjson (or DIR/rejected/) with its
line and the reason, and the exit code is 2. Types other than ticks come as CSV or JSON.

Examples:
  tradekeep import BTCUSDT-trades-2024-08-08.csv more/*.csv.gz
  tradekeep import odd.csv --map ts=day+time,price=last --timezone Asia/Shanghai --symbol BTC-USD
  tradekeep import none.csv --columns ts,price,quantity --symbol XBTUSD --venue kraken
  tradekeep import --type fills own.csv --set venue=binance --map _=Amount";

#[derive(Debug, clap::Args)]
#[command(after_help = IMPORT_HELP)]
pub(crate) struct Import {
    /// Files to read; - is stdin
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What each row is
    #[arg(long = "type", value_enum, default_value_t = Type::Ticks, value_name = "TYPE")]
    pub(crate) records: Type,
    /// How the files are written
    #[arg(long, value_enum, default_value_t = Layout::Auto)]
    pub(crate) format: Layout,
    /// Venue of rows that name none
    #[arg(long, value_parser = parsed::<Venue>)]
    pub(crate) venue: Option<Venue>,
    /// Symbol of rows that name none
    #[arg(long, value_parser = parsed::<Symbol>)]
    pub(crate) symbol: Option<Symbol>,
    /// Encoding where it is not UTF-8: gbk, windows-1252, utf-16le
    #[arg(long, value_name = "NAME", value_parser = parsed::<Encoding>)]
    pub(crate) encoding: Option<Encoding>,
    /// Names of the columns of a CSV without header; _ is for one not wanted
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Lines to pass over at the start
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) skip_lines: u64,
    /// Keep rows without an id apart from equal rows of other sources
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Where rejected rows go [default: FILE.rejected.ndjson]
    #[arg(long, value_name = "PATH")]
    pub(crate) rejected: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

impl Import {
    /// How to read them.
    pub(crate) fn options(&self) -> Result<ReadOptions, WrongUsage> {
        let options = ReadOptions {
            format: self.format.format(),
            venue: self.venue.clone(),
            symbol: self.symbol.clone(),
            encoding: self.encoding,
            columns: self.columns.iter().map(|name| name.trim().to_owned()).collect(),
            skip_lines: self.skip_lines,
            source: self.source.clone(),
            ..self.reading.options()?
        };
        options.check(self.records.table()).map_err(|error| match error {
            FormatError::NotOfRecords { format, .. } => WrongUsage(format!(
                "files of {format} hold ticks: other types come as csv or ndjson"
            )),
            error => WrongUsage(error.to_string()),
        })?;
        Ok(options)
    }
}

macro_rules! types {
    ($(
        $(#[$doc:meta])*
        $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;
    )+) => {
        /// `--type`: a table, by its name, the word for one of its records, or that of many.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
        pub(crate) enum Type {
            $(
                #[value(aliases = [$name, $word, concat!($word, "s")])]
                $table
            ),+
        }

        impl Type {
            /// Its table.
            pub(crate) const fn table(self) -> Table {
                match self {
                    $(Self::$table => Table::$table),+
                }
            }
        }
    };
}

for_each_record!(types);

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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn types_are_the_tables() {
        let named: Vec<_> = Type::value_variants()
            .iter()
            .filter_map(|kind| Some((kind.to_possible_value()?, kind.table())))
            .collect();
        assert!(named.iter().map(|(_, table)| table).eq(Table::ALL));
        for (value, table) in named {
            assert_eq!(value.get_name().replace('-', "_"), table.as_str());
        }
    }
}
