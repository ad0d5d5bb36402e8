//! Which format a file of records is in, and which columns it has.

use tradekeep_models::Table;
use tradekeep_models::record::Record;

use super::header::Columns;
use super::klines;
use super::names::FieldName;
use crate::choose::Named;
use crate::csv_row::printable;
use crate::detect::{
    LINES, check, first_lines, first_of, header, json_rows, skip_preamble, with_cause,
};
use crate::preview::{Preview, texts};
use crate::source::{MAX_LINE, Source};
use crate::{Format, FormatError, ReadOptions, binance, dbn, json_row, mistaken, no_header};

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
    if R::TABLE == Table::Candles
        && let Some(has_header) = binance::klines(&first)
    {
        let rows = if has_header { &start[line.len()..] } else { start };
        let (preview, options) = klines::table(rows, options);
        let (columns, named) = Columns::named::<R>(&preview, &options, fields)?;
        return Ok(Plan::Csv { columns, named, header: has_header.then(|| line.to_vec()) });
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
    let whole = whole_fields::<R>();
    let rows = json_rows(source.peek(1), array);
    let rows = rows.filter_map(|row| json_row::texts(row, &whole));
    let mut preview = Preview::of_objects(rows);
    let is_arrays = preview.is_of_arrays();
    let plan = if options.map.is_empty() && options.set.is_empty() && !is_arrays {
        Plan::Ndjson
    } else {
        let paths = preview.names.clone();
        if is_arrays {
            no_header::name_places(&mut preview, options)?;
        }
        let (columns, named) = Columns::named::<R>(&preview, options, fields)?;
        Plan::Objects { columns, named, paths }
    };
    if array == Some(mistaken::Array::Whole) {
        source.begin_array();
    }
    Ok(plan)
}

/// The fields whose objects are values as they are.
pub(super) fn whole_fields<R: Record>() -> Vec<&'static str> {
    R::COLUMNS.iter().filter(|column| column.json).map(|column| column.name).collect()
}
