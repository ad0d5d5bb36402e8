//! The fields of a tick by the names that files give them.

use std::fmt;
use std::str::FromStr;

use tradekeep_models::InvalidInput;

use crate::names::{TimeName, plain};

/// What a column of a CSV can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Event time. Required.
    Ts,
    /// Price. Required.
    Price,
    /// Quantity. Required.
    Quantity,
    /// What traded.
    Symbol,
    /// Where it traded.
    Venue,
    /// Side of the aggressor.
    Side,
    /// Whether the buyer was the maker: `true` is side `sell`.
    IsBuyerMaker,
    /// The venue's id of the trade.
    TradeId,
    /// When it was received.
    ReceivedTs,
    /// The venue's number of the trade.
    Sequence,
    /// Whether the row is several trades that the venue tells as one.
    Aggregated,
}

impl Field {
    /// Every field, the required ones first.
    pub const ALL: [Self; 11] = [
        Self::Ts,
        Self::Price,
        Self::Quantity,
        Self::Symbol,
        Self::Venue,
        Self::Side,
        Self::IsBuyerMaker,
        Self::TradeId,
        Self::ReceivedTs,
        Self::Sequence,
        Self::Aggregated,
    ];

    /// Its name: `ts`, `trade_id`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ts => "ts",
            Self::Price => "price",
            Self::Quantity => "quantity",
            Self::Symbol => "symbol",
            Self::Venue => "venue",
            Self::Side => "side",
            Self::IsBuyerMaker => "is_buyer_maker",
            Self::TradeId => "trade_id",
            Self::ReceivedTs => "received_ts",
            Self::Sequence => "sequence",
            Self::Aggregated => "aggregated",
        }
    }

    /// The column names that mean this field, the best first. Case, spaces, `_` and `-` make no difference.
    #[must_use]
    pub const fn column_names(self) -> &'static [&'static str] {
        match self {
            Self::Ts => &[
                "ts",
                "timestamp",
                "time",
                "datetime",
                "date",
                "exchange_time",
                "event_time",
                "trade_time",
                "transact_time",
                "unix_timestamp",
                "unix_time",
                "unix",
                "epoch",
                "day",
                "trade_date",
                "trading_day",
            ],
            Self::Price => &["price", "px"],
            Self::Quantity => &["quantity", "amount", "qty", "size", "volume", "sz", "vol"],
            Self::Symbol => &["symbol", "pair", "market", "instrument", "product_id", "ticker"],
            Self::Venue => &["venue", "exchange"],
            Self::Side => &["side", "taker_side", "aggressor", "direction"],
            Self::IsBuyerMaker => &["is_buyer_maker", "buyer_maker"],
            Self::TradeId => &["trade_id", "trd_match_id", "match_id", "tid", "id"],
            Self::ReceivedTs => &["received_ts", "local_timestamp", "recv_ts", "received"],
            Self::Sequence => &["sequence", "seq"],
            Self::Aggregated => &["aggregated", "is_aggregated"],
        }
    }
}

impl Field {
    /// Whether a column of this name means it; that of times may say their zone or unit behind it.
    pub(crate) fn is_called(self, name: &str) -> bool {
        match self {
            Self::Ts => TimeName::of(name, self.column_names()).is_some(),
            _ => self.column_names().iter().any(|known| plain(known) == plain(name)),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Field {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let found = Self::ALL.into_iter().find(|field| field.as_str() == text);
        found.ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str).join(", ");
            InvalidInput::new("map", format!("maps an unknown field; the fields are {all}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_column_name_means_two_fields() {
        let names = Field::ALL.iter().flat_map(|field| field.column_names());
        let mut names: Vec<_> = names.map(|name| plain(name)).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
