//! The rows of a file of records.

use tradekeep_models::InvalidInput;
use tradekeep_models::record::Record;

use super::detect::detect;
use super::header::Columns;
use super::json::Objects;
use super::maker::Maker;
use super::values::Raw;
use crate::csv_row::CsvRow;
use crate::lines::next_row;
use crate::reader::Rows;
use crate::source::Source;
use crate::{Format, FormatError, ReadOptions, Row};

/// The rows of a file of records.
#[derive(Debug)]
pub struct RecordRows<R> {
    maker: Maker<R>,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    Csv { columns: Columns, fields: Box<CsvRow> },
    Ndjson(Objects),
}

impl<R: Record> Rows for RecordRows<R> {
    type Record = R;

    fn open(source: &mut Source, options: ReadOptions) -> Result<(Format, Self), FormatError> {
        let maker = Maker::new(options.stream()?);
        let (format, layout) = match detect::<R>(source, &options, maker.fields())? {
            Some(columns) => {
                source.text_line()?;
                (Format::Csv, Layout::Csv { columns, fields: Box::new(CsvRow::new()) })
            }
            None => (Format::Ndjson, Layout::Ndjson(Objects::default())),
        };
        Ok((format, Self { maker, layout }))
    }

    fn next(&mut self, source: &mut Source) -> Result<Option<Row<R>>, FormatError> {
        let (layout, maker) = (&mut self.layout, &mut self.maker);
        next_row(source, |line| layout.record(line, maker).map(Some))
    }
}

impl Layout {
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
