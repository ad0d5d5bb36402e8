//! Rows of an answer, read.

use std::borrow::Cow;
use std::error::Error;

use tokio_postgres::Row as Driver;
use tokio_postgres::types::{FromSql, Type};
use tradekeep_models::record::{Kind, Value};
use tradekeep_models::{Decimal, DecimalError, DecimalSum, Timestamp};
use tradekeep_store_traits::sql::Row;
use tradekeep_store_traits::{ErrorKind, Failure, Inner};
use uuid::Uuid;

use crate::numeric::{BadNumeric, halves, scaled};

/// One row of an answer.
///
/// As [`Row`] it reads a time as a whole number of nanoseconds, since the protocol has microseconds, and takes the
/// texts `true` and `false` for a boolean, since a server may have none that can be absent.
#[derive(Debug)]
pub struct PgRow(Driver);

impl From<Driver> for PgRow {
    fn from(row: Driver) -> Self {
        Self(row)
    }
}

/// A value as it came.
struct Raw<'a> {
    kind: &'a Type,
    bytes: &'a [u8],
}

/// The bytes of a value, whatever it is.
struct Bytes<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(bytes))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl PgRow {
    /// A value of the server's own tables, by its column, from 0.
    ///
    /// # Errors
    /// When there is no such column, or one of another type.
    pub fn get<'a, T: FromSql<'a>>(&'a self, column: usize) -> Inner<T> {
        self.0.try_get(column).map_err(|error| {
            let context =
                "the server answers in a form that is not known: see the versions in the README";
            Failure::new(ErrorKind::Deserialization, context).with_source(error)
        })
    }

    fn raw(&self, column: usize) -> Inner<Option<Raw<'_>>> {
        let bytes: Option<Bytes<'_>> = self.0.try_get(column).map_err(|_| self.wrong(column))?;
        Ok(bytes.map(|Bytes(bytes)| Raw { kind: self.0.columns()[column].type_(), bytes }))
    }

    fn read<'a, T: FromSql<'a>>(&self, column: usize, raw: &Raw<'a>) -> Inner<T> {
        if !T::accepts(raw.kind) {
            return Err(self.wrong(column));
        }
        T::from_sql(raw.kind, raw.bytes).map_err(|_| self.wrong(column))
    }

    fn whole(&self, column: usize, raw: &Raw<'_>) -> Inner<i64> {
        match *raw.kind {
            Type::INT8 => self.read(column, raw),
            Type::INT4 => self.read::<i32>(column, raw).map(i64::from),
            Type::INT2 => self.read::<i16>(column, raw).map(i64::from),
            _ => Err(self.wrong(column)),
        }
    }

    fn exact(&self, column: usize, raw: &Raw<'_>) -> Inner<Decimal> {
        if *raw.kind != Type::NUMERIC {
            return Err(self.wrong(column));
        }
        let scaled = scaled(raw.bytes).map_err(|error| match error {
            BadNumeric::TooLarge => Failure::too_large(&DecimalError::TooLarge),
            BadNumeric::TooFine | BadNumeric::Malformed => self.wrong(column),
        })?;
        Decimal::from_scaled(scaled).map_err(|error| Failure::too_large(&error))
    }
}

impl Row for PgRow {
    fn value(&self, column: usize, kind: Kind) -> Inner<Value<'_>> {
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

    fn maybe_decimal_sum(&self, column: usize) -> Inner<Option<DecimalSum>> {
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
