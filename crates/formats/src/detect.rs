//! Which format a file is in.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use tradekeep_models::InvalidInput;

use crate::columns::Columns;
use crate::csv_row::{CsvRow, printable};
use crate::source::{MAX_LINE, Source};
use crate::{
    Field, Format, FormatError, ReadOptions, binance, binance_ws, dbn, mistaken, number, tardis,
};

/// How to read a file.
#[derive(Debug)]
pub(crate) enum Plan {
    /// A CSV of this layout; its header, where it has one, is still to be skipped.
    Csv {
        format: Format,
        columns: Columns,
        header: bool,
    },
    BinanceWs,
    Ndjson,
    Dbn,
    /// There is nothing in it, and that is as it should be.
    Nothing(Format),
}

impl Plan {
    const fn csv(format: Format, columns: Columns, header: bool) -> Self {
        Self::Csv { format, columns, header }
    }
}

/// Lines of JSON that are looked at to tell one stream from another.
const LINES_OF_JSON: usize = 200;

/// Looks at the start of `source`, and takes nothing off but blank lines.
pub(crate) fn detect(source: &mut Source, options: &ReadOptions) -> Result<Plan, FormatError> {
    let asked = options.format;
    if dbn::is_dbn(source.peek(4)) {
        return match asked {
            None | Some(Format::Dbn) if options.map.is_empty() => Ok(Plan::Dbn),
            None | Some(Format::Dbn) => Err(nothing_to_map("DBN")),
            Some(format) => Err(wrong(format, b"DBN, the encoding of Databento")),
        };
    }
    let start = first_lines(source)?;
    let line = first_of(start);
    if line.trim_ascii().is_empty() {
        // Tardis: "an empty file means no data".
        return match asked {
            Some(Format::Tardis) => Ok(Plan::Nothing(Format::Tardis)),
            _ => Err(FormatError::Empty),
        };
    }
    let (received, message) = binance_ws::split(line);
    let json = message.starts_with(b"{");
    let json_asked = matches!(asked, None | Some(Format::Ndjson | Format::BinanceWs));
    check(line, json, json_asked)?;
    if line.len() > MAX_LINE {
        return Err(FormatError::LineTooLong { line: source.number() + 1 });
    }
    let plan = match asked {
        None if json && received.is_empty() => json_plan(start)?,
        None | Some(Format::BinanceWs) if json => Plan::BinanceWs,
        Some(Format::Ndjson) if json && received.is_empty() => {
            json_plan(start)?;
            Plan::Ndjson
        }
        Some(format @ (Format::Dbn | Format::BinanceWs | Format::Ndjson)) => {
            return Err(wrong(format, line));
        }
        _ => return csv_plan(line, options),
    };
    if options.map.is_empty() { Ok(plan) } else { Err(nothing_to_map("JSON")) }
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

/// Ticks of ours, or Binance's stream without times of receipt.
fn json_plan(start: &[u8]) -> Result<Plan, FormatError> {
    let lines = start.split_inclusive(|byte| *byte == b'\n');
    let object = |line| serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(line).ok();
    for (number, object) in lines.take(LINES_OF_JSON).filter_map(object).enumerate() {
        if number == 0
            && let Some(error) = mistaken::own_object(object.keys().map(String::as_str))
        {
            return Err(error);
        }
        if ["stream", "e"].iter().any(|key| object.contains_key(*key)) {
            return Ok(Plan::BinanceWs);
        }
        if ["ts", "price"].iter().any(|key| object.contains_key(*key)) {
            break;
        }
    }
    Ok(Plan::Ndjson)
}

fn csv_plan(line: &[u8], options: &ReadOptions) -> Result<Plan, FormatError> {
    comma_plan(line, options).map_err(|error| with_cause(error, line))
}

/// The reason why the columns are not those of a CSV, where `line` has one.
pub(crate) fn with_cause(error: FormatError, line: &[u8]) -> FormatError {
    match error {
        FormatError::UnknownFormat { .. }
        | FormatError::WrongFormat { .. }
        | FormatError::WrongColumns { .. }
        | FormatError::UnknownColumns { .. }
        | FormatError::NoSuchColumn { .. } => mistaken::foreign_delimiter(line)
            .map_or(error, |delimiter| FormatError::ForeignDelimiter { delimiter }),
        error => error,
    }
}

/// The fields of a first line, which may lack its end.
pub(crate) fn header(line: &[u8]) -> Result<CsvRow, InvalidInput> {
    let ending: &[u8] = if line.ends_with(b"\n") { b"" } else { b"\n" };
    CsvRow::of(&[line, ending].concat())
}

fn comma_plan(line: &[u8], options: &ReadOptions) -> Result<Plan, FormatError> {
    let first = header(line).map_err(|_| unknown(line))?;
    let asked = options.format;
    // A map is for columns whose names nobody knows, and means a CSV of one's own.
    let own = asked == Some(Format::Csv) || (asked.is_none() && !options.map.is_empty());
    if !own && !options.map.is_empty() {
        return Err(nothing_to_map("of another format"));
    }
    if !own && asked != Some(Format::Tardis) {
        let format = Format::BinanceTrades;
        if let Some((columns, header)) = binance::columns(&first)? {
            return Ok(Plan::csv(format, columns, header));
        }
    }
    if !own && asked != Some(Format::BinanceTrades) {
        let format = Format::Tardis;
        if let Some(columns) = tardis::columns(&first)? {
            return Ok(Plan::csv(format, columns, true));
        }
    }
    if let Some(format @ (Format::BinanceTrades | Format::Tardis)) = asked {
        return Err(wrong(format, line));
    }
    if number::is_digits(first.get(0)) {
        return Err(unknown(line));
    }
    let columns = Columns::named(&first, &options.map)?;
    if options.symbol.is_none() && !columns.has(Field::Symbol) {
        return Err(FormatError::MissingSymbol);
    }
    Ok(Plan::csv(Format::Csv, columns, true))
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
