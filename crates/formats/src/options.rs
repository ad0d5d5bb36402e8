//! What a file does not say of itself.

use tradekeep_models::{InvalidInput, StreamId, Symbol, Table, Venue};

use crate::{ColumnMap, Format, FormatError};

/// What a file does not say of itself. By default everything is found out.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format, where it is not to be detected.
    pub format: Option<Format>,
    /// The venue of rows that name none; else that of the format, else `unknown`. For ticks.
    pub venue: Option<Venue>,
    /// The symbol of rows that name none. For ticks.
    pub symbol: Option<Symbol>,
    /// The columns of a CSV whose names do not say what they hold.
    pub map: ColumnMap,
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
            return self.map.check_ticks().map_err(FormatError::WrongOption);
        }
        for (name, given) in [("venue", self.venue.is_some()), ("symbol", self.symbol.is_some())] {
            if given {
                let reason = "is for ticks: rows of other types name theirs, leave it out";
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
