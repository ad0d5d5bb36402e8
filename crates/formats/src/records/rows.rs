//! The rows of a file of records.

use tradekeep_models::InvalidInput;
use tradekeep_models::record::Record;

use super::detect::{Plan, detect, whole_fields};
use super::header::Columns;
use super::json::Objects;
use super::maker::Maker;
use super::names::fields;
use super::values::Raw;
use crate::choose::Named;
use crate::csv_row::CsvRow;
use crate::json_row::JsonRow;
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
    Csv { columns: Columns, fields: Box<CsvRow>, header: Option<Vec<u8>> },
    Objects { columns: Columns, row: JsonRow },
    Ndjson(Objects),
}

impl<R: Record> Rows for RecordRows<R> {
    type Record = R;

    fn open(source: &mut Source, mut options: ReadOptions) -> Result<(Format, Self), FormatError> {
        let plan = detect::<R>(source, &options, &fields(R::TABLE))?;
        let (format, layout, named) = match plan {
            Plan::Csv { columns, named, header } => {
                if header.is_some() {
                    source.text_line()?;
                }
                let fields = Box::new(CsvRow::new());
                (Format::Csv, Layout::Csv { columns, fields, header }, named)
            }
            Plan::Objects { columns, named, paths } => {
                let row = JsonRow::new(&paths, whole_fields::<R>());
                (Format::Ndjson, Layout::Objects { columns, row }, named)
            }
            Plan::Ndjson => (Format::Ndjson, Layout::Ndjson(Objects::default()), Named::default()),
        };
        options.time.zone = options.time.zone.or(named.zone);
        let maker = Maker::new(options.stream()?, &options, named.unit);
        Ok((format, Self { maker, layout }))
    }

    fn next(&mut self, source: &mut Source) -> Result<Option<Row<R>>, FormatError> {
        let (layout, maker) = (&mut self.layout, &mut self.maker);
        next_row(source, |line| match layout.record(line, maker) {
            Err(_) if layout.is_header(line) => Ok(None),
            record => record.map(Some),
        })
    }

    fn notes(&self) -> Vec<String> {
        self.maker.notes()
    }
}

impl Layout {
    /// Whether a line is the header once more, as where files were put together.
    fn is_header(&self, line: &[u8]) -> bool {
        let Self::Csv { header: Some(header), .. } = self else { return false };
        header.trim_ascii() == line.trim_ascii()
    }

    fn record<R: Record>(&mut self, line: &[u8], maker: &mut Maker<R>) -> Result<R, InvalidInput> {
        match self {
            Self::Csv { columns, fields, .. } => {
                fields.read_row(line, columns.width)?;
                maker.record(|number, field| {
                    Raw::of_csv(R::COLUMNS[field.place].name, columns.get(&**fields, number))
                })
            }
            Self::Objects { columns, row } => {
                row.read(line)?;
                maker.record(|number, field| {
                    Raw::of_csv(R::COLUMNS[field.place].name, columns.get(row, number))
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
