//! Which format a file is in.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::columns::Columns;
use crate::record::{Record, printable};
use crate::source::{MAX_LINE, Source};
use crate::{Field, Format, FormatError, ReadOptions, binance, binance_ws, dbn, number, tardis};

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
    if source.peek(3).starts_with(b"\xef\xbb\xbf") {
        source.skip(3);
    }
    let start = source.peek_line()?;
    let line = match memchr::memchr(b'\n', start) {
        Some(end) => &start[..=end],
        None => start,
    };
    if line.trim_ascii().is_empty() {
        // Tardis: "an empty file means no data".
        return match asked {
            Some(Format::Tardis) => Ok(Plan::Nothing(Format::Tardis)),
            _ => Err(FormatError::Empty),
        };
    }
    if let Some(error) = not_text(line) {
        return Err(error);
    }
    if line.len() > MAX_LINE {
        return Err(FormatError::LineTooLong { line: source.number() + 1 });
    }
    let (received, message) = binance_ws::split(line);
    let json = message.starts_with(b"{");
    let plan = match asked {
        None if json && received.is_empty() => json_plan(start),
        None | Some(Format::BinanceWs) if json => Plan::BinanceWs,
        Some(Format::Ndjson) if json && received.is_empty() => Plan::Ndjson,
        Some(format @ (Format::Dbn | Format::BinanceWs | Format::Ndjson)) => {
            return Err(wrong(format, line));
        }
        _ => return csv_plan(line, options),
    };
    if options.map.is_empty() { Ok(plan) } else { Err(nothing_to_map("JSON")) }
}

/// Ticks of ours, or Binance's stream without times of receipt.
fn json_plan(start: &[u8]) -> Plan {
    let lines = start.split_inclusive(|byte| *byte == b'\n');
    for line in lines.take(LINES_OF_JSON) {
        let Ok(object) = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(line) else {
            continue;
        };
        if ["stream", "e"].iter().any(|key| object.contains_key(*key)) {
            return Plan::BinanceWs;
        }
        if ["ts", "price"].iter().any(|key| object.contains_key(*key)) {
            return Plan::Ndjson;
        }
    }
    Plan::Ndjson
}

fn csv_plan(line: &[u8], options: &ReadOptions) -> Result<Plan, FormatError> {
    let ending: &[u8] = if line.ends_with(b"\n") { b"" } else { b"\n" };
    let first = Record::of(&[line, ending].concat()).map_err(|_| unknown(line))?;
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

/// Files that people take for the text in them, and what to do instead.
const BINARY: [(&[u8], &str, &str); 9] = [
    (b"PK\x03\x04", "a zip archive", "unpack it, or pipe `unzip -p FILE` into `import -`"),
    (b"BZh", "bzip2 data", "unpack it: .gz and .zst are read as they are"),
    (b"\xfd7zXZ", "xz data", "unpack it: .gz and .zst are read as they are"),
    (b"\x04\x22\x4d\x18", "lz4 data", "unpack it: .gz and .zst are read as they are"),
    (b"PAR1", "a Parquet file", "export it as CSV"),
    (b"ARROW1", "an Arrow file", "export it as CSV"),
    (b"%PDF", "a PDF", "export its table as CSV"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
];

/// Why the first line is no text, where it is none.
fn not_text(line: &[u8]) -> Option<FormatError> {
    let known = BINARY.iter().find(|(magic, ..)| line.starts_with(magic));
    let (found, remedy) = match known {
        Some((_, found, remedy)) => (*found, *remedy),
        None => {
            let control = |b: &u8| b.is_ascii_control() && !b.is_ascii_whitespace();
            let found = if line.iter().any(control) {
                "binary"
            } else if !line.is_ascii() && is_broken_utf8(line) {
                "binary, or text in an encoding other than UTF-8"
            } else {
                return None;
            };
            (found, "give CSV, JSON lines or DBN, plain or as .gz or .zst")
        }
    };
    Some(FormatError::NotText { found: found.into(), remedy })
}

fn is_broken_utf8(line: &[u8]) -> bool {
    // A line that is too long may be cut inside a character.
    std::str::from_utf8(line)
        .is_err_and(|error| error.error_len().is_some() || line.ends_with(b"\n"))
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
