//! Opening a file, and the rows in it.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use tradekeep_models::{InvalidInput, Symbol, Tick, Venue};

use crate::clock::Unit;
use crate::csv::CsvRows;
use crate::dbn::DbnRows;
use crate::decompress::Decompressed;
use crate::detect::{Plan, detect};
use crate::draft::Drafter;
use crate::source::Source;
use crate::{ColumnMap, FormatError, binance, binance_ws, ndjson};

/// A layout of market data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A CSV whose header names its columns.
    Csv,
    /// Binance's files of trades and aggregated trades, spot and futures.
    BinanceTrades,
    /// Binance's market data stream, as recorded.
    BinanceWs,
    /// Tardis' files of trades.
    Tardis,
    /// Databento's binary encoding, schema `trades`.
    Dbn,
    /// Ticks as JSON, one object a line.
    Ndjson,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] =
        [Self::Csv, Self::BinanceTrades, Self::BinanceWs, Self::Tardis, Self::Dbn, Self::Ndjson];

    /// Its name: `csv`, `binance-trades`, `binance-ws`, `tardis`, `dbn` or `ndjson`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::BinanceTrades => "binance-trades",
            Self::BinanceWs => "binance-ws",
            Self::Tardis => "tardis",
            Self::Dbn => "dbn",
            Self::Ndjson => "ndjson",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == text);
        found.ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str).join(", ");
            InvalidInput::new("format", format!("is unknown; the formats are {all}"))
        })
    }
}

/// What a file does not say of itself. By default everything is found out.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format, where it is not to be detected.
    pub format: Option<Format>,
    /// The venue of rows that name none; else that of the format, else `unknown`.
    pub venue: Option<Venue>,
    /// The symbol of rows that name none.
    pub symbol: Option<Symbol>,
    /// The columns of a CSV whose names do not say what they hold.
    pub map: ColumnMap,
    /// Keeps rows without trade id apart from equal rows of other sources.
    pub source: Option<String>,
    /// The file's name, which tells the symbol of Binance's files.
    pub file_name: Option<String>,
}

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A tick.
    Tick(Tick),
    /// A row that is none. It does not stop the others.
    Rejected(Reject),
}

impl From<Result<Tick, Reject>> for Row {
    fn from(row: Result<Tick, Reject>) -> Self {
        match row {
            Ok(tick) => Self::Tick(tick),
            Err(reject) => Self::Rejected(reject),
        }
    }
}

/// A row that is no tick or other record, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The line of the decompressed file, or in DBN the record, from 1.
    pub line: u64,
    /// The field and what is wrong with it, in one line.
    pub reason: String,
    /// The row as it was, up to 4 KiB of it.
    pub row: String,
}

/// Reads a file of market data, row by row, in memory that does not grow with it.
///
/// Compression, format and the unit of times are found out from the file's content. After an error
/// there are no more rows.
///
/// ```
/// use tradekeep_formats::{ReadOptions, Row, TickReader};
///
/// let file = "ts,symbol,price,qty\n2024-08-08T10:00:05Z,BTC-USD,61837.63,3.844E-5\n";
/// let mut rows = TickReader::open(Box::new(file.as_bytes()), ReadOptions::default())?;
/// let Some(Ok(Row::Tick(tick))) = rows.next() else { panic!() };
/// assert_eq!(tick.quantity().to_string(), "0.00003844");
/// assert!(rows.next().is_none());
/// # Ok::<(), tradekeep_formats::FormatError>(())
/// ```
#[derive(Debug)]
pub struct TickReader {
    source: Source,
    drafter: Drafter,
    rows: Rows,
    format: Format,
    done: bool,
}

#[derive(Debug)]
enum Rows {
    Csv(Box<CsvRows>),
    BinanceWs,
    Ndjson,
    Dbn(Box<DbnRows>),
    Nothing,
}

impl TickReader {
    /// Reads as much of `input` as tells how to read the rest.
    ///
    /// # Errors
    /// When it is empty, is in no known format or not in the one asked for, holds something else
    /// than trades, or cannot be read.
    pub fn open(
        input: Box<dyn Read + Send>,
        mut options: ReadOptions,
    ) -> Result<Self, FormatError> {
        let mut source = Source::new(Decompressed::new(input)?);
        let plan = detect(&mut source, &options)?;
        let (format, rows) = match plan {
            Plan::Csv { format, columns, header } => {
                if header {
                    source.text_line()?;
                }
                (format, Rows::Csv(Box::new(CsvRows::new(columns))))
            }
            Plan::BinanceWs => (Format::BinanceWs, Rows::BinanceWs),
            Plan::Ndjson => (Format::Ndjson, Rows::Ndjson),
            Plan::Dbn => {
                let rows = DbnRows::open(&mut source, options.symbol.clone())?;
                (Format::Dbn, Rows::Dbn(Box::new(rows)))
            }
            Plan::Nothing(format) => (format, Rows::Nothing),
        };
        if matches!(format, Format::BinanceTrades | Format::BinanceWs) {
            options.venue = options.venue.or_else(|| Venue::new(binance::VENUE).ok());
        }
        if format == Format::BinanceTrades {
            let name = options.file_name.as_deref().unwrap_or_default();
            let symbol = options.symbol.or_else(|| binance::symbol_of_file(name));
            options.symbol = Some(symbol.ok_or(FormatError::MissingSymbol)?);
        }
        let mut drafter = Drafter::new(&options);
        if format == Format::Tardis {
            drafter.fix_unit(Unit::Micros);
        }
        Ok(Self { source, drafter, rows, format, done: false })
    }

    /// The file's format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }
}

impl Iterator for TickReader {
    type Item = Result<Row, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let (source, drafter) = (&mut self.source, &mut self.drafter);
        let next = match &mut self.rows {
            Rows::Csv(rows) => rows.next(source, drafter),
            Rows::BinanceWs => binance_ws::next(source, drafter),
            Rows::Ndjson => ndjson::next(source, drafter),
            Rows::Dbn(rows) => rows.next(source, drafter),
            Rows::Nothing => Ok(None),
        };
        self.done = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

impl std::iter::FusedIterator for TickReader {}
