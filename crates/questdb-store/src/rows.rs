//! Rows of an answer, read.

mod cell;

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use tradekeep_models::record::{Kind, Record, Value};
use tradekeep_store_traits::Result;
use uuid::Uuid;

pub(crate) use self::cell::Cells;
use crate::error::unexpected;

/// The UUID that reads as NULL.
pub(crate) const NULL_UUID: Uuid = Uuid::from_u128(0x8000_0000_0000_0000_8000_0000_0000_0000);

/// A value of the server's own tables.
pub(crate) fn get<'a, T: FromSql<'a>>(op: &'static str, row: &'a Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|error| unexpected(op, error))
}

/// The record of a row whose columns are those of `sql::columns`.
pub(crate) fn record<R: Record>(op: &'static str, row: &Row) -> Result<R> {
    let cells = Cells::of(op, row);
    let mut values = Vec::with_capacity(R::COLUMNS.len());
    for (place, column) in R::COLUMNS.iter().enumerate() {
        values.push(match cells.value(place, column.kind)? {
            // QuestDB does not tell the least whole number from none, nor one UUID.
            Value::Null if column.required && column.kind == Kind::Int => Value::Int(i64::MIN),
            Value::Null if column.required && column.kind == Kind::Uuid => Value::Uuid(NULL_UUID),
            value => value,
        });
    }
    R::from_row(values).map_err(|error| cells.broken(&error.to_string()))
}
