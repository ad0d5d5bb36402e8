//! Values out of the rows of an answer.

use std::str::FromStr;

use tradekeep_models::record::{Kind, Record, Value};
use tradekeep_models::{Decimal, DecimalSum, InvalidInput, Timestamp};

use crate::{ErrorKind, Failure, Inner};

/// One row of an answer, whose values are asked for by their column, from 0.
///
/// A store says how its driver's rows are read; a value that is of another type than is asked for is a failure of
/// kind `Deserialization`.
pub trait Row {
    /// A value of a record's column; null where it is absent.
    ///
    /// # Errors
    /// When there is no such column, or one of another type.
    fn value(&self, column: usize, kind: Kind) -> Inner<Value<'_>>;

    /// A sum of decimals, none of them negative, that may be larger than one; nothing of none.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    fn maybe_decimal_sum(&self, column: usize) -> Inner<Option<DecimalSum>>;

    /// What is wrong with the answer.
    fn broken(&self, what: &str) -> Failure {
        Failure::new(ErrorKind::Deserialization, format!("a row cannot be read: {what}"))
    }

    /// That a column is not of the type that it has to be.
    fn wrong(&self, column: usize) -> Failure {
        self.broken(&format!("column {column} is not as expected"))
    }

    /// Text.
    ///
    /// # Errors
    /// As [`value`](Self::value), and when it is absent; so have those below.
    fn text(&self, column: usize) -> Inner<String> {
        match self.value(column, Kind::Text)? {
            Value::Text(text) => Ok(text.into_owned()),
            _ => Err(self.wrong(column)),
        }
    }

    /// A name, symbol or venue.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    fn named<T: FromStr<Err = InvalidInput>>(&self, column: usize) -> Inner<T>
    where
        Self: Sized,
    {
        self.text(column)?.parse().map_err(|error: InvalidInput| self.broken(&error.to_string()))
    }

    /// A whole number that may be absent.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    fn maybe_int(&self, column: usize) -> Inner<Option<i64>> {
        match self.value(column, Kind::Int)? {
            Value::Int(number) => Ok(Some(number)),
            Value::Null => Ok(None),
            _ => Err(self.wrong(column)),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    fn int(&self, column: usize) -> Inner<i64> {
        self.maybe_int(column)?.ok_or_else(|| self.wrong(column))
    }

    /// A number that is never negative.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    fn count(&self, column: usize) -> Inner<u64> {
        u64::try_from(self.int(column)?).map_err(|_| self.wrong(column))
    }

    /// A time, as its nanoseconds, that may be absent.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    fn maybe_time(&self, column: usize) -> Inner<Option<Timestamp>> {
        let time = |nanos| Timestamp::from_nanos(nanos).map_err(|_| self.wrong(column));
        self.maybe_int(column)?.map(time).transpose()
    }

    /// A time, as its nanoseconds.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    fn time(&self, column: usize) -> Inner<Timestamp> {
        self.maybe_time(column)?.ok_or_else(|| self.wrong(column))
    }

    /// A sum of whole numbers that are not negative, in thousands of millions and the rest, side by side: it may
    /// need more than 64 bits.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    fn wide(&self, column: usize) -> Inner<u128> {
        let (high, low) = (self.count(column)?, self.count(column + 1)?);
        Ok(u128::from(high) * 1_000_000_000 + u128::from(low))
    }

    /// A double.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    fn float(&self, column: usize) -> Inner<f64> {
        match self.value(column, Kind::Float)? {
            Value::Float(number) => Ok(number),
            _ => Err(self.wrong(column)),
        }
    }

    /// A sum of doubles. One that is infinite is told so, and may come as NULL.
    ///
    /// # Errors
    /// As [`text`](Self::text); `Query` where it is too large.
    fn float_sum(&self, column: usize) -> Inner<f64> {
        match self.value(column, Kind::Float)? {
            Value::Float(number) if number.is_finite() => Ok(number),
            Value::Float(_) | Value::Null => {
                let context = "a sum is too large: ask for a shorter range";
                Err(Failure::new(ErrorKind::Query, context))
            }
            _ => Err(self.wrong(column)),
        }
    }

    /// A decimal.
    ///
    /// # Errors
    /// As [`text`](Self::text); `Query` where a sum is too large for one.
    fn decimal(&self, column: usize) -> Inner<Decimal> {
        match self.value(column, Kind::Decimal)? {
            Value::Decimal(decimal) => Ok(decimal),
            _ => Err(self.wrong(column)),
        }
    }
}

/// The one row of an answer that has just one.
///
/// # Errors
/// When it has none.
pub fn only_row<R>(rows: impl IntoIterator<Item = R>) -> Inner<R> {
    let none = || Failure::new(ErrorKind::Deserialization, "there is no row");
    rows.into_iter().next().ok_or_else(none)
}

/// The record of a row that has the columns of `R` in their order. `absent` says what a required column means
/// that has no value: the store may not tell the two apart.
///
/// # Errors
/// When a value is missing, of another type, or breaks a rule of its field.
pub fn record<R: Record>(row: &impl Row, absent: fn(Kind) -> Value<'static>) -> Inner<R> {
    let mut values = Vec::with_capacity(R::COLUMNS.len());
    for (index, column) in R::COLUMNS.iter().enumerate() {
        values.push(match row.value(index, column.kind)? {
            Value::Null if column.required => absent(column.kind),
            value => value,
        });
    }
    R::from_row(values).map_err(|error| row.broken(&error.to_string()))
}
