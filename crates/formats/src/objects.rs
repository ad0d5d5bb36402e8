//! Ticks in JSON of other systems: objects and arrays, whose values are found as the columns of a CSV are.

use tradekeep_models::Tick;

use crate::columns::Columns;
use crate::draft::Drafter;
use crate::json_row::JsonRow;
use crate::lines::next_row;
use crate::source::Source;
use crate::{FormatError, Row};

/// Rows of JSON.
#[derive(Debug)]
pub(crate) struct ObjectRows {
    columns: Columns,
    row: JsonRow,
    joined: Vec<u8>,
}

impl ObjectRows {
    /// Rows with values at these paths, which `columns` numbers.
    pub(crate) fn new(columns: Columns, paths: &[String]) -> Self {
        Self { columns, row: JsonRow::new(paths, Vec::new()), joined: Vec::new() }
    }

    pub(crate) fn next(
        &mut self,
        source: &mut Source,
        drafter: &mut Drafter,
    ) -> Result<Option<Row<Tick>>, FormatError> {
        let Self { columns, row, joined } = self;
        next_row(source, |line| {
            row.read(line)?;
            drafter.tick(&columns.fields(row, joined)?).map(Some)
        })
    }
}
