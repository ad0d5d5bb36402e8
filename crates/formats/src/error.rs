//! Why a file cannot be read, or not further.

use std::borrow::Cow;
use std::io;

use tradekeep_models::{InvalidInput, Table};

use crate::Format;

/// What ends the reading of a file: one line that names the cause and the remedy.
///
/// A single bad row is no such error: it is a [`Reject`](crate::Reject), and reading goes on. Rows
/// that came before an error are good, and importing them twice adds nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// No row and no header.
    #[error("the file is empty: check the download, or give a file with rows")]
    Empty,
    /// Text in no format known here.
    #[error(
        "cannot tell its format, it starts with {found}: name the format with --format \
         (csv, binance-trades, binance-ws, tardis, dbn, ndjson), or give a CSV a header line"
    )]
    UnknownFormat {
        /// What the file starts with.
        found: String,
    },
    /// The format asked for is not the file's.
    #[error(
        "this is no {format} file, it starts with {found}: leave --format out, or name another"
    )]
    WrongFormat {
        /// What was asked for.
        format: Format,
        /// What the file starts with.
        found: String,
    },
    /// A header without a column that every row needs.
    #[error("no column for {missing} among {found}: name them with --map {}", map_example(missing))]
    WrongColumns {
        /// The header's columns.
        found: String,
        /// The fields that have none.
        missing: String,
    },
    /// `--map` names a column that is not there.
    #[error("there is no column {column} to map {field} to: the header has {found}")]
    NoSuchColumn {
        /// The field that it was to hold.
        field: &'static str,
        /// The column asked for.
        column: String,
        /// The header's columns.
        found: String,
    },
    /// A header with columns that the records do not have.
    #[error(
        "{table} have no {unknown}: leave them out with --map {}, or map them; {table} have {supported}",
        left_out(unknown)
    )]
    UnknownColumns {
        /// The records.
        table: Table,
        /// The columns of the header that they do not have.
        unknown: String,
        /// The columns that they have.
        supported: String,
    },
    /// A header with two columns for one.
    #[error("both {found} would be {column}: leave one out with --map _=NAME")]
    SameColumn {
        /// The column of the record.
        column: &'static str,
        /// The columns of the header.
        found: String,
    },
    /// `--map` names a column that the records do not have.
    #[error("--map names {field}, which {table} do not have; they have {supported}")]
    UnknownField {
        /// The records.
        table: Table,
        /// What was named.
        field: String,
        /// The columns that they have.
        supported: String,
    },
    /// An option that does not suit the records, or is wrong by itself.
    #[error("--{} {}", .0.field, .0.reason)]
    WrongOption(InvalidInput),
    /// A format that has ticks only.
    #[error("{format} is a format of ticks: files of {table} are csv or ndjson")]
    NotOfRecords {
        /// What was asked for.
        format: Format,
        /// The records.
        table: Table,
    },
    /// `--map` with a file that has no header.
    #[error("--map needs a CSV with a header line, and this is {found}: leave --map out")]
    NothingToMap {
        /// What the file is.
        found: String,
    },
    /// Binary, or text in another encoding.
    #[error("the file is {found}, not market data in text: {remedy}")]
    NotText {
        /// What it looks like.
        found: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A table whose columns are separated by something else than commas.
    #[error(
        "its columns are separated by {}, and a CSV here has commas: export it with commas, or pipe \
         `tr '{}' ',' < FILE` into `import -` where no value has a comma",
        plural(*delimiter),
        delimiter.escape_default()
    )]
    ForeignDelimiter {
        /// A tab, a semicolon or a vertical bar.
        delimiter: char,
    },
    /// Lines that end as on old Macs.
    #[error(
        "its lines end with a carriage return alone, and lines here end with a line feed: \
         pipe `tr '\\r' '\\n' < FILE` into `import -`"
    )]
    LoneReturn,
    /// JSON, but not of one object a line.
    #[error(
        "the file is a JSON array, and one object a line is wanted: pipe `jq -c '.[]' FILE` into \
         `import -` (jq 1.7 or newer, older ones round numbers)"
    )]
    JsonArray,
    /// Market data, but not of public trades.
    #[error("the file holds {found}; supported here: {supported}")]
    UnsupportedSchema {
        /// What was found.
        found: String,
        /// What could be read, and how.
        supported: Cow<'static, str>,
    },
    /// Nothing says what was traded.
    #[error("{}", missing_symbol(like.as_deref()))]
    MissingSymbol {
        /// A column that looks as if it did.
        like: Option<String>,
    },
    /// Somebody says what was traded, and a column has several.
    #[error(
        "a symbol is given for all rows, and column {column} has several values ({values}): --map symbol={column} \
         reads it, --map _={column} leaves it out"
    )]
    SeveralSymbols {
        /// The column.
        column: String,
        /// Two of its values.
        values: String,
    },
    /// Two columns may be one field.
    #[error(
        "both {one} and {other} may be {field}: say which with --map {field}={one} or --map {field}={other}"
    )]
    EitherColumn {
        /// The field.
        field: &'static str,
        /// A column of the header.
        one: String,
        /// Another.
        other: String,
    },
    /// Sides that are 0 and 1.
    #[error(
        "column {column} has 0 and 1, which may be buy and sell, sell and buy, or none and buy: write them as words, or \
         leave it out with --map _={column}"
    )]
    UncertainSide {
        /// The column.
        column: String,
    },
    /// A column of times whose name has letters for a zone.
    #[error(
        "the times in {column} are of the zone {zone}, and several are called so: say which with --timezone, \
         like America/New_York or +08:00"
    )]
    WhichZone {
        /// The column.
        column: String,
        /// Its letters.
        zone: String,
    },
    /// A first line that is no header.
    #[error("the file has no header, its first line is {found}: name its columns with {remedy}")]
    NoHeader {
        /// The line.
        found: String,
        /// What names them, as far as they tell by themselves.
        remedy: String,
    },
    /// A header that does not come first.
    #[error("the first line is {found}, and line {line} looks like the header: --skip-lines {}", line - 1)]
    HeaderBelow {
        /// The first line.
        found: String,
        /// Where the header is, from 1.
        line: u64,
    },
    /// No row is a record, all for one reason.
    #[error(
        "all {rows} rows are refused for one reason, so it is no row that is wrong: {reason} (line {line})"
    )]
    AllAlike {
        /// The rows that were read.
        rows: u64,
        /// What is wrong with each.
        reason: String,
        /// The line of the first.
        line: u64,
    },
    /// The compressed data, or the binary records, end too early.
    #[error(
        "the file ends in the middle of its {data} data, after {position}: get the whole file and \
         import it again, rows before are safe to import twice"
    )]
    Truncated {
        /// `gzip`, `zstd` or `DBN`.
        data: &'static str,
        /// The last whole line or record.
        position: FilePosition,
    },
    /// The compressed data, or the binary records, contradict themselves.
    #[error(
        "the file's {data} data is damaged, found after {position} ({reason}): get the file again{}",
        doubt(*position)
    )]
    Corrupt {
        /// `gzip`, `zstd` or `DBN`.
        data: &'static str,
        /// The last whole line or record.
        position: FilePosition,
        /// What does not fit.
        reason: String,
    },
    /// A first line longer than [`MAX_LINE`](crate::MAX_LINE), which tells no format.
    #[error("line {line} is longer than 1 MiB: this is no file of one row a line, give it as one")]
    LineTooLong {
        /// Its number, from 1.
        line: u64,
    },
    /// A line so long that it may never end.
    #[error(
        "line {line} is longer than 64 MiB: the file is damaged from there on, get it again; rows \
         before are safe to import twice"
    )]
    EndlessLine {
        /// Its number, from 1.
        line: u64,
    },
    /// The operating system cannot read the file.
    #[error("cannot read on after {position}: {source}{}", io_remedy(source))]
    Io {
        /// The last whole line or record.
        position: FilePosition,
        /// What it answered.
        source: io::Error,
    },
}

/// Where in a file something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilePosition {
    /// A line of the decompressed file; 0 is before the first.
    Line(u64),
    /// A binary record; 0 is before the first.
    Record(u64),
}

impl std::fmt::Display for FilePosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(0) | Self::Record(0) => f.write_str("its very start"),
            Self::Line(number) => write!(f, "line {number}"),
            Self::Record(number) => write!(f, "record {number}"),
        }
    }
}

/// A checksum comes behind what it vouches for.
fn doubt(position: FilePosition) -> &'static str {
    match position {
        FilePosition::Line(0) | FilePosition::Record(0) => "",
        _ => "; rows read before that may be wrong too",
    }
}

const fn plural(delimiter: char) -> &'static str {
    match delimiter {
        '\t' => "tabs",
        ';' => "semicolons",
        _ => "vertical bars",
    }
}

fn left_out(unknown: &str) -> String {
    let pairs: Vec<_> = unknown.split(", ").map(|column| format!("_={column}")).collect();
    pairs.join(",")
}

fn map_example(missing: &str) -> String {
    let pairs: Vec<_> = missing.split(", ").map(|field| format!("{field}=COLUMN")).collect();
    pairs.join(",")
}

fn missing_symbol(like: Option<&str>) -> String {
    match like {
        Some(column) => format!(
            "no column is called like a symbol, and {column} looks like one: --map symbol={column} reads it, or give \
             it with --symbol"
        ),
        None => "nothing in the file names the symbol: give it with --symbol".into(),
    }
}

fn io_remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::IsADirectory => ": name the files in it",
        io::ErrorKind::PermissionDenied => ": ask for the right to read it",
        _ => "",
    }
}
