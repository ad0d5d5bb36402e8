//! Rows of a CSV, whoever wrote it.

use crate::columns::Columns;
use crate::draft::Drafter;
use crate::lines::next_row;
use crate::record::Record;
use crate::source::Source;
use crate::{FormatError, Row};

use tradekeep_models::{InvalidInput, Tick};

/// A CSV behind its header.
#[derive(Debug)]
pub(crate) struct CsvRows {
    columns: Columns,
    record: Record,
}

impl CsvRows {
    pub(crate) fn new(columns: Columns) -> Self {
        Self { columns, record: Record::new() }
    }

    pub(crate) fn next(
        &mut self,
        source: &mut Source,
        drafter: &mut Drafter,
    ) -> Result<Option<Row>, FormatError> {
        next_row(source, |line| self.tick(line, drafter).map(Some))
    }

    fn tick(&mut self, line: &[u8], drafter: &mut Drafter) -> Result<Tick, InvalidInput> {
        self.record.read_row(line, self.columns.width())?;
        drafter.tick(&self.columns.fields(&self.record))
    }
}
