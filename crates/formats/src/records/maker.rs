//! From the fields of a row to a record: one way for both formats.

use std::marker::PhantomData;

use tradekeep_models::record::{Column, Record, Value};
use tradekeep_models::{InvalidInput, StreamId};

use super::live;
use super::names::{FieldName, fields};
use super::naming::Namer;
use super::values::{Raw, label, value};
use crate::clock::{Clock, Moment};

/// The values of a row, in the order of its columns.
type Row<'a> = Vec<Value<'a>>;

/// Makes records of rows.
#[derive(Debug)]
pub(crate) struct Maker<R> {
    fields: Vec<FieldName>,
    /// One for each column, of which those of times are used.
    clocks: Vec<Clock>,
    namer: Namer,
    record: PhantomData<fn() -> R>,
}

impl<R: Record> Maker<R> {
    pub(crate) fn new(source: Option<StreamId>) -> Self {
        Self {
            fields: fields(R::TABLE),
            clocks: R::COLUMNS.iter().map(|column| Clock::new(column.name)).collect(),
            namer: Namer::new::<R>(source),
            record: PhantomData,
        }
    }

    /// The names that a row may use.
    pub(crate) fn fields(&self) -> &[FieldName] {
        &self.fields
    }

    /// The record of a row, whose fields are by their places in [`fields`](Self::fields).
    pub(crate) fn record<'a>(
        &mut self,
        given: impl Fn(usize, &FieldName) -> Result<Raw<'a>, InvalidInput>,
    ) -> Result<R, InvalidInput> {
        let (row, moments) = self.row(given)?;
        let record = self.namer.name(row)?;
        // Only an accepted row decides for the others.
        for (place, moment) in moments {
            self.clocks[place].settle(moment);
        }
        Ok(record)
    }

    /// The record of a row that has no others: what its source does not name is named by this process.
    /// Answers too whether it was.
    pub(crate) fn live<'a>(
        &mut self,
        given: impl Fn(usize, &FieldName) -> Result<Raw<'a>, InvalidInput>,
    ) -> Result<(R, bool), InvalidInput> {
        let (row, _) = self.row(given)?;
        match live::named::<R>(row)? {
            (row, true) => Ok((R::from_row(row)?, true)),
            // What is left is made of the row alone.
            (row, false) => Ok((self.namer.name(row)?, false)),
        }
    }

    /// The values of a row, and how its times were written.
    fn row<'a>(
        &self,
        given: impl Fn(usize, &FieldName) -> Result<Raw<'a>, InvalidInput>,
    ) -> Result<(Row<'a>, Vec<(usize, Moment)>), InvalidInput> {
        let mut row = vec![Value::Null; R::COLUMNS.len()];
        let mut moments = Vec::new();
        for (number, field) in self.fields.iter().enumerate() {
            let column: &Column = &R::COLUMNS[field.place];
            let raw = match given(number, field)? {
                Raw::Absent => continue,
                raw => raw,
            };
            let cell = &mut row[field.place];
            if field.is_label() {
                *cell = label(column, field, cell, &raw)?;
                continue;
            }
            if !cell.is_null() {
                let reason = format!("is given twice, also as {}", field.name);
                return Err(InvalidInput::new(column.name, reason));
            }
            let (read, moment) = value(column, field, raw, &self.clocks[field.place])?;
            *cell = read;
            moments.extend(moment.map(|moment| (field.place, moment)));
        }
        Ok((row, moments))
    }
}
