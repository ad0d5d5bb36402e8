//! Single values of a row, by their place.

use std::borrow::Cow;
use std::error::Error;
use std::str::FromStr;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};
use tradekeep_models::record::{Kind, Value};
use tradekeep_models::{Decimal, DecimalSum, InvalidInput, Timestamp};
use tradekeep_pg_common::numeric::{BadNumeric, halves, scaled};
use tradekeep_store_traits::{ErrorKind, Result, StoreError};
use uuid::Uuid;

use crate::STORE;

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    op: &'static str,
    row: &'a Row,
}

/// A value as it came.
struct Raw<'a> {
    kind: &'a Type,
    bytes: &'a [u8],
}

/// The bytes of a value, whatever it is.
struct Bytes<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(
        _: &Type,
        bytes: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(bytes))
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

    fn too_large(&self, what: &dyn std::fmt::Display) -> StoreError {
        let context = format!("a sum {what}: ask for a shorter range");
        StoreError::new(ErrorKind::Query, STORE, self.op, context)
    }

    fn raw(&self, column: usize) -> Result<Option<Raw<'a>>> {
        let bytes: Option<Bytes<'a>> = self.row.try_get(column).map_err(|_| self.wrong(column))?;
        Ok(bytes.map(|Bytes(bytes)| Raw { kind: self.row.columns()[column].type_(), bytes }))
    }

    fn there(&self, column: usize) -> Result<Raw<'a>> {
        self.raw(column)?.ok_or_else(|| self.wrong(column))
    }

    fn read<T: FromSql<'a>>(&self, column: usize, raw: &Raw<'a>) -> Result<T> {
        if !T::accepts(raw.kind) {
            return Err(self.wrong(column));
        }
        T::from_sql(raw.kind, raw.bytes).map_err(|_| self.wrong(column))
    }

    /// A value of a record's column. What is true, false or absent is text.
    pub(crate) fn value(&self, column: usize, kind: Kind) -> Result<Value<'a>> {
        let Some(raw) = self.raw(column)? else { return Ok(Value::Null) };
        Ok(match kind {
            Kind::Text => Value::Text(Cow::Borrowed(self.read(column, &raw)?)),
            Kind::Int => Value::Int(self.whole(column, &raw)?),
            Kind::Float => Value::Float(self.read(column, &raw)?),
            Kind::Bool if *raw.kind == Type::BOOL => Value::Bool(self.read(column, &raw)?),
            Kind::Bool => match raw.bytes {
                b"true" => Value::Bool(true),
                b"false" => Value::Bool(false),
                _ => return Err(self.wrong(column)),
            },
            Kind::Decimal => Value::Decimal(self.exact(column, &raw)?),
            Kind::Time => {
                let nanos = self.whole(column, &raw)?;
                Value::Time(Timestamp::from_nanos(nanos).map_err(|_| self.wrong(column))?)
            }
            Kind::Uuid if *raw.kind == Type::UUID => {
                Value::Uuid(Uuid::from_slice(raw.bytes).map_err(|_| self.wrong(column))?)
            }
            Kind::Uuid => return Err(self.wrong(column)),
        })
    }

    fn whole(&self, column: usize, raw: &Raw<'a>) -> Result<i64> {
        match *raw.kind {
            Type::INT8 => self.read(column, raw),
            Type::INT4 => self.read::<i32>(column, raw).map(i64::from),
            Type::INT2 => self.read::<i16>(column, raw).map(i64::from),
            _ => Err(self.wrong(column)),
        }
    }

    fn exact(&self, column: usize, raw: &Raw<'_>) -> Result<Decimal> {
        if *raw.kind != Type::NUMERIC {
            return Err(self.wrong(column));
        }
        let scaled = scaled(raw.bytes).map_err(|error| match error {
            BadNumeric::TooLarge => self.too_large(&"is too large"),
            BadNumeric::TooFine | BadNumeric::Malformed => self.wrong(column),
        })?;
        Decimal::from_scaled(scaled).map_err(|error| self.too_large(&error))
    }

    pub(crate) fn text(&self, column: usize) -> Result<&'a str> {
        self.read(column, &self.there(column)?)
    }

    /// A name, symbol or venue.
    pub(crate) fn named<T: FromStr<Err = InvalidInput>>(&self, column: usize) -> Result<T> {
        self.text(column)?.parse().map_err(|error: InvalidInput| self.broken(&error.to_string()))
    }

    pub(crate) fn maybe_int(&self, column: usize) -> Result<Option<i64>> {
        self.raw(column)?.map(|raw| self.whole(column, &raw)).transpose()
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64> {
        self.maybe_int(column)?.ok_or_else(|| self.wrong(column))
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

    /// A sum of whole numbers that are not negative, in thousands of millions and the rest, side by side.
    pub(crate) fn wide(&self, column: usize) -> Result<u128> {
        let (high, low) = (self.count(column)?, self.count(column + 1)?);
        Ok(u128::from(high) * 1_000_000_000 + u128::from(low))
    }

    pub(crate) fn float(&self, column: usize) -> Result<f64> {
        self.read(column, &self.there(column)?)
    }

    /// A sum of doubles, which is NULL where it is infinite.
    pub(crate) fn float_sum(&self, column: usize) -> Result<f64> {
        let raw = self.raw(column)?.ok_or_else(|| self.too_large(&"is too large"))?;
        self.read(column, &raw)
    }

    pub(crate) fn decimal(&self, column: usize) -> Result<Decimal> {
        self.exact(column, &self.there(column)?)
    }

    /// A sum of decimals, none of them negative, that may be larger than one.
    pub(crate) fn maybe_decimal_sum(&self, column: usize) -> Result<Option<DecimalSum>> {
        let Some(raw) = self.raw(column)? else { return Ok(None) };
        let (whole, fraction) = match halves(raw.bytes) {
            Ok(halves) if *raw.kind == Type::NUMERIC => halves,
            _ => return Err(self.wrong(column)),
        };
        let fraction = Decimal::from_scaled(fraction).map_err(|_| self.wrong(column))?;
        let sum = DecimalSum::from_halves(whole, fraction);
        sum.map(Some).map_err(|_| self.wrong(column))
    }
}
