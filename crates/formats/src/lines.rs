//! Rows of the formats that have one a line.

use tradekeep_models::InvalidInput;

use crate::csv_row::row_text;
use crate::source::{Line, Source};
use crate::{FormatError, Reject, Row};

/// The next row: what `make` makes of the next line that is not blank. Lines of which it makes nothing
/// are passed over.
pub(crate) fn next_row<R>(
    source: &mut Source,
    mut make: impl FnMut(&[u8]) -> Result<Option<R>, InvalidInput>,
) -> Result<Option<Row<R>>, FormatError> {
    while let Some(Line { number: line, text, too_long }) = source.text_line()? {
        let made = if too_long { Err(skipped()) } else { make(text) };
        match made {
            Ok(Some(made)) => return Ok(Some(Row::Record(made))),
            Ok(None) => {}
            Err(error) => {
                let (reason, row) = (error.to_string(), row_text(text));
                return Ok(Some(Row::Rejected(Reject::new(line, reason, row))));
            }
        }
    }
    Ok(None)
}

#[cold]
pub(crate) fn skipped() -> InvalidInput {
    InvalidInput::new("line", "is longer than 1 MiB and was skipped")
}
