//! Bounded reading: lines of text, or exact numbers of bytes, out of one buffer.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

use crate::FormatError;
use crate::csv_row::LONGEST_ROW;
use crate::decompress::Decompressed;
use crate::error::FilePosition;
use crate::json_array;

/// The longest line that is read, in bytes: 1 MiB. A longer one is a rejected row.
pub const MAX_LINE: usize = 1 << 20;

/// A line that has not ended by then is no row gone wrong: it may never end.
const LONGEST_SKIPPED: usize = 64 << 20;

const CHUNK: usize = 1 << 18;

/// A line of text that is not blank.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: u64,
    /// It ends with `\n`, if need be with one that the file lacks.
    pub(crate) text: &'a [u8],
    /// Longer than [`MAX_LINE`]: `text` is its start only.
    pub(crate) too_long: bool,
}

/// The decompressed file behind a buffer that never outgrows [`MAX_LINE`] plus a chunk.
pub struct Source {
    input: Decompressed,
    buffer: Vec<u8>,
    /// Where the unread bytes start, and end.
    start: usize,
    end: usize,
    /// No more bytes will come.
    ended: bool,
    /// What reading ended with; told once all whole lines before it are read.
    error: Option<io::Error>,
    position: FilePosition,
    /// Whether the rows are the elements of a JSON array, and the array is not at its end.
    array: Option<bool>,
}

impl Source {
    pub(crate) fn new(input: Decompressed) -> Self {
        Self {
            input,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            ended: false,
            error: None,
            position: FilePosition::Line(0),
            array: None,
        }
    }

    /// Takes off so many lines, blank ones too.
    pub(crate) fn skip_lines(&mut self, lines: u64) -> Result<(), FormatError> {
        for _ in 0..lines {
            if self.next_line()?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Says that the rows are the elements of the JSON array that begins here: each is a record.
    pub(crate) fn begin_array(&mut self) {
        let blank = self.unread().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.skip(blank + 1);
        self.count_records();
        self.array = Some(true);
    }

    /// The last line or record read.
    pub(crate) const fn position(&self) -> FilePosition {
        self.position
    }

    /// The number of the last line or record read.
    pub(crate) const fn number(&self) -> u64 {
        match self.position {
            FilePosition::Line(number) | FilePosition::Record(number) => number,
        }
    }

    /// Says that the file has records, not lines.
    pub(crate) const fn count_records(&mut self) {
        self.position = FilePosition::Record(0);
    }

    /// Says that a record has been read.
    pub(crate) const fn count_record(&mut self) {
        self.position = FilePosition::Record(self.number() + 1);
    }

    /// Unread bytes: `wanted` or more, unless the file ends before.
    pub(crate) fn peek(&mut self, wanted: usize) -> &[u8] {
        while self.end - self.start < wanted && self.fill() {}
        self.unread()
    }

    /// Reads until so many lines are unread, or the file ends: of a pipe no more than that is waited for.
    pub(crate) fn await_lines(&mut self, lines: usize) {
        let has = |unread: &[u8]| memchr::memchr_iter(b'\n', unread).take(lines).count() >= lines;
        while !has(self.unread()) && self.end - self.start <= MAX_LINE && self.fill() {}
    }

    /// Takes `count` bytes off what [`peek`](Self::peek) shows.
    pub(crate) fn skip(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    /// Unread bytes that hold a whole first line, blank lines before it gone; or all that there is,
    /// where it has no end or is too long.
    pub(crate) fn peek_line(&mut self) -> Result<&[u8], FormatError> {
        loop {
            let unread = self.unread();
            let blank = unread.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let blank_lines = unread[..blank].iter().rposition(|b| *b == b'\n');
            if let Some(last) = blank_lines {
                let lines = memchr::memchr_iter(b'\n', &unread[..=last]).count();
                self.position =
                    FilePosition::Line(self.number() + u64::try_from(lines).unwrap_or(0));
                self.start += last + 1;
                continue;
            }
            let searched = unread.len();
            if memchr::memchr(b'\n', unread).is_some() || searched > MAX_LINE || !self.fill() {
                break;
            }
        }
        if memchr::memchr(b'\n', self.unread()).is_none()
            && let Some(error) = self.take_error()
        {
            return Err(error);
        }
        Ok(self.unread())
    }

    /// The next line that is not blank.
    pub(crate) fn text_line(&mut self) -> Result<Option<Line<'_>>, FormatError> {
        if let Some(is_open) = self.array {
            return if is_open { self.next_element() } else { Ok(None) };
        }
        while let Some((line, too_long)) = self.next_line()? {
            if too_long || !self.buffer[line.clone()].trim_ascii().is_empty() {
                let number = self.number();
                return Ok(Some(Line { number, text: &self.buffer[line], too_long }));
            }
        }
        Ok(None)
    }

    /// The next element of the array.
    fn next_element(&mut self) -> Result<Option<Line<'_>>, FormatError> {
        loop {
            let between = json_array::between(self.unread());
            self.skip(between);
            if self.unread().first() == Some(&b']') {
                self.array = Some(false);
                return Ok(None);
            }
            if let Some(length) = json_array::element(self.unread()) {
                self.count_record();
                self.start += length;
                let text = &self.buffer[self.start - length..self.start];
                return Ok(Some(Line { number: self.number(), text, too_long: false }));
            }
            if self.unread().len() > MAX_LINE {
                return Err(FormatError::EndlessLine { line: self.number() + 1 });
            }
            if !self.fill() {
                self.array = Some(false);
                let cut = FormatError::Truncated { data: "JSON", position: self.position };
                return Err(self.take_error().unwrap_or(cut));
            }
        }
    }

    /// Where in the buffer the next line is, and whether that is only its start.
    fn next_line(&mut self) -> Result<Option<(Range<usize>, bool)>, FormatError> {
        let mut searched = 0;
        let length = loop {
            let unread = &self.buffer[self.start + searched..self.end];
            if let Some(at) = memchr::memchr(b'\n', unread) {
                break searched + at + 1;
            }
            searched += unread.len();
            if searched > MAX_LINE {
                break searched;
            }
            if self.fill() {
                continue;
            }
            if let Some(error) = self.take_error() {
                return Err(error);
            }
            if searched == 0 {
                return Ok(None);
            }
            self.make_room();
            self.buffer[self.end] = b'\n';
            self.end += 1;
        };
        if length > MAX_LINE {
            return Ok(Some((self.skip_long_line()?, true)));
        }
        self.position = FilePosition::Line(self.number() + 1);
        self.start += length;
        Ok(Some((self.start - length..self.start, false)))
    }

    /// Takes off the line that starts here, and leaves its first bytes at the buffer's front: they
    /// stay there while the rest of the line goes through the room behind them.
    fn skip_long_line(&mut self) -> Result<Range<usize>, FormatError> {
        self.make_room();
        let mut skipped = LONGEST_ROW;
        loop {
            let rest = &self.buffer[LONGEST_ROW..self.end];
            if let Some(at) = memchr::memchr(b'\n', rest) {
                self.start = LONGEST_ROW + at + 1;
                break;
            }
            skipped += rest.len();
            if skipped > LONGEST_SKIPPED {
                return Err(FormatError::EndlessLine { line: self.number() + 1 });
            }
            self.end = LONGEST_ROW;
            if self.fill() {
                continue;
            }
            if let Some(error) = self.take_error() {
                return Err(error);
            }
            self.start = self.end;
            break;
        }
        self.position = FilePosition::Line(self.number() + 1);
        Ok(0..LONGEST_ROW)
    }

    /// The error that ended the file, where one did.
    pub(crate) fn take_error(&mut self) -> Option<FormatError> {
        let error = self.error.take()?;
        Some(self.input.explain(error, self.position))
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Reads some more bytes; false where there are none.
    fn fill(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.make_room();
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = true;
                    self.error = Some(error);
                }
            }
            return !self.ended;
        }
    }

    /// Makes the buffer's end free: by moving what is unread to its front, or by growing it.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < CHUNK / 2 {
            self.buffer.resize(self.buffer.len() + CHUNK, 0);
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The bytes are the user's data.
        f.debug_struct("Source")
            .field("position", &self.position)
            .field("unread", &self.unread().len())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_does_not_grow_with_a_line() {
        let long = io::repeat(b'x').take(20 << 20);
        let input = long.chain(&b"\nnext\n"[..]);
        let mut source = Source::new(Decompressed::new(Box::new(input)).unwrap());
        let line = source.text_line().unwrap().unwrap();
        assert!(line.too_long && line.number == 1);
        assert_eq!(line.text, [b'x'; LONGEST_ROW]);
        assert_eq!(source.text_line().unwrap().unwrap().text, b"next\n");
        assert!(source.text_line().unwrap().is_none());
        assert!(source.buffer.len() <= MAX_LINE + 2 * CHUNK, "{}", source.buffer.len());
    }

    #[test]
    fn elements_of_an_array_are_rows() {
        let rows = |text: &'static str| {
            let mut source = Source::new(Decompressed::new(Box::new(text.as_bytes())).unwrap());
            source.peek(1);
            source.begin_array();
            let mut rows = Vec::new();
            loop {
                match source.text_line() {
                    Ok(Some(line)) => rows.push(String::from_utf8_lossy(line.text).into_owned()),
                    Ok(None) => return Ok(rows),
                    Err(error) => return Err(error.to_string()),
                }
            }
        };
        let text = " [ {\"a\": \"]}\\\"\"},\n [1,[2]] ,3\n]\n";
        assert_eq!(rows(text).unwrap(), ["{\"a\": \"]}\\\"\"}", "[1,[2]]", "3"]);
        assert_eq!(rows("[]").unwrap(), [""; 0]);
        assert!(
            rows("[1,{")
                .unwrap_err()
                .contains("ends in the middle of its JSON data, after record 1")
        );
    }
}
