//! The formats that files come in.

use std::fmt;
use std::str::FromStr;

use tradekeep_models::InvalidInput;

/// A layout of a file. Ticks come in each, other records as [`Csv`](Self::Csv) and
/// [`Ndjson`](Self::Ndjson).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
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
    /// One JSON object a line, as it is written here.
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
