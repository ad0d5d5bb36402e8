//! Single values of a row, by their place.

use std::borrow::Cow;
use std::error::Error;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};
use tradekeep_models::record::{Kind, Value};
use tradekeep_models::{Decimal, Timestamp};
use tradekeep_store_traits::{ErrorKind, Result, StoreError};

use super::numeric::{BadNumeric, scaled};
use crate::STORE;

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    op: &'static str,
    row: &'a Row,
}

/// The bytes of a value, whatever it is.
struct Raw<'a> {
    kind: Type,
    bytes: &'a [u8],
}

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(
        kind: &Type,
        bytes: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self { kind: kind.clone(), bytes })
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl<'a> Cells<'a> {
    pub(crate) const fn of(op: &'static str, row: &'a Row) -> Self {
        Self { op, row }
    }

    /// What is wrong with the answer.
    pub(crate) fn broken(&self, what: &str) -> StoreError {
        let context = format!("a row cannot be read: {what}");
        StoreError::new(ErrorKind::Deserialization, STORE, self.op, context)
    }

    fn wrong(&self, column: usize) -> StoreError {
        self.broken(&format!("column {column} is not as expected"))
    }

    fn raw(&self, column: usize) -> Result<Option<Raw<'a>>> {
        self.row.try_get(column).map_err(|_| self.wrong(column))
    }

    fn there(&self, column: usize) -> Result<Raw<'a>> {
        self.raw(column)?.ok_or_else(|| self.wrong(column))
    }

    fn read<T: FromSql<'a>>(&self, column: usize, raw: &Raw<'a>) -> Result<T> {
        if !T::accepts(&raw.kind) {
            return Err(self.wrong(column));
        }
        T::from_sql(&raw.kind, raw.bytes).map_err(|_| self.wrong(column))
    }

    /// A value of a record's column.
    pub(crate) fn value(&self, column: usize, kind: Kind) -> Result<Value<'a>> {
        let Some(raw) = self.raw(column)? else { return Ok(Value::Null) };
        Ok(match kind {
            Kind::Text => Value::Text(Cow::Borrowed(self.read(column, &raw)?)),
            Kind::Int => Value::Int(self.whole(column, &raw)?),
            Kind::Float => Value::Float(self.read(column, &raw)?),
            Kind::Bool => Value::Bool(self.read(column, &raw)?),
            Kind::Decimal => Value::Decimal(self.exact(column, &raw)?),
            Kind::Time => {
                let nanos = self.whole(column, &raw)?;
                Value::Time(Timestamp::from_nanos(nanos).map_err(|_| self.wrong(column))?)
            }
        })
    }

    fn whole(&self, column: usize, raw: &Raw<'a>) -> Result<i64> {
        match raw.kind {
            Type::INT8 => self.read(column, raw),
            Type::INT4 => self.read::<i32>(column, raw).map(i64::from),
            Type::INT2 => self.read::<i16>(column, raw).map(i64::from),
            _ => Err(self.wrong(column)),
        }
    }

    fn exact(&self, column: usize, raw: &Raw<'_>) -> Result<Decimal> {
        let too_large = |what: &dyn std::fmt::Display| {
            let context = format!("a sum {what}: ask for a shorter range");
            StoreError::new(ErrorKind::Query, STORE, self.op, context)
        };
        if raw.kind != Type::NUMERIC {
            return Err(self.wrong(column));
        }
        let scaled = scaled(raw.bytes).map_err(|error| match error {
            BadNumeric::TooLarge => too_large(&"is too large"),
            BadNumeric::TooFine | BadNumeric::Malformed => self.wrong(column),
        })?;
        Decimal::from_scaled(scaled).map_err(|error| too_large(&error))
    }

    pub(crate) fn text(&self, column: usize) -> Result<&'a str> {
        self.read(column, &self.there(column)?)
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64> {
        self.whole(column, &self.there(column)?)
    }

    /// A number that is never negative.
    pub(crate) fn count(&self, column: usize) -> Result<u64> {
        u64::try_from(self.int(column)?).map_err(|_| self.wrong(column))
    }

    /// A time, as its nanoseconds.
    pub(crate) fn maybe_time(&self, column: usize) -> Result<Option<Timestamp>> {
        Ok(match self.value(column, Kind::Time)? {
            Value::Time(time) => Some(time),
            _ => None,
        })
    }

    pub(crate) fn decimal(&self, column: usize) -> Result<Decimal> {
        self.exact(column, &self.there(column)?)
    }
}
