//! Rows of the formats that have one a line.

use tradekeep_models::{InvalidInput, Tick};

use crate::record::row_text;
use crate::source::{Line, Source};
use crate::{FormatError, Reject, Row};

/// The next row: what `tick` makes of the next line that is not blank. Lines of which it makes nothing
/// are passed over.
pub(crate) fn next_row(
    source: &mut Source,
    mut tick: impl FnMut(&[u8]) -> Result<Option<Tick>, InvalidInput>,
) -> Result<Option<Row>, FormatError> {
    while let Some(Line { number: line, text, too_long }) = source.text_line()? {
        let made = if too_long { Err(skipped()) } else { tick(text) };
        match made {
            Ok(Some(tick)) => return Ok(Some(Row::Tick(tick))),
            Ok(None) => {}
            Err(error) => {
                let (reason, row) = (error.to_string(), row_text(text));
                return Ok(Some(Row::Rejected(Reject { line, reason, row })));
            }
        }
    }
    Ok(None)
}

#[cold]
fn skipped() -> InvalidInput {
    InvalidInput::new("line", "is longer than 1 MiB and was skipped")
}
