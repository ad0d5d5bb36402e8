//! Records of any kind, one JSON object at a time.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use tradekeep_models::record::Record;
use tradekeep_models::{AnyRecord, InvalidInput, Table, for_each_record};

use super::json::{Objects, TYPE};
use super::maker::Maker;
use super::unknown::UnknownFields;
use super::values::Raw;
use crate::draft::Drafter;
use crate::foreign::foreign_tick;
use crate::json::{object, string};
use crate::lines::skipped;
use crate::ndjson::live_tick;
use crate::source::MAX_LINE;
use crate::{ReadOptions, Reject};

macro_rules! readers {
    ($(
        $(#[$doc:meta])*
        $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;
    )+) => {
        /// What reads the lines of each table.
        struct Readers {
            $($list: Reader<tradekeep_models::$record>,)+
        }

        impl Readers {
            fn new(options: &ReadOptions) -> Self {
                Self { $($list: Reader::new(options),)+ }
            }

            /// The record of a line of `table`.
            fn read(&mut self, table: Table, line: &[u8]) -> Result<Line, InvalidInput> {
                match table {
                    $(Table::$table => self.$list.read(line).map(|(record, named_here)| {
                        Line { record: record.into(), named_here }
                    }),)+
                }
            }
        }
    };
}

for_each_record!(readers);

/// What a line holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The record.
    pub record: AnyRecord,
    /// Whether its identity was made up here, because the line has none: read again it is another
    /// record.
    pub named_here: bool,
}

/// Reads records of any kind from lines that come one by one, as from a process at work.
///
/// A line is a JSON object, whose field `type` says what it is: `tick`, `trade`, `order`, `fill`,
/// `position`, `metric`, `latency`, `mev`, `event`, `node`, or the name of a table. Its other fields
/// are those of the files of such records. Each line stands for itself: the unit of a time goes by
/// its own digits, and what has no identity of its own (a tick without `trade_id` and `key`, a trade
/// without `id`, a fill without `fill_id`, a measurement or an event without `stream` and `seq`)
/// takes one that no other record has.
///
/// ```
/// use tradekeep_formats::LineReader;
/// use tradekeep_models::{AnyRecord, Table};
///
/// let mut lines = LineReader::new(Table::Ticks);
/// let text = br#"{"ts":"2024-08-08T10:00:05Z","symbol":"X","price":"1.5","quantity":2,"trade_id":7}"#;
/// let line = lines.read(1, text)?.unwrap();
/// assert!(matches!(&line.record, AnyRecord::Tick(tick) if tick.sequence() == 7));
/// assert!(!line.named_here);
///
/// let text = br#"{"type":"metric","ts":"2024-08-08T10:00:05Z","name":"lag_ms","value":45.3}"#;
/// assert!(lines.read(2, text)?.is_some_and(|line| line.named_here));
///
/// let reject = lines.read(3, br#"{"type":"tick","prize":1}"#).unwrap_err();
/// assert_eq!(reject.line, 3);
/// assert!(reject.reason.starts_with("json: unknown field `prize`"));
/// # Ok::<(), tradekeep_formats::Reject>(())
/// ```
pub struct LineReader {
    default: Table,
    options: ReadOptions,
    ticks: Drafter,
    others: Readers,
    /// Where fields that no record has are left out: which were.
    unknown: Option<UnknownFields>,
}

impl fmt::Debug for LineReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineReader").field("default", &self.default).finish_non_exhaustive()
    }
}

impl LineReader {
    /// Lines that do not say what they are belong to `default`.
    #[must_use]
    pub fn new(default: Table) -> Self {
        Self::with_options(default, ReadOptions::default())
    }

    /// The same, read so: of `options`, how times are written, whose side it is and what a negative quantity means,
    /// whether it is rounded, the venue and symbol of ticks that name none, and where in them what is.
    ///
    /// ```
    /// use tradekeep_formats::{LineReader, ReadOptions};
    /// use tradekeep_models::{AnyRecord, Table};
    ///
    /// let options = ReadOptions { map: "symbol=coin,_=hash".parse()?, ..ReadOptions::default() };
    /// let mut lines = LineReader::with_options(Table::Ticks, options);
    /// let text = br#"{"coin":"BTC","side":"A","px":"109183.0","sz":"0.5","time":1748327839460,"tid":11,"hash":"0xabc"}"#;
    /// let line = lines.read(1, text).map_err(|reject| reject.reason)?.unwrap();
    /// assert!(matches!(&line.record, AnyRecord::Tick(tick) if tick.side().is_some_and(|side| side.as_str() == "sell")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_options(default: Table, options: ReadOptions) -> Self {
        let (ticks, others) = (Drafter::new(&options), Readers::new(&options));
        Self { default, ticks, others, unknown: None, options }
    }

    /// The same, but a field that the record of a line does not have is left out and counted, where it would be an
    /// error: a source that tells more than before goes on being read.
    ///
    /// ```
    /// use tradekeep_formats::LineReader;
    /// use tradekeep_models::Table;
    ///
    /// let mut lines = LineReader::new(Table::Ticks).ignoring_unknown_fields();
    /// let text = br#"{"ts":"2024-08-08","symbol":"X","price":1,"quantity":2,"maker":true}"#;
    /// assert!(lines.read(1, text)?.is_some());
    /// assert_eq!(lines.unknown_fields().collect::<Vec<_>>(), [(Table::Ticks, "maker", 1)]);
    /// # Ok::<(), tradekeep_formats::Reject>(())
    /// ```
    #[must_use]
    pub fn ignoring_unknown_fields(mut self) -> Self {
        self.unknown = Some(UnknownFields::default());
        self
    }

    /// The fields that were left out, each with how often.
    pub fn unknown_fields(&self) -> impl Iterator<Item = (Table, &str, u64)> {
        self.unknown.iter().flat_map(UnknownFields::counts)
    }

    /// What `line` holds, whose number is only for what is said of it; nothing where it is blank.
    ///
    /// # Errors
    /// When it is no such record, naming field and reason; or longer than [`MAX_LINE`].
    pub fn read(&mut self, number: u64, line: &[u8]) -> Result<Option<Line>, Reject> {
        // Its end is no column of it.
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return Ok(None);
        }
        self.line(line).map(Some).map_err(|error| {
            let kept = &line[..line.len().min(MAX_LINE)];
            let (row, bytes) = match String::from_utf8_lossy(kept) {
                Cow::Borrowed(row) => (row.to_owned(), None),
                Cow::Owned(row) => (row, Some(kept.to_vec())),
            };
            Reject { line: number, reason: error.to_string(), row, bytes }
        })
    }

    fn line(&mut self, line: &[u8]) -> Result<Line, InvalidInput> {
        if line.len() > MAX_LINE {
            return Err(skipped());
        }
        let table = table_of(line)?.unwrap_or(self.default);
        let rest = match &mut self.unknown {
            Some(unknown) => unknown.leave_out(table, line, &self.options)?,
            None => None,
        };
        let line = rest.as_deref().unwrap_or(line);
        if table == Table::Ticks {
            let ours = if self.options.map.is_empty() && self.options.set.is_empty() {
                live_tick(line, &mut self.ticks)
            } else {
                Err(InvalidInput::new("json", UNKNOWN_FIELD))
            };
            let (tick, named_here) = match ours {
                // Whoever calls the fields otherwise is understood too; it is looked at only then.
                Err(error) if is_of_another(&error) => {
                    foreign_tick(line, &self.options, &mut self.ticks).unwrap_or(Err(error))?
                }
                tick => tick?,
            };
            return Ok(Line { record: tick.into(), named_here });
        }
        self.others.read(table, line)
    }
}

/// What the reason begins with that a field is not one of ours.
const UNKNOWN_FIELD: &str = "unknown field";

/// Whether a line has fields that are not called as ours.
fn is_of_another(error: &InvalidInput) -> bool {
    error.field == "json" && error.reason.starts_with(UNKNOWN_FIELD)
}

/// What a line says that it is.
#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

fn table_of(line: &[u8]) -> Result<Option<Table>, InvalidInput> {
    // Most lines of a stream of one kind do not say, and need not be read twice.
    if memchr::memmem::find(line, b"\"type\"").is_none() {
        return Ok(None);
    }
    let typed: Typed<'_> = object(line)?;
    let kind = string(TYPE, typed.kind)?;
    if kind.is_empty() {
        return Ok(None);
    }
    let known = Table::ALL.iter().find(|table| table.word() == kind).copied();
    known.or_else(|| kind.parse().ok()).map(Some).ok_or_else(|| {
        let known: Vec<_> = Table::ALL.iter().map(|table| table.word()).collect();
        InvalidInput::new(TYPE, format!("is none of {}", known.join(", ")))
    })
}

/// Reads the lines of one table.
struct Reader<R> {
    maker: Maker<R>,
    objects: Objects,
}

impl<R: Record> Reader<R> {
    fn new(options: &ReadOptions) -> Self {
        Self { maker: Maker::new(None, options, None), objects: Objects::typed() }
    }

    fn read(&mut self, line: &[u8]) -> Result<(R, bool), InvalidInput> {
        let values = self.objects.read(line, R::TABLE, self.maker.fields())?;
        self.maker.live(|number, field| match values[number] {
            Some(value) => Raw::of_json(R::COLUMNS[field.place].name, value),
            None => Ok(Raw::Absent),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_table_has_a_field_that_says_what_a_line_is() {
        for table in Table::ALL {
            assert!(super::super::names::fields(*table).iter().all(|field| field.name != TYPE));
        }
    }
}
