//! Files that people take for a supported one, and what to do instead.

use tradekeep_models::Table;

use crate::FormatError;
use crate::names::plain;

/// Files that people take for the text in them.
const BINARY: [(&[u8], &str, &str); 9] = [
    (b"PK\x03\x04", "a zip archive", "unpack it, or pipe `unzip -p FILE` into `import -`"),
    (b"BZh", "bzip2 data", "unpack it: .gz and .zst are read as they are"),
    (b"\xfd7zXZ", "xz data", "unpack it: .gz and .zst are read as they are"),
    (b"\x04\x22\x4d\x18", "lz4 data", "unpack it: .gz and .zst are read as they are"),
    (b"PAR1", "a Parquet file", "export it as CSV"),
    (b"ARROW1", "an Arrow file", "export it as CSV"),
    (b"%PDF", "a PDF", "export its table as CSV"),
    (b"\xff\xfe", "UTF-16 text", "say so: --encoding utf-16le"),
    (b"\xfe\xff", "UTF-16 text", "say so: --encoding utf-16be"),
];

/// Why the first line is no text, where it is none.
pub(crate) fn not_text(line: &[u8]) -> Option<FormatError> {
    let known = BINARY.iter().find(|(magic, ..)| line.starts_with(magic));
    let (found, remedy) = match known {
        Some((_, found, remedy)) => (*found, *remedy),
        None => {
            // Not so 0x7f, which messages in JSON may have.
            let control = |b: &u8| *b < b' ' && !b.is_ascii_whitespace();
            if line.iter().any(control) {
                ("binary", "give CSV, JSON lines or DBN, plain or as .gz or .zst")
            } else if !line.is_ascii() && is_broken_utf8(line) {
                (
                    "binary, or text in an encoding other than UTF-8",
                    "say which: --encoding gbk, big5, windows-1252, …; or give CSV, JSON lines or DBN, plain or as \
                     .gz or .zst",
                )
            } else {
                return None;
            }
        }
    };
    Some(FormatError::NotText { found: found.into(), remedy })
}

fn is_broken_utf8(line: &[u8]) -> bool {
    // A line that is too long may be cut inside a character.
    std::str::from_utf8(line)
        .is_err_and(|error| error.error_len().is_some() || line.ends_with(b"\n"))
}

/// How arrays come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Array {
    /// The file is one, of rows.
    Whole,
    /// Each line is one, of values.
    Lines,
}

/// How the arrays come that a file begins with.
pub(crate) fn array(start: &[u8]) -> Option<Array> {
    let (b'[', rest) = start.trim_ascii_start().split_first()? else { return None };
    match rest.trim_ascii_start().first()? {
        b'[' | b'{' | b']' => Some(Array::Whole),
        b'"' | b'-' | b'0'..=b'9' => {
            let line = memchr::memchr(b'\n', start).map_or(start, |end| &start[..end]);
            line.trim_ascii_end().ends_with(b"]").then_some(Array::Lines)
        }
        _ => None,
    }
}

/// Whether the file is JSON, but in an array. A column's name may start with `[` too.
pub(crate) fn is_json_array(line: &[u8]) -> bool {
    let Some((b'[', rest)) = line.trim_ascii().split_first() else {
        return false;
    };
    let element = rest.trim_ascii_start().first();
    element.is_none_or(|b| matches!(b, b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9'))
}

/// Whether a carriage return alone ends the first row, so that `line` is more than that row.
pub(crate) fn has_lone_return(line: &[u8], json: bool) -> bool {
    let line = line.trim_ascii();
    memchr::memchr_iter(b'\r', line).any(|at| {
        let (before, after) = (&line[..at], &line[at + 1..]);
        // In JSON it may stand between any two words, but an object is over at its end.
        let next = |b: &u8| *b == b'{' || b.is_ascii_digit();
        !json || (before.ends_with(b"}") && after.first().is_some_and(next))
    })
}

/// What separates the columns, where it is no comma. A tick takes three columns.
pub(crate) fn foreign_delimiter(line: &[u8]) -> Option<char> {
    let count = |wanted: u8| {
        let unquoted = line.split(|b| *b == b'"').step_by(2);
        unquoted.map(|part| memchr::memchr_iter(wanted, part).count()).sum::<usize>()
    };
    let found = [b'\t', b';', b'|'].into_iter().max_by_key(|delimiter| count(*delimiter))?;
    (count(found) >= 2 && count(found) > count(b',')).then_some(char::from(found))
}

/// Columns that no public trade has, in their plain form.
const OWN_FIELDS: [&str; 23] = [
    "clientorderid",
    "clientoid",
    "orderlinkid",
    "orderid",
    "orderno",
    "ordernumber",
    "order",
    "fillid",
    "traderid",
    "executedprice",
    "execfee",
    "fee",
    "fees",
    "commission",
    "commissionasset",
    "liquidity",
    "lastliquidity",
    "takerormaker",
    "realizedpnl",
    "realisedpnl",
    "realizedprofit",
    "pnl",
    "portfolio",
];

/// Whether a column of this name tells of something of one's own.
pub(crate) fn is_own(name: &str) -> bool {
    let name = plain(name);
    OWN_FIELDS.contains(&name.as_str())
        || name.starts_with("fee(")
        || name.starts_with("commission(")
}

/// What a table with these columns is, where it is data of a market, and no trades.
pub(crate) fn other_table(names: &[String]) -> Option<FormatError> {
    let names: Vec<_> = names.iter().map(|name| plain(name)).collect();
    let has =
        |start: &str| names.iter().any(|name| name.starts_with(start) || name.ends_with(start));
    let found = if ["open", "high", "low", "close"].iter().all(|name| has(name)) {
        ("candles", "single trades; candles come in by --type candles")
    } else if has("bid") && has("ask") {
        ("quotes", "trades: what was bid and asked is none, and is not stored")
    } else {
        return None;
    };
    Some(FormatError::UnsupportedSchema {
        found: format!(
            "{} (columns {})",
            found.0,
            crate::csv_row::printable(names.join(", ").as_bytes())
        ),
        supported: found.1.into(),
    })
}

/// Fields of records of ours that no tick has.
const OWN_OBJECTS: [&str; 4] = ["client_order_id", "fill_id", "trader_id", "executed_price"];

/// Why an object with these fields, the first of a file, is no tick, where it is a record of one's own:
/// it has a field that tells so, or they all are fields of such a record and not of a tick. The fields of
/// other systems' messages can be a record's too, but none of them has a `ts`.
pub(crate) fn own_object<'a>(fields: impl Iterator<Item = &'a str> + Clone) -> Option<FormatError> {
    let has = |table: Table, field: &str| table.columns().iter().any(|column| column.name == field);
    let telling = || fields.clone().find(|field| OWN_OBJECTS.contains(field));
    let all_of_a_record = || {
        let mut records = Table::ALL.iter().filter(|table| **table != Table::Ticks);
        records.any(|table| fields.clone().all(|field| has(*table, field)))
    };
    let foreign = || fields.clone().find(|field| !has(Table::Ticks, field));
    let dated = fields.clone().any(|field| field == "ts");
    let own = telling().or_else(|| foreign().filter(|_| dated && all_of_a_record()))?;
    Some(FormatError::UnsupportedSchema {
        found: format!("records of your own (field {own})"),
        supported: "public trades; say with --type what the rows are (trades, orders, fills, …)"
            .into(),
    })
}
