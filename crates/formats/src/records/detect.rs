//! Which format a file of records is in, and which columns it has.

use tradekeep_models::record::Record;

use super::header::Columns;
use super::names::FieldName;
use crate::csv_row::printable;
use crate::detect::{check, first_lines, first_of, header, with_cause};
use crate::source::{MAX_LINE, Source};
use crate::{Format, FormatError, ReadOptions, dbn};

/// The columns of a CSV, whose header is still to be skipped; nothing where the file is NDJSON.
pub(crate) fn detect<R: Record>(
    source: &mut Source,
    options: &ReadOptions,
    fields: &[FieldName],
) -> Result<Option<Columns>, FormatError> {
    let asked = options.format;
    if dbn::is_dbn(source.peek(4)) {
        return Err(FormatError::UnsupportedSchema {
            found: "ticks as DBN, the encoding of Databento".into(),
            supported: "CSV and NDJSON",
        });
    }
    let line = first_of(first_lines(source)?);
    if line.trim_ascii().is_empty() {
        return Err(FormatError::Empty);
    }
    let json = line.trim_ascii_start().starts_with(b"{");
    check(line, json, asked != Some(Format::Csv))?;
    if line.len() > MAX_LINE {
        return Err(FormatError::LineTooLong { line: source.number() + 1 });
    }
    match asked {
        None | Some(Format::Ndjson) if json => {}
        None | Some(Format::Csv) => {
            let columns = columns::<R>(line, options, fields);
            return columns.map(Some).map_err(|error| with_cause(error, line));
        }
        Some(format) => return Err(FormatError::WrongFormat { format, found: printable(line) }),
    }
    if options.map.is_empty() {
        return Ok(None);
    }
    Err(FormatError::NothingToMap { found: "JSON".into() })
}

fn columns<R: Record>(
    line: &[u8],
    options: &ReadOptions,
    fields: &[FieldName],
) -> Result<Columns, FormatError> {
    let wrong = |_| FormatError::WrongFormat { format: Format::Csv, found: printable(line) };
    Columns::named::<R>(&header(line).map_err(wrong)?, &options.map, fields)
}
