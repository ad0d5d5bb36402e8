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
}

impl CsvRows {
    pub(crate) fn new(columns: Columns) -> Self {
        Self { columns, row: CsvRow::new() }
    }

    pub(crate) fn next(
        &mut self,
        source: &mut Source,
        drafter: &mut Drafter,
    ) -> Result<Option<Row<Tick>>, FormatError> {
        next_row(source, |line| self.tick(line, drafter).map(Some))
    }

    fn tick(&mut self, line: &[u8], drafter: &mut Drafter) -> Result<Tick, InvalidInput> {
        self.row.read_row(line, self.columns.width())?;
        drafter.tick(&self.columns.fields(&self.row))
    }
}
