//! Single values of a result, by their place.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int32Type, Int64Type};
use arrow::error::ArrowError;
use tradekeep_models::{Decimal, Timestamp};
use tradekeep_store_traits::{ErrorKind, Result, StoreError};

use crate::STORE;
use crate::error::conversion;

/// One row of a result.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    op: &'static str,
    batch: &'a RecordBatch,
    row: usize,
}

/// Every row of `batches`.
pub(crate) fn rows_of<'a>(
    op: &'static str,
    batches: &'a [RecordBatch],
) -> impl Iterator<Item = Cells<'a>> {
    batches
        .iter()
        .flat_map(move |batch| (0..batch.num_rows()).map(move |row| Cells { op, batch, row }))
}

/// The one row of a result that has just one.
pub(crate) fn only_row<'a>(op: &'static str, batches: &'a [RecordBatch]) -> Result<Cells<'a>> {
    let missing = || conversion(op, ArrowError::SchemaError("there is no row".into()));
    rows_of(op, batches).next().ok_or_else(missing)
}

impl<'a> Cells<'a> {
    fn column(&self, column: usize) -> Option<&'a ArrayRef> {
        self.batch.columns().get(column).filter(|values| values.is_valid(self.row))
    }

    fn wrong(&self, column: usize) -> StoreError {
        let what = format!("column {column} of {} is not as expected", self.batch.schema());
        conversion(self.op, ArrowError::SchemaError(what))
    }

    pub(crate) fn text(&self, column: usize) -> Result<&'a str> {
        let texts = self.column(column).and_then(|values| values.as_string_opt::<i32>());
        texts.map(|texts| texts.value(self.row)).ok_or_else(|| self.wrong(column))
    }

    /// A text that is a number too large for 64 bits.
    pub(crate) fn wide(&self, column: usize) -> Result<u128> {
        self.text(column)?.parse().map_err(|_| self.wrong(column))
    }

    pub(crate) fn maybe_int(&self, column: usize) -> Result<Option<i64>> {
        let Some(values) = self.column(column) else {
            return Ok(None);
        };
        match values.data_type() {
            DataType::Int64 => Ok(Some(values.as_primitive::<Int64Type>().value(self.row))),
            DataType::Int32 => Ok(Some(values.as_primitive::<Int32Type>().value(self.row).into())),
            _ => Err(self.wrong(column)),
        }
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64> {
        self.maybe_int(column)?.ok_or_else(|| self.wrong(column))
    }

    /// A number that is never negative.
    pub(crate) fn count(&self, column: usize) -> Result<u64> {
        u64::try_from(self.int(column)?).map_err(|_| self.wrong(column))
    }

    pub(crate) fn float(&self, column: usize) -> Result<f64> {
        let floats =
            self.column(column).and_then(|values| values.as_primitive_opt::<Float64Type>());
        floats.map(|floats| floats.value(self.row)).ok_or_else(|| self.wrong(column))
    }

    pub(crate) fn decimal(&self, column: usize) -> Result<Decimal> {
        let decimals = self
            .column(column)
            .filter(|values| matches!(values.data_type(), DataType::Decimal128(38, 18)))
            .and_then(|values| values.as_primitive_opt::<Decimal128Type>());
        let scaled = decimals.map(|decimals| decimals.value(self.row));
        Decimal::from_scaled(scaled.ok_or_else(|| self.wrong(column))?).map_err(|error| {
            let context = format!("a sum {error}: ask for a shorter range");
            StoreError::new(ErrorKind::Query, STORE, self.op, context)
        })
    }

    /// A count of nanoseconds that is a time.
    pub(crate) fn maybe_time(&self, column: usize) -> Result<Option<Timestamp>> {
        let time = |nanos| Timestamp::from_nanos(nanos).map_err(|_| self.wrong(column));
        self.maybe_int(column)?.map(time).transpose()
    }
}
