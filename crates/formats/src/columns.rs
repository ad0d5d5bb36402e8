//! Which column of a CSV holds which field.

use crate::csv_row::CsvRow;
use crate::draft::RawTick;
use crate::map::mapped;
use crate::mistaken::OWN_FIELDS;
use crate::records::is_of_records;
use crate::{ColumnMap, Field, FormatError};

/// The place of each field among a row's columns.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    width: usize,
    places: Vec<(Field, usize)>,
}

impl Columns {
    /// A layout without header: the fields of its columns in their order, `None` for the unused.
    pub(crate) fn positional(fields: &[Option<Field>]) -> Self {
        let places = fields.iter().enumerate();
        Self {
            width: fields.len(),
            places: places.filter_map(|(place, field)| field.map(|field| (field, place))).collect(),
        }
    }

    /// By the names in `header`, and before them by `map`.
    pub(crate) fn named(header: &CsvRow, map: &ColumnMap) -> Result<Self, FormatError> {
        // Orders and fills have times, prices and quantities too, and are no prints of a market.
        let own = OWN_FIELDS.into_iter().find(|name| map.is_empty() && header.find(name).is_some());
        if let Some(name) = own {
            return Err(own_records(&format!("column {name}")));
        }
        let mut places = Vec::new();
        for field in Field::ALL {
            let place = match map.column(field.as_str()) {
                Some(column) => Some(mapped(header, field.as_str(), column)?),
                None => known(header, field),
            };
            places.extend(place.map(|place| (field, place)));
        }
        let columns = Self { width: header.len(), places };
        let missing: Vec<_> = [Field::Ts, Field::Price, Field::Quantity]
            .into_iter()
            .filter(|field| !columns.has(*field))
            .map(Field::as_str)
            .collect();
        if missing.is_empty() {
            return Ok(columns);
        }
        if map.is_empty() && is_of_records(header) {
            return Err(own_records(&format!("columns {}", header.printable())));
        }
        let names = ["open", "high", "low", "close"];
        if names.into_iter().all(|name| header.find(name).is_some()) {
            return Err(FormatError::UnsupportedSchema {
                found: format!("candles (columns {})", header.printable()),
                supported: "single trades, with a column each for ts, price and quantity",
            });
        }
        Err(FormatError::WrongColumns { found: header.printable(), missing: missing.join(", ") })
    }

    pub(crate) fn has(&self, field: Field) -> bool {
        self.places.iter().any(|(other, _)| *other == field)
    }

    /// How many columns a row has.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    /// The fields of a row of that many columns.
    pub(crate) fn fields<'a>(&self, row: &'a CsvRow) -> RawTick<'a> {
        let mut fields = RawTick::default();
        for (field, place) in &self.places {
            let text = row.get(*place);
            match field {
                Field::Ts => fields.ts = text,
                Field::Price => fields.price = text,
                Field::Quantity => fields.quantity = text,
                Field::Symbol => fields.symbol = text,
                Field::Venue => fields.venue = text,
                Field::Side => fields.side = text,
                Field::IsBuyerMaker => fields.is_buyer_maker = text,
                Field::TradeId => fields.trade_id = text,
                Field::ReceivedTs => fields.received_ts = text,
                Field::Sequence => fields.sequence = text,
            }
        }
        fields
    }
}

fn own_records(found: &str) -> FormatError {
    FormatError::UnsupportedSchema {
        found: format!("records of your own ({found})"),
        supported: "public trades; say with --type what the rows are (trades, orders, fills, …), or \
                    with --map which columns make ticks",
    }
}

fn known(header: &CsvRow, field: Field) -> Option<usize> {
    let mut names = field.column_names().iter();
    names.find_map(|name| header.find(name))
}
