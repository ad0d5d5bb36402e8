//! Opening a file, and the rows in it.

use std::collections::VecDeque;
use std::fmt;
use std::io::Read;

use tradekeep_models::for_each_record;
use tradekeep_models::record::Record;

use crate::decompress::Decompressed;
use crate::records::RecordRows;
use crate::source::Source;
use crate::ticks::TickRows;
use crate::{Format, FormatError, ReadOptions};

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row<R> {
    /// A record.
    Record(R),
    /// A row that is none. It does not stop the others.
    Rejected(Reject),
}

/// A row that is no such record, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reject {
    /// The line of the decompressed file, or in DBN the record, from 1.
    pub line: u64,
    /// The field and what is wrong with it, in one line.
    pub reason: String,
    /// The row as it was: of a file up to 4 KiB of it, of a stream up to [`MAX_LINE`](crate::MAX_LINE).
    pub row: String,
    /// The bytes of a row that is no UTF-8, where `row` is not all that it was.
    pub bytes: Option<Vec<u8>>,
}

impl Reject {
    /// The row of a line, and what is wrong with it.
    #[must_use]
    pub const fn new(line: u64, reason: String, row: String) -> Self {
        Self { line, reason, row, bytes: None }
    }
}

/// A record that is read from files, which each kind is. Ticks have formats of their own.
pub trait FileRecord: Record {
    /// How its rows are read.
    #[doc(hidden)]
    type Rows: Rows<Record = Self>;
}

macro_rules! file_records {
    (
        $(#[$tick_doc:meta])*
        Ticks(Tick) $ticks:ident = $tick_number:literal, $tick_table:literal, $tick:literal;
        $(
            $(#[$doc:meta])*
            $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;
        )+
    ) => {
        impl FileRecord for tradekeep_models::Tick {
            type Rows = TickRows;
        }
        $(
            impl FileRecord for tradekeep_models::$record {
                type Rows = RecordRows<Self>;
            }
        )+
    };
}

for_each_record!(file_records);

/// What makes records of the rows of a file.
pub trait Rows: fmt::Debug + Send + Sized + 'static {
    /// What a row is.
    type Record;

    /// Finds out how `source` is written, and takes off what comes before its rows.
    fn open(source: &mut Source, options: ReadOptions) -> Result<(Format, Self), FormatError>;

    /// What people are to know of how they were read.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The next row; nothing at the end.
    fn next(&mut self, source: &mut Source) -> Result<Option<Row<Self::Record>>, FormatError>;
}

/// Reads a file of records of one kind, row by row, in memory that does not grow with it.
///
/// Compression, format and the unit of times are found out from the file's content. After an error
/// there are no more rows.
///
/// ```
/// use tradekeep_formats::{ReadOptions, RecordReader, Row};
/// use tradekeep_models::{Latency, Tick};
///
/// let file = "ts,symbol,price,qty\n2024-08-08T10:00:05Z,BTC-USD,61837.63,3.844E-5\n";
/// let mut rows = RecordReader::<Tick>::open(Box::new(file.as_bytes()), ReadOptions::default())?;
/// let Some(Ok(Row::Record(tick))) = rows.next() else { panic!() };
/// assert_eq!(tick.quantity().to_string(), "0.00003844");
/// assert!(rows.next().is_none());
///
/// let file = "timestamp,service,operation,latency_ms\n2024-08-08T10:00:05Z,router,quote,1.25\n";
/// let mut rows = RecordReader::<Latency>::open(Box::new(file.as_bytes()), ReadOptions::default())?;
/// let Some(Ok(Row::Record(latency))) = rows.next() else { panic!() };
/// assert_eq!((latency.latency_ns, latency.success), (1_250_000, true));
/// assert_eq!(latency.stream.as_str(), "import");
/// # Ok::<(), tradekeep_formats::FormatError>(())
/// ```
#[derive(Debug)]
pub struct RecordReader<R: FileRecord> {
    source: Source,
    rows: R::Rows,
    format: Format,
    done: bool,
    /// Rejected rows before the first other one, as long as there is none: all may be so.
    first: Option<Alike>,
    /// Of those, what is still to be given, and what comes behind them.
    held: VecDeque<Reject>,
    waiting: Option<Result<Row<R>, FormatError>>,
}

/// Rows that are rejected for one reason.
#[derive(Debug, Default)]
struct Alike {
    rejects: VecDeque<Reject>,
}

/// Rows after which it is said that all are rejected for one reason, and before which it is not.
const MOST_ALIKE: usize = 10_000;
const FEWEST_ALIKE: usize = 2;

impl<R: FileRecord> RecordReader<R> {
    /// Reads as much of `input` as tells how to read the rest.
    ///
    /// # Errors
    /// When it is empty, is in no format of such records or not in the one asked for, holds something
    /// else, has columns that the records do not have or lacks one that they need, or cannot be read;
    /// and when [`ReadOptions::check`] refuses `options`.
    pub fn open(input: Box<dyn Read + Send>, options: ReadOptions) -> Result<Self, FormatError> {
        options.check(R::TABLE)?;
        let mut source = Source::new(Decompressed::new(input)?.decoded(options.encoding));
        let (format, rows) = R::Rows::open(&mut source, options)?;
        let (first, held) = (Some(Alike::default()), VecDeque::new());
        Ok(Self { source, rows, format, done: false, first, held, waiting: None })
    }

    /// The file's format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The line of the row that came last, from 1, in the decompressed file; in DBN its record.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.source.number()
    }

    /// What people are to know of how the rows so far were read: which column was taken for what by what is in it,
    /// what was rounded.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.rows.notes()
    }

    /// The next row as it comes.
    fn read(&mut self) -> Option<Result<Row<R>, FormatError>> {
        if self.done {
            return None;
        }
        let next = self.rows.next(&mut self.source);
        self.done = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

impl<R: FileRecord> Iterator for RecordReader<R> {
    type Item = Result<Row<R>, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(reject) = self.held.pop_front() {
            return Some(Ok(Row::Rejected(reject)));
        }
        if let Some(waiting) = self.waiting.take() {
            return Some(waiting);
        }
        let Some(mut alike) = self.first.take() else { return self.read() };
        loop {
            match self.read() {
                Some(Ok(Row::Rejected(reject))) if alike.has(&reject) => {
                    alike.rejects.push_back(reject);
                    if alike.rejects.len() >= MOST_ALIKE {
                        self.done = true;
                        return Some(Err(alike.error()));
                    }
                }
                None if alike.rejects.len() >= FEWEST_ALIKE => return Some(Err(alike.error())),
                next => {
                    (self.held, self.waiting) = (alike.rejects, next);
                    return match self.held.pop_front() {
                        Some(reject) => Some(Ok(Row::Rejected(reject))),
                        None => self.waiting.take(),
                    };
                }
            }
        }
    }
}

impl Alike {
    fn has(&self, reject: &Reject) -> bool {
        self.rejects.front().is_none_or(|first| first.reason == reject.reason)
    }

    fn error(self) -> FormatError {
        let rows = self.rejects.len() as u64;
        let first = self.rejects.into_iter().next();
        let (line, reason) = first.map(|first| (first.line, first.reason)).unwrap_or_default();
        FormatError::AllAlike { rows, reason, line }
    }
}

impl<R: FileRecord> std::iter::FusedIterator for RecordReader<R> {}
