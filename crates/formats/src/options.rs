//! What a file does not say of itself.

use std::str::FromStr;

use tradekeep_models::{InvalidInput, Side, StreamId, Symbol, Table, Venue};

use crate::{ColumnMap, Constants, Encoding, Format, FormatError, TimeOptions};

/// Whose side the rows of a file of ticks tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SideOf {
    /// Of who took: the aggressor's, as ticks have it.
    #[default]
    Taker,
    /// Of who rested in the book, as Coinbase tells it.
    Maker,
}

impl FromStr for SideOf {
    type Err = InvalidInput;

    /// Reads `taker` and `maker`.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        match text {
            "taker" => Ok(Self::Taker),
            "maker" => Ok(Self::Maker),
            _ => Err(InvalidInput::new("side-of", "is neither maker nor taker")),
        }
    }
}

/// What a file does not say of itself. By default everything is found out.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format, where it is not to be detected.
    pub format: Option<Format>,
    /// The venue of rows that name none; else that of the format, else `unknown`. For ticks.
    pub venue: Option<Venue>,
    /// The symbol of rows that name none. For ticks.
    pub symbol: Option<Symbol>,
    /// The columns whose names do not say what they hold.
    pub map: ColumnMap,
    /// What every row has in fields for which it has no column.
    pub set: Constants,
    /// The encoding of its text, where that is not UTF-8.
    pub encoding: Option<Encoding>,
    /// The names of the columns of a CSV that has no header.
    pub columns: Vec<String>,
    /// Lines to pass over at the start.
    pub skip_lines: u64,
    /// Whose side the rows tell. For ticks.
    pub side_of: SideOf,
    /// What a negative quantity means, where that is the side. For ticks.
    pub negative_is: Option<Side>,
    /// Rounds half-even to 18 places what has more of them, and to nanoseconds.
    pub round: bool,
    /// How its times are written.
    pub time: TimeOptions,
    /// Keeps rows without an identity apart from equal rows of other sources. Measurements and events
    /// without a stream have it for one, so for records other than ticks it is the name of a stream. So have
    /// candles without a source.
    pub source: Option<String>,
    /// The file's name, which tells the symbol of Binance's files.
    pub file_name: Option<String>,
}

impl ReadOptions {
    /// Checks what can be told before there is a file: whether files of `table` can be read so.
    ///
    /// # Errors
    /// [`FormatError::WrongOption`] for what only ticks have, a source that is no name of a stream, and
    /// a map with fields that ticks do not have; [`FormatError::NotOfRecords`] for a format of ticks.
    pub fn check(&self, table: Table) -> Result<(), FormatError> {
        if table == Table::Ticks {
            self.map.check_ticks().map_err(FormatError::WrongOption)?;
            return self.set.check_ticks().map_err(FormatError::WrongOption);
        }
        if self.side_of != SideOf::Taker || self.negative_is.is_some() {
            let reason = "is for ticks: leave it out";
            let name = if self.negative_is.is_some() { "negative-is" } else { "side-of" };
            return Err(FormatError::WrongOption(InvalidInput::new(name, reason)));
        }
        for (name, given) in [("venue", self.venue.is_some()), ("symbol", self.symbol.is_some())] {
            if given {
                let reason = format!(
                    "is for ticks: rows of other types name theirs, or --set {name}=NAME does"
                );
                return Err(FormatError::WrongOption(InvalidInput::new(name, reason)));
            }
        }
        let of_ticks = |format: &Format| !matches!(format, Format::Csv | Format::Ndjson);
        if let Some(format) = self.format.filter(of_ticks) {
            return Err(FormatError::NotOfRecords { format, table });
        }
        self.map.check_records().map_err(FormatError::WrongOption)?;
        self.stream().map(drop)
    }

    /// The source as a stream.
    pub(crate) fn stream(&self) -> Result<Option<StreamId>, FormatError> {
        let stream = self.source.as_deref().map(str::parse).transpose();
        stream.map_err(|error: InvalidInput| {
            FormatError::WrongOption(InvalidInput::new("source", error.reason))
        })
    }
}
