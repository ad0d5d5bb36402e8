//! Rows of the formats that have one a line.

use tradekeep_models::{InvalidInput, Tick};

use crate::record::row_text;
use crate::source::Source;
use crate::{FormatError, Reject, Row};

/// The next row: what `tick` makes of the next line that is not blank. Lines of which it makes nothing
/// are passed over.
pub(crate) fn next_row(
    source: &mut Source,
    mut tick: impl FnMut(&[u8]) -> Result<Option<Tick>, InvalidInput>,
) -> Result<Option<Row>, FormatError> {
    while let Some((line, number)) = source.text_line()? {
        match tick(line) {
            Ok(Some(tick)) => return Ok(Some(Row::Tick(tick))),
            Ok(None) => {}
            Err(error) => {
                let (reason, row) = (error.to_string(), row_text(line));
                return Ok(Some(Row::Rejected(Reject { line: number, reason, row })));
            }
        }
    }
    Ok(None)
}
