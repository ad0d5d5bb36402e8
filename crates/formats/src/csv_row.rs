//! One line of a CSV in its fields, and rows as people can read them.

use std::fmt;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use tradekeep_models::InvalidInput;

use crate::columns::Cells;

/// No table of trades is wider.
const MOST_FIELDS: usize = 1024;
/// Of a rejected row, this much is kept.
pub(crate) const LONGEST_ROW: usize = 4096;
/// Of a header or a first line, this much is shown.
const LONGEST_SHOWN: usize = 160;

/// The fields of one line, unquoted and trimmed. Kept from line to line for its buffers.
pub(crate) struct CsvRow {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    len: usize,
}

impl CsvRow {
    pub(crate) fn new() -> Self {
        Self {
            // A carriage return before the line's end is trimmed with other space.
            reader: ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build(),
            text: Vec::new(),
            ends: vec![0; MOST_FIELDS],
            len: 0,
        }
    }

    /// The fields of `line`.
    pub(crate) fn of(line: &[u8]) -> Result<Self, InvalidInput> {
        let mut row = Self::new();
        row.read(line)?;
        Ok(row)
    }

    /// Takes the fields of `line`, which ends with `\n`. A quoted field ends within its line, so
    /// that one quote too many costs one row and not the rest of the file.
    pub(crate) fn read(&mut self, line: &[u8]) -> Result<(), InvalidInput> {
        if self.text.len() < line.len() {
            self.text.resize(line.len(), 0);
        }
        self.reader.reset();
        let (result, _, _, len) = self.reader.read_record(line, &mut self.text, &mut self.ends);
        self.len = len;
        let problem = match result {
            ReadRecordResult::Record | ReadRecordResult::End => return Ok(()),
            ReadRecordResult::InputEmpty => "has a quote that is not closed on its line",
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                "has more than 1024 fields"
            }
        };
        self.len = 0;
        Err(InvalidInput::new("row", problem))
    }

    /// Takes the fields of `line`, which has as many of them as its header.
    pub(crate) fn read_row(&mut self, line: &[u8], width: usize) -> Result<(), InvalidInput> {
        self.read(line)?;
        self.drop_empty_end(width);
        if self.len == width {
            return Ok(());
        }
        let reason = format!("has {} fields where {width} belong", self.len);
        Err(InvalidInput::new("row", reason))
    }

    /// Leaves out what is behind the last comma of a row that has one too many.
    pub(crate) fn drop_empty_end(&mut self, width: usize) {
        if self.len == width + 1 && self.get(width).is_empty() {
            self.len = width;
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// A field, empty where there is none.
    pub(crate) fn get(&self, place: usize) -> &[u8] {
        if place >= self.len {
            return &[];
        }
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text[start..self.ends[place]].trim_ascii()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len).map(|place| self.get(place))
    }

    /// The fields in one line for a message.
    pub(crate) fn printable(&self) -> String {
        let names: Vec<_> = self.iter().map(String::from_utf8_lossy).collect();
        printable(names.join(", ").as_bytes())
    }
}

impl Cells for CsvRow {
    fn cell(&self, place: usize) -> &[u8] {
        self.get(place)
    }
}

impl fmt::Debug for CsvRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The start of `text` for a message: without what would break its line.
pub(crate) fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text.trim_ascii());
    let mut shown: String = text.chars().take(LONGEST_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A rejected row as it was, without its line end, cut where it is long.
pub(crate) fn row_text(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let cut = &line[..line.len().min(LONGEST_ROW)];
    String::from_utf8_lossy(cut).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Result<Vec<String>, String> {
        let row = CsvRow::of(line.as_bytes()).map_err(|e| e.to_string())?;
        Ok(row.iter().map(|f| String::from_utf8_lossy(f).into()).collect())
    }

    #[test]
    fn quotes_and_space_go() {
        assert_eq!(fields("a, b ,\"c,d\",\"e\"\"f\"\r\n").unwrap(), ["a", "b", "c,d", "e\"f"]);
        assert_eq!(fields(",,\n").unwrap(), ["", "", ""]);
        assert_eq!(fields("x\n").unwrap(), ["x"]);
        assert!(fields("\"a,b\n").unwrap_err().contains("quote"));
        assert!(fields(&format!("{}\n", ",".repeat(1100))).unwrap_err().contains("1024"));
    }

    #[test]
    fn a_bad_line_does_not_spoil_the_next() {
        let mut row = CsvRow::new();
        assert!(row.read(b"\"a,b\n").is_err());
        row.read(b"1,2\n").unwrap();
        assert_eq!(row.iter().collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(row.get(2), b"");
    }

    #[test]
    fn messages_stay_on_one_line() {
        assert_eq!(printable(b"a\tb\x00c\n"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(printable("x".repeat(200).as_bytes()).chars().count(), 161);
        assert_eq!(row_text(b"a,\xff\r\n"), "a,\u{fffd}");
        assert_eq!(row_text(&[b'x'; 10_000]).len(), 4096);
    }
}
