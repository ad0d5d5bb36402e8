//! Which format a file is in.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use tradekeep_models::{InvalidInput, Table};

use crate::binance::Market;
use crate::columns::Columns;
use crate::csv_row::{CsvRow, printable};
use crate::json_array::elements;
use crate::preview::{Preview, texts};
use crate::source::{MAX_LINE, Source};
use crate::{
    Format, FormatError, ReadOptions, binance, binance_ws, choose, dbn, json_row, mistaken,
    no_header, tardis,
};

/// How to read a file.
#[derive(Debug)]
pub(crate) enum Plan {
    /// A CSV of this layout; its header, where it has one, is still to be skipped.
    Csv {
        format: Format,
        columns: Columns,
        header: Option<Vec<u8>>,
        /// Of a file of Binance.
        market: Option<Market>,
    },
    BinanceWs,
    Ndjson,
    /// JSON of another system, with values at these paths.
    Objects {
        columns: Columns,
        paths: Vec<String>,
    },
    Dbn,
    /// There is nothing in it, and that is as it should be.
    Nothing(Format),
}

/// Lines of JSON that are looked at to tell one stream from another.
const LINES_OF_JSON: usize = 200;

/// A row behind the header is waited for, to tell columns apart by it.
pub(crate) const LINES: usize = 2;

/// Looks at the start of `source`, and takes nothing off but what comes before its rows.
pub(crate) fn detect(source: &mut Source, options: &mut ReadOptions) -> Result<Plan, FormatError> {
    let asked = options.format;
    if dbn::is_dbn(source.peek(4)) {
        return match asked {
            None | Some(Format::Dbn) if options.map.is_empty() => Ok(Plan::Dbn),
            None | Some(Format::Dbn) => Err(nothing_to_map("DBN")),
            Some(format) => Err(wrong(format, b"DBN, the encoding of Databento")),
        };
    }
    let comment = skip_preamble(source, options)?;
    let number = source.number();
    source.await_lines(LINES);
    let start = first_lines(source)?;
    let line = first_of(start);
    if line.trim_ascii().is_empty() {
        // Tardis: "an empty file means no data".
        return match asked {
            Some(Format::Tardis) => Ok(Plan::Nothing(Format::Tardis)),
            _ => Err(FormatError::Empty),
        };
    }
    let is_json = matches!(asked, None | Some(Format::Ndjson));
    let array = if is_json { mistaken::array(start) } else { None };
    let (received, message) = binance_ws::split(line);
    let json = array.is_some() || message.starts_with(b"{");
    let json_asked = matches!(asked, None | Some(Format::Ndjson | Format::BinanceWs));
    if array.is_none() {
        check(line, json, json_asked)?;
        if line.len() > MAX_LINE {
            return Err(FormatError::LineTooLong { line: source.number() + 1 });
        }
    }
    let plan = match asked {
        None | Some(Format::Ndjson) if json && received.is_empty() => {
            return json_plan(source, array, options);
        }
        None | Some(Format::BinanceWs) if json => Plan::BinanceWs,
        Some(format @ (Format::Dbn | Format::BinanceWs | Format::Ndjson)) => {
            return Err(wrong(format, line));
        }
        _ => return csv_plan(start, number, comment.as_deref(), options),
    };
    if options.map.is_empty() { Ok(plan) } else { Err(nothing_to_map("a recorded stream")) }
}

/// Takes off lines that somebody wants passed over, comments, and what tells a spreadsheet of commas. Answers the last
/// comment, which may be the header.
pub(crate) fn skip_preamble(
    source: &mut Source,
    options: &ReadOptions,
) -> Result<Option<Vec<u8>>, FormatError> {
    let mut comment = None;
    if options.skip_lines > 0 {
        first_lines(source)?;
        let passed = source.number();
        source.skip_lines(options.skip_lines.saturating_sub(passed))?;
    }
    loop {
        let line = first_of(first_lines(source)?).trim_ascii();
        if line.starts_with(b"#") {
            comment = Some(line.trim_ascii_start()[1..].trim_ascii().to_vec());
        } else if !line.eq_ignore_ascii_case(b"sep=,") {
            return Ok(comment);
        }
        source.text_line()?;
    }
}

/// Unread text from the first line on that is not blank, without a byte order mark.
pub(crate) fn first_lines(source: &mut Source) -> Result<&[u8], FormatError> {
    if source.peek(3).starts_with(b"\xef\xbb\xbf") {
        source.skip(3);
    }
    source.peek_line()
}

/// The first line of `start`.
pub(crate) fn first_of(start: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', start).map_or(start, |end| &start[..=end])
}

/// Refuses a first line that is not what it was taken for.
pub(crate) fn check(line: &[u8], json: bool, json_asked: bool) -> Result<(), FormatError> {
    if let Some(error) = mistaken::not_text(line) {
        return Err(error);
    }
    // Both may make one line of the whole file, and tell more than its length does.
    if json_asked && mistaken::is_json_array(line) {
        return Err(FormatError::JsonArray);
    }
    if mistaken::has_lone_return(line, json) {
        return Err(FormatError::LoneReturn);
    }
    Ok(())
}

/// The rows of JSON that `start` has, as far as they are whole.
pub(crate) fn json_rows(
    start: &[u8],
    array: Option<mistaken::Array>,
) -> Box<dyn Iterator<Item = &[u8]> + '_> {
    match array {
        Some(mistaken::Array::Whole) => Box::new(elements(start)),
        _ => Box::new(start.split_inclusive(|byte| *byte == b'\n')),
    }
}

/// Ticks of ours, Binance's stream without times of receipt, or what another system writes.
fn json_plan(
    source: &mut Source,
    array: Option<mistaken::Array>,
    options: &mut ReadOptions,
) -> Result<Plan, FormatError> {
    let start = source.peek(1);
    let rows: Vec<&[u8]> = json_rows(start, array).take(LINES_OF_JSON).collect();
    let object = |line: &&[u8]| serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(line).ok();
    let is_ours = options.map.is_empty() && options.columns.is_empty() && array.is_none();
    for (number, object) in rows.iter().filter_map(object).enumerate() {
        let has = |key: &&str| object.contains_key(*key);
        if number == 0
            && let Some(error) = mistaken::own_object(object.keys().map(String::as_str))
        {
            return Err(error);
        }
        if ["stream", "e"].iter().any(&has) && is_ours {
            return Ok(Plan::BinanceWs);
        }
        let are_ours = object.keys().all(|key| Table::Ticks.column(key).is_some());
        let has_all = ["ts", "price", "quantity"].iter().all(&has);
        if (are_ours || has_all) && is_ours && !object.is_empty() {
            return Ok(Plan::Ndjson);
        }
        if ["ts", "timestamp", "time", "price", "px"].iter().any(has) {
            break;
        }
    }
    if array == Some(mistaken::Array::Whole)
        && rows.is_empty()
        && start.trim_ascii().ends_with(b"]")
    {
        return Err(FormatError::Empty);
    }
    let mut preview =
        Preview::of_objects(rows.iter().filter_map(|line| json_row::texts(line, &[])));
    if preview.rows.is_empty() {
        // What is wrong with them is told of each.
        return Ok(Plan::Ndjson);
    }
    let paths = preview.names.clone();
    let is_arrays = preview.is_of_arrays();
    if is_arrays {
        no_header::name_places(&mut preview, options)?;
    }
    let columns = choose::columns(&preview, options).map_err(|error| match error {
        FormatError::WrongColumns { .. } if is_arrays => {
            let found = printable(rows.first().copied().unwrap_or_default());
            FormatError::NoHeader { found, remedy: no_header::remedy(&preview.rows, options) }
        }
        error => error,
    })?;
    if array == Some(mistaken::Array::Whole) {
        source.begin_array();
    }
    Ok(Plan::Objects { columns, paths })
}

fn csv_plan(
    start: &[u8],
    number: u64,
    comment: Option<&[u8]>,
    options: &mut ReadOptions,
) -> Result<Plan, FormatError> {
    comma_plan(start, number, comment, options).map_err(|error| with_cause(error, first_of(start)))
}

/// The reason why the columns are not those of a CSV, where `line` has one.
pub(crate) fn with_cause(error: FormatError, line: &[u8]) -> FormatError {
    match error {
        FormatError::UnknownFormat { .. }
        | FormatError::WrongFormat { .. }
        | FormatError::WrongColumns { .. }
        | FormatError::UnknownColumns { .. }
        | FormatError::NoHeader { .. }
        | FormatError::HeaderBelow { .. }
        | FormatError::NoSuchColumn { .. } => match mistaken::foreign_delimiter(line) {
            Some(delimiter) => {
                let names = String::from_utf8_lossy(line);
                let names: Vec<_> =
                    names.split(delimiter).map(|name| name.trim().to_owned()).collect();
                mistaken::other_table(&names).unwrap_or(FormatError::ForeignDelimiter { delimiter })
            }
            None => error,
        },
        error => error,
    }
}

/// The fields of a first line, which may lack its end.
pub(crate) fn header(line: &[u8]) -> Result<CsvRow, InvalidInput> {
    let ending: &[u8] = if line.ends_with(b"\n") { b"" } else { b"\n" };
    CsvRow::of(&[line, ending].concat())
}

fn comma_plan(
    start: &[u8],
    number: u64,
    comment: Option<&[u8]>,
    options: &mut ReadOptions,
) -> Result<Plan, FormatError> {
    let line = first_of(start);
    let first = header(line).map_err(|_| unknown(line))?;
    let asked = options.format;
    let csv = |columns, header| Plan::Csv { format: Format::Csv, columns, header, market: None };
    if !options.columns.is_empty() {
        no_header::check_width(&options.columns, first.len())?;
        let preview = Preview::of_csv(options.columns.clone(), start);
        return Ok(csv(choose::columns(&preview, options)?, None));
    }
    // A map is for columns whose names nobody knows, and means a CSV of one's own.
    let own = asked == Some(Format::Csv) || (asked.is_none() && !options.map.is_empty());
    if !own && !options.map.is_empty() {
        return Err(nothing_to_map("of another format"));
    }
    if !own && asked != Some(Format::Tardis) {
        let format = Format::BinanceTrades;
        if let Some((columns, market, header)) = binance::columns(&first)? {
            let (header, market) = (header.then(|| line.to_vec()), Some(market));
            return Ok(Plan::Csv { format, columns, header, market });
        }
    }
    if !own && asked != Some(Format::BinanceTrades) {
        let format = Format::Tardis;
        if let Some(columns) = tardis::columns(&first)? {
            let header = Some(line.to_vec());
            return Ok(Plan::Csv { format, columns, header, market: None });
        }
    }
    if let Some(format @ (Format::BinanceTrades | Format::Tardis)) = asked {
        return Err(wrong(format, line));
    }
    let preview = Preview::of_csv(texts(&first), &start[line.len()..]);
    let error = match choose::columns(&preview, options) {
        Ok(columns) => return Ok(csv(columns, Some(line.to_vec()))),
        Err(error @ (FormatError::WrongColumns { .. } | FormatError::NoSuchColumn { .. })) => error,
        Err(error) => return Err(error),
    };
    if !no_header::is_data(&preview.names) {
        let below = no_header::header_below(&start[line.len()..]);
        return Err(match below {
            Some(lines) => {
                FormatError::HeaderBelow { found: printable(line), line: number + 1 + lines }
            }
            None => error,
        });
    }
    // The header may be the comment before.
    if let Some(names) = comment.and_then(|comment| header(comment).ok()) {
        let preview = Preview::of_csv(texts(&names), start);
        if let Ok(columns) = choose::columns(&preview, options) {
            return Ok(csv(columns, None));
        }
    }
    let rows = Preview::of_csv(preview.names, start).rows;
    Err(FormatError::NoHeader { found: printable(line), remedy: no_header::remedy(&rows, options) })
}

fn unknown(line: &[u8]) -> FormatError {
    FormatError::UnknownFormat { found: printable(line) }
}

fn wrong(format: Format, line: &[u8]) -> FormatError {
    FormatError::WrongFormat { format, found: printable(line) }
}

fn nothing_to_map(found: &str) -> FormatError {
    FormatError::NothingToMap { found: found.into() }
}
