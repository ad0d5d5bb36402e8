//! Opening a file of records, and the rows in it.

use std::fmt;
use std::io::Read;

use tradekeep_models::record::Record;
use tradekeep_models::{InvalidInput, StreamId};

use super::FieldMap;
use super::detect::detect;
use super::header::Columns;
use super::json::Objects;
use super::maker::Maker;
use super::values::Raw;
use crate::csv_row::CsvRow;
use crate::decompress::Decompressed;
use crate::lines::next_row;
use crate::source::Source;
use crate::{Format, FormatError, Reject};

/// What a file of records does not say of itself. By default everything is found out.
#[derive(Debug, Clone, Default)]
pub struct RecordOptions {
    /// The format, where it is not to be detected: [`Format::Csv`] or [`Format::Ndjson`].
    pub format: Option<Format>,
    /// The columns of a CSV whose names do not say what they hold.
    pub map: FieldMap,
    /// Keeps rows without identity apart from equal rows of other sources; measurements and events
    /// without a stream have it for one.
    pub source: Option<StreamId>,
}

/// One row of a file of records.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordRow<R> {
    /// A record.
    Record(R),
    /// A row that is none. It does not stop the others.
    Rejected(Reject),
}

/// Reads a file of records of one type, row by row, in memory that does not grow with it.
///
/// The file is a CSV with a header or one JSON object a line, plain, gzip or zstd; which is found out
/// from its content. After an error there are no more rows.
///
/// ```
/// use tradekeep_formats::{RecordOptions, RecordReader, RecordRow};
/// use tradekeep_models::Latency;
///
/// let file = "timestamp,service,operation,latency_ms\n2024-08-08T10:00:05Z,router,quote,1.25\n";
/// let mut rows = RecordReader::<Latency>::open(Box::new(file.as_bytes()), RecordOptions::default())?;
/// let Some(Ok(RecordRow::Record(latency))) = rows.next() else { panic!() };
/// assert_eq!((latency.latency_ns, latency.success), (1_250_000, true));
/// assert_eq!(latency.stream.as_str(), "import");
/// assert!(rows.next().is_none());
/// # Ok::<(), tradekeep_formats::FormatError>(())
/// ```
pub struct RecordReader<R> {
    source: Source,
    maker: Maker<R>,
    rows: Rows,
    done: bool,
}

#[derive(Debug)]
enum Rows {
    Csv { columns: Columns, fields: Box<CsvRow> },
    Ndjson(Objects),
}

impl<R: Record> RecordReader<R> {
    /// Reads as much of `input` as tells how to read the rest.
    ///
    /// # Errors
    /// When it is empty, is neither CSV nor NDJSON or not what was asked for, has columns that the
    /// records do not have or lacks one that they need, or cannot be read.
    pub fn open(input: Box<dyn Read + Send>, options: RecordOptions) -> Result<Self, FormatError> {
        let mut source = Source::new(Decompressed::new(input)?);
        let maker = Maker::new(options.source.clone());
        let rows = match detect::<R>(&mut source, &options, maker.fields())? {
            Some(columns) => {
                source.text_line()?;
                Rows::Csv { columns, fields: Box::new(CsvRow::new()) }
            }
            None => Rows::Ndjson(Objects::default()),
        };
        Ok(Self { source, maker, rows, done: false })
    }

    /// The file's format.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self.rows {
            Rows::Csv { .. } => Format::Csv,
            Rows::Ndjson(_) => Format::Ndjson,
        }
    }

    /// The line of the row that came last, from 1, in the decompressed file.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.source.number()
    }
}

impl Rows {
    fn record<R: Record>(&mut self, line: &[u8], maker: &mut Maker<R>) -> Result<R, InvalidInput> {
        match self {
            Self::Csv { columns, fields } => {
                fields.read_row(line, columns.width)?;
                maker.record(|number, field| {
                    Raw::of_csv(R::COLUMNS[field.place].name, columns.get(fields, number))
                })
            }
            Self::Ndjson(objects) => {
                let values = objects.read(line, R::TABLE, maker.fields())?;
                maker.record(|number, field| match values[number] {
                    Some(value) => Raw::of_json(R::COLUMNS[field.place].name, value),
                    None => Ok(Raw::Absent),
                })
            }
        }
    }
}

impl<R: Record> Iterator for RecordReader<R> {
    type Item = Result<RecordRow<R>, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let (rows, maker) = (&mut self.rows, &mut self.maker);
        let next = next_row(&mut self.source, |line| rows.record(line, maker).map(Some));
        self.done = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

impl<R: Record> std::iter::FusedIterator for RecordReader<R> {}

impl<R> From<Result<R, Reject>> for RecordRow<R> {
    fn from(row: Result<R, Reject>) -> Self {
        match row {
            Ok(record) => Self::Record(record),
            Err(reject) => Self::Rejected(reject),
        }
    }
}

impl<R> fmt::Debug for RecordReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordReader")
            .field("source", &self.source)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}
