//! The fields of a tick by the names that files give them.

use std::fmt;
use std::str::FromStr;

use tradekeep_models::InvalidInput;

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
}

impl Field {
    /// Every field, the required ones first.
    pub const ALL: [Self; 10] = [
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
        }
    }

    /// The column names that mean this field, in any case, the best first.
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
            ],
            Self::Price => &["price", "px"],
            Self::Quantity => &["quantity", "amount", "qty", "size", "volume"],
            Self::Symbol => &["symbol", "pair", "market", "instrument", "product_id", "ticker"],
            Self::Venue => &["venue", "exchange"],
            Self::Side => &["side", "taker_side", "aggressor", "direction"],
            Self::IsBuyerMaker => &["is_buyer_maker", "isbuyermaker", "buyer_maker"],
            Self::TradeId => &["trade_id", "tradeid", "trade id", "tid", "id"],
            Self::ReceivedTs => &["received_ts", "local_timestamp", "recv_ts", "received"],
            Self::Sequence => &["sequence", "seq"],
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

/// Which columns hold which fields, where their names do not say: `ts=when,price=last`.
///
/// ```
/// use tradekeep_formats::{ColumnMap, Field};
///
/// let map: ColumnMap = "ts=when,price=last".parse()?;
/// assert_eq!(map.column(Field::Price), Some("last"));
/// assert!("when=ts".parse::<ColumnMap>().is_err());
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMap(Vec<(Field, String)>);

impl ColumnMap {
    /// Maps `field` to the column named `column`.
    ///
    /// # Errors
    /// When the field is mapped already.
    pub fn insert(&mut self, field: Field, column: impl Into<String>) -> Result<(), InvalidInput> {
        if self.column(field).is_some() {
            return Err(InvalidInput::new("map", format!("maps {field} twice")));
        }
        self.0.push((field, column.into()));
        Ok(())
    }

    /// The column that `field` is mapped to.
    #[must_use]
    pub fn column(&self, field: Field) -> Option<&str> {
        let found = self.0.iter().find(|(mapped, _)| *mapped == field);
        found.map(|(_, column)| column.as_str())
    }

    /// Whether it maps nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for ColumnMap {
    type Err = InvalidInput;

    /// Reads `field=column`, several of them with commas between.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let mut map = Self::default();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (field, column) = pair
                .split_once('=')
                .map(|(field, column)| (field.trim(), column.trim()))
                .filter(|(_, column)| !column.is_empty())
                .ok_or_else(|| InvalidInput::new("map", "is not like field=column"))?;
            map.insert(field.parse()?, column)?;
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_by_name() {
        let map: ColumnMap = " ts = when , quantity=last size,".parse().unwrap();
        assert_eq!(map.column(Field::Ts), Some("when"));
        assert_eq!(map.column(Field::Quantity), Some("last size"));
        assert_eq!(map.column(Field::Price), None);
        for bad in ["ts", "ts=", "=x", "when=ts", "ts=a,ts=b"] {
            assert!(bad.parse::<ColumnMap>().is_err(), "{bad}");
        }
        assert!(ColumnMap::default().is_empty());
    }

    #[test]
    fn no_column_name_means_two_fields() {
        let mut names: Vec<_> = Field::ALL.iter().flat_map(|f| f.column_names()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
