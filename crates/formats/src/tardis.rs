//! Tardis' files of trades.

use crate::columns::Columns;
use crate::csv_row::CsvRow;
use crate::{Field, FormatError};

const HEADER: [&str; 8] =
    ["exchange", "symbol", "timestamp", "local_timestamp", "id", "side", "price", "amount"];

const FIELDS: [Field; 8] = [
    Field::Venue,
    Field::Symbol,
    Field::Ts,
    Field::ReceivedTs,
    Field::TradeId,
    Field::Side,
    Field::Price,
    Field::Quantity,
];

/// The columns of a file with this header; `None` where it is no Tardis file.
pub(crate) fn columns(header: &CsvRow) -> Result<Option<Columns>, FormatError> {
    let matches = header.iter().zip(HEADER);
    let same = matches.take_while(|(found, name)| *found == name.as_bytes()).count();
    if same == HEADER.len() && header.len() == HEADER.len() {
        return Ok(Some(Columns::positional(&FIELDS.map(Some))));
    }
    // All of Tardis' tables begin with these four.
    if same >= 4 {
        return Err(FormatError::UnsupportedSchema {
            found: format!("Tardis data with the columns {}", header.printable()),
            supported: "Tardis trades; and with --format csv any table of trades".into(),
        });
    }
    Ok(None)
}
