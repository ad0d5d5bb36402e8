//! Records as bytes, and back.
//!
//! A payload is a row: the values of a record, one [`Cell`] each, in the order of the layout of its
//! kind and version, and nothing after the last. Layouts are frozen, each with a golden file; reading
//! an old one finds the columns of today by their names. What cannot be read says why, without a value
//! of the row, and is left to whoever holds the bytes.

mod cell;
mod layouts;
#[cfg(test)]
mod tests;
mod tick;

use std::fmt::Display;

use postcard::{Deserializer, Serializer};
use serde::{Deserialize, Serialize};
use tradekeep_models::record::{Naming, Record, Value};
use tradekeep_models::{InvalidInput, Table};
use tradekeep_store_traits::{Records, with_records};

use self::cell::{Append, Cell, UuidText};
use self::layouts::Layout;

/// The version in which records of `table` are written today, the newest. Versions count from 1.
pub(crate) fn version(table: Table) -> u16 {
    // There will be few.
    u16::try_from(layouts::versions(table).len()).unwrap_or(u16::MAX)
}

/// Why a payload is no record. Holds no value of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Undecodable {
    /// What is wrong, and in which column.
    pub(crate) reason: String,
}

impl Undecodable {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    #[cold]
    fn at(column: &str, reason: &dyn Display) -> Self {
        Self::new(format!("{column}: {reason}"))
    }
}

impl From<InvalidInput> for Undecodable {
    fn from(error: InvalidInput) -> Self {
        Self::new(error.to_string())
    }
}

/// Appends the payload of `record` to `out`, in the layout of [`version`]. What it takes,
/// [`decode`] gives back.
///
/// # Errors
/// When the record breaks a rule; `out` is then as it was.
pub(crate) fn encode<R: Record>(record: &R, out: &mut Vec<u8>) -> Result<(), InvalidInput> {
    // A number beyond 64 signed bits would stand in its row as another one.
    record.validate()?;
    let before = out.len();
    let mut serializer = Serializer { output: Append(out) };
    // The newest layout has the columns of the record in their order: a test sees to that.
    let written = (0..R::COLUMNS.len()).try_for_each(|column| {
        let mut text: UuidText = [0; _];
        Cell::of(&record.value(column), &mut text).serialize(&mut serializer)
    });
    written.map_err(|error| {
        out.truncate(before);
        InvalidInput::new("record", error.to_string())
    })
}

/// The record whose payload this is.
///
/// # Errors
/// When there is no such version, or the bytes are not exactly one row of it that keeps the rules of
/// the record.
pub(crate) fn decode<R: Record>(version: u16, payload: &[u8]) -> Result<R, Undecodable> {
    let Some(layout) = layouts::layout(R::TABLE, version) else {
        let reason = format!("version {version} of {} is not known to this program", R::TABLE);
        return Err(Undecodable::new(reason));
    };
    let row = read_row(layout, payload)?;
    let as_today = const { layouts::names(layouts::newest(R::TABLE), R::COLUMNS) };
    if as_today && version == self::version(R::TABLE) {
        record(row)
    } else {
        record(upgrade::<R>(layout, row))
    }
}

/// The values of a payload, in the order of `layout`.
fn read_row(layout: Layout, payload: &[u8]) -> Result<Vec<Value<'_>>, Undecodable> {
    let mut cells = Deserializer::from_bytes(payload);
    let mut row = Vec::with_capacity(layout.len());
    for (name, kind) in layout {
        // Errors of `postcard` have no content: nothing of the text that is wrong.
        let cell = Cell::deserialize(&mut cells).map_err(|error| Undecodable::at(name, &error))?;
        match cell.value(*kind) {
            Ok(value) => row.push(value),
            Err(reason) => return Err(Undecodable::at(name, &reason)),
        }
    }
    let rest = cells.finalize().map_err(|error| Undecodable::new(error.to_string()))?;
    if rest.is_empty() {
        Ok(row)
    } else {
        Err(Undecodable::new(format!("bytes after the last column: {}", rest.len())))
    }
}

/// A row of an older `layout` with its values where the columns of their names are today. Columns that
/// are gone are left out; those that came since are null, and take their defaults.
fn upgrade<'a, R: Record>(layout: Layout, old: Vec<Value<'a>>) -> Vec<Value<'a>> {
    let mut row = vec![Value::Null; R::COLUMNS.len()];
    for ((name, _), value) in layout.iter().zip(old) {
        if let Some(slot) = R::index_of(name).and_then(|place| row.get_mut(place)) {
            *slot = value;
        }
    }
    row
}

/// The record of a row in the order of its columns today.
fn record<R: Record>(row: Vec<Value<'_>>) -> Result<R, Undecodable> {
    // Its default is another id each time it is read: the record would be stored more than once.
    if let Naming::Uuid { column, .. } = R::NAMING
        && R::index_of(column).and_then(|place| row.get(place)).is_none_or(Value::is_null)
    {
        return Err(Undecodable::new(format!("{column}: is missing")));
    }
    Ok(R::from_row(row)?)
}

/// Adds the record of their table whose payload this is to `records`.
///
/// # Errors
/// As [`decode`]; nothing is added then.
pub(crate) fn push(records: &mut Records, version: u16, payload: &[u8]) -> Result<(), Undecodable> {
    match records {
        Records::Ticks(ticks) if matches!(version, 1 | 2) => {
            ticks.push(tick::read(version, payload).map_or_else(|| decode(version, payload), Ok)?);
        }
        records => with_records!(records, rows => rows.push(decode(version, payload)?)),
    }
    Ok(())
}

/// The record of `table` whose payload this is, alone.
///
/// # Errors
/// As [`decode`].
pub(crate) fn read(table: Table, version: u16, payload: &[u8]) -> Result<Records, Undecodable> {
    let mut record = Records::empty(table);
    push(&mut record, version, payload)?;
    Ok(record)
}
