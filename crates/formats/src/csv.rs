//! Rows of a CSV, whoever wrote it.

use crate::columns::Columns;
use crate::csv_row::CsvRow;
use crate::draft::Drafter;
use crate::lines::next_row;
use crate::source::Source;
use crate::{FormatError, Row};

use tradekeep_models::{InvalidInput, Tick};

/// A CSV behind its header.
#[derive(Debug)]
pub(crate) struct CsvRows {
    columns: Columns,
    row: CsvRow,
    joined: Vec<u8>,
    /// The header, which comes again where files were put together.
    header: Option<Vec<u8>>,
}

impl CsvRows {
    pub(crate) fn new(columns: Columns, header: Option<Vec<u8>>) -> Self {
        Self { columns, row: CsvRow::new(), joined: Vec::new(), header }
    }

    pub(crate) fn next(
        &mut self,
        source: &mut Source,
        drafter: &mut Drafter,
    ) -> Result<Option<Row<Tick>>, FormatError> {
        next_row(source, |line| match self.tick(line, drafter) {
            Err(_) if self.is_header(line) => Ok(None),
            tick => tick.map(Some),
        })
    }

    fn tick(&mut self, line: &[u8], drafter: &mut Drafter) -> Result<Tick, InvalidInput> {
        self.row.read_row(line, self.columns.width)?;
        drafter.tick(&self.columns.fields(&self.row, &mut self.joined)?)
    }

    fn is_header(&self, line: &[u8]) -> bool {
        self.header.as_ref().is_some_and(|header| header.trim_ascii() == line.trim_ascii())
    }
}
