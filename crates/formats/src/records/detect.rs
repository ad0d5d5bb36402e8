//! Which format a file of records is in, and which columns it has.

use tradekeep_models::record::Record;

use super::header::Columns;
use super::names::FieldName;
use crate::choose::Named;
use crate::csv_row::printable;
use crate::detect::{check, first_lines, first_of, header, skip_preamble, with_cause};
use crate::json_array::elements;
use crate::preview::{Preview, texts};
use crate::source::{MAX_LINE, Source};
use crate::{Format, FormatError, ReadOptions, dbn, json_row, mistaken, no_header};

/// How to read a file of records.
#[derive(Debug)]
pub(crate) enum Plan {
    /// A CSV; its header, where it has one, is still to be skipped.
    Csv { columns: Columns, named: Named, header: Option<Vec<u8>> },
    /// Our own objects.
    Ndjson,
    /// JSON of another system, with values at these paths.
    Objects { columns: Columns, named: Named, paths: Vec<String> },
}

/// A row behind the header is waited for, to tell columns apart by it.
const LINES: usize = 2;

/// Looks at the start of `source`, and takes nothing off but what comes before its rows.
pub(crate) fn detect<R: Record>(
    source: &mut Source,
    options: &ReadOptions,
    fields: &[FieldName],
) -> Result<Plan, FormatError> {
    let asked = options.format;
    if dbn::is_dbn(source.peek(4)) {
        return Err(FormatError::UnsupportedSchema {
            found: "ticks as DBN, the encoding of Databento".into(),
            supported: "CSV and NDJSON".into(),
        });
    }
    let comment = skip_preamble(source, options)?;
    source.await_lines(LINES);
    let start = first_lines(source)?;
    let line = first_of(start);
    if line.trim_ascii().is_empty() {
        return Err(FormatError::Empty);
    }
    let array = if asked == Some(Format::Csv) { None } else { mistaken::array(start) };
    let json = array.is_some() || line.trim_ascii_start().starts_with(b"{");
    if array.is_none() {
        check(line, json, asked != Some(Format::Csv))?;
        if line.len() > MAX_LINE {
            return Err(FormatError::LineTooLong { line: source.number() + 1 });
        }
    }
    match asked {
        None | Some(Format::Ndjson) if json => objects::<R>(source, array, options, fields),
        None | Some(Format::Csv) => {
            let plan = csv::<R>(start, comment.as_deref(), options, fields);
            plan.map_err(|error| with_cause(error, line))
        }
        Some(format) => Err(FormatError::WrongFormat { format, found: printable(line) }),
    }
}

fn csv<R: Record>(
    start: &[u8],
    comment: Option<&[u8]>,
    options: &ReadOptions,
    fields: &[FieldName],
) -> Result<Plan, FormatError> {
    let line = first_of(start);
    let wrong = |_| FormatError::WrongFormat { format: Format::Csv, found: printable(line) };
    let first = header(line).map_err(wrong)?;
    if !options.columns.is_empty() {
        no_header::check_width(&options.columns, first.len())?;
        let preview = Preview::of_csv(options.columns.clone(), start);
        let (columns, named) = Columns::named::<R>(&preview, options, fields)?;
        return Ok(Plan::Csv { columns, named, header: None });
    }
    let preview = Preview::of_csv(texts(&first), &start[line.len()..]);
    let error = match Columns::named::<R>(&preview, options, fields) {
        Ok((columns, named)) => {
            return Ok(Plan::Csv { columns, named, header: Some(line.to_vec()) });
        }
        Err(error) => error,
    };
    if !no_header::is_data(&preview.names) {
        return Err(error);
    }
    // The header may be the comment before.
    if let Some(names) = comment.and_then(|comment| header(comment).ok()) {
        let preview = Preview::of_csv(texts(&names), start);
        if let Ok((columns, named)) = Columns::named::<R>(&preview, options, fields) {
            return Ok(Plan::Csv { columns, named, header: None });
        }
    }
    let remedy = "--columns NAME,…, in the order of the file".into();
    Err(FormatError::NoHeader { found: printable(line), remedy })
}

fn objects<R: Record>(
    source: &mut Source,
    array: Option<mistaken::Array>,
    options: &ReadOptions,
    fields: &[FieldName],
) -> Result<Plan, FormatError> {
    let start = source.peek(1);
    let whole: Vec<&str> =
        R::COLUMNS.iter().filter(|column| column.json).map(|column| column.name).collect();
    let rows: Vec<_> = match array {
        Some(mistaken::Array::Whole) => {
            elements(start).filter_map(|row| json_row::texts(row, &whole)).collect()
        }
        _ => {
            let lines = start.split_inclusive(|byte| *byte == b'\n');
            lines.filter_map(|row| json_row::texts(row, &whole)).collect()
        }
    };
    let mut preview = Preview::of_objects(rows.into_iter());
    let paths = preview.names.clone();
    let is_number = |path: &String| path.starts_with(|first: char| first.is_ascii_digit());
    let is_arrays = !paths.is_empty() && paths.iter().all(is_number);
    let is_plain = options.map.is_empty() && options.set.is_empty() && !is_arrays;
    let plan = if is_plain {
        Plan::Ndjson
    } else {
        if is_arrays && !options.columns.is_empty() {
            no_header::check_width(&options.columns, paths.len())?;
            preview.names.clone_from(&options.columns);
        }
        let (columns, named) = Columns::named::<R>(&preview, options, fields)?;
        Plan::Objects { columns, named, paths }
    };
    if array == Some(mistaken::Array::Whole) {
        source.begin_array();
    }
    Ok(plan)
}
