//! From the fields of a row to a record: one way for both formats.

use std::marker::PhantomData;

use tradekeep_models::record::{Column, Record, Value};
use tradekeep_models::{InvalidInput, StreamId, TimeUnit};

use super::names::{FieldName, fields};
use super::naming::Namer;
use super::values::{Raw, label, value};
use super::{currency, live, venue_ids};
use crate::ReadOptions;
use crate::clock::{Clock, Moment};

/// The values of a row, in the order of its columns.
type Row<'a> = Vec<Value<'a>>;

/// What a row gives.
struct Given<'a> {
    row: Row<'a>,
    /// How its times were written, by column.
    moments: Vec<(usize, Moment)>,
    is_rounded: bool,
}

/// Makes records of rows.
#[derive(Debug)]
pub(crate) struct Maker<R> {
    fields: Vec<FieldName>,
    /// One for each column, of which those of times are used.
    clocks: Vec<Clock>,
    namer: Namer,
    round: bool,
    /// Rows that had something rounded.
    rounded: u64,
    record: PhantomData<fn() -> R>,
}

impl<R: Record> Maker<R> {
    /// Rows of a file that is read so, with the unit that the name of its column of times says.
    pub(crate) fn new(
        source: Option<StreamId>,
        options: &ReadOptions,
        unit: Option<TimeUnit>,
    ) -> Self {
        let clock = |column: &Column| {
            let mut clock = Clock::new(column.name, &options.time);
            if let Some(unit) = unit.filter(|_| column.name == "ts") {
                clock.expect(unit);
            }
            clock
        };
        Self {
            fields: fields(R::TABLE),
            clocks: R::COLUMNS.iter().map(clock).collect(),
            namer: Namer::new::<R>(source),
            round: options.round,
            rounded: 0,
            record: PhantomData,
        }
    }

    /// The names that a row may use.
    pub(crate) fn fields(&self) -> &[FieldName] {
        &self.fields
    }

    /// What people are to know of the rows so far.
    pub(crate) fn notes(&self) -> Vec<String> {
        let rounded =
            (self.rounded > 0).then(|| format!("{} rows rounded to 18 places", self.rounded));
        rounded.into_iter().collect()
    }

    /// The record of a row, whose fields are by their places in [`fields`](Self::fields).
    pub(crate) fn record<'a>(
        &mut self,
        given: impl Fn(usize, &FieldName) -> Result<Raw<'a>, InvalidInput>,
    ) -> Result<R, InvalidInput> {
        let Given { row, moments, is_rounded } = self.row(given)?;
        let record = self.namer.name(row)?;
        self.rounded += u64::from(is_rounded);
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
        let Given { row, .. } = self.row(given)?;
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
    ) -> Result<Given<'a>, InvalidInput> {
        let mut row = vec![Value::Null; R::COLUMNS.len()];
        let (mut moments, mut currencies, mut is_rounded) = (Vec::new(), Vec::new(), false);
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
            let read = value(column, field, raw, &self.clocks[field.place], self.round)?;
            *cell = read.value;
            is_rounded |= read.is_rounded;
            moments.extend(read.moment.map(|moment| (field.place, moment)));
            currencies.extend(read.currency.map(|currency| (column.name, currency)));
        }
        for (name, currency) in currencies {
            currency::note::<R>(&mut row, name, &currency)?;
        }
        venue_ids::sort_out::<R>(&mut row)?;
        Ok(Given { row, moments, is_rounded })
    }
}
