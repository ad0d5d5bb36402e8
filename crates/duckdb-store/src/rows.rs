//! Rows of an answer, read.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int32Type, Int64Type};
use tradekeep_models::record::{Kind, Value};
use tradekeep_models::{Decimal, DecimalSum, Timestamp};
use tradekeep_store_traits::sql::Row;
use tradekeep_store_traits::{Failure, Inner};

/// One row of a result.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
    batch: Arc<RecordBatch>,
    row: usize,
}

/// Every row of `batches`.
pub(crate) fn rows_of(batches: Vec<RecordBatch>) -> Vec<Cells> {
    let rows = |batch: Arc<RecordBatch>| {
        (0..batch.num_rows()).map(move |row| Cells { batch: Arc::clone(&batch), row })
    };
    batches.into_iter().map(Arc::new).flat_map(rows).collect()
}

impl Row for Cells {
    fn value(&self, column: usize, kind: Kind) -> Inner<Value<'_>> {
        let values = self.batch.columns().get(column).ok_or_else(|| self.wrong(column))?;
        let row = self.row;
        if values.is_null(row) {
            return Ok(Value::Null);
        }
        Ok(match (kind, values.data_type()) {
            (Kind::Text, DataType::Utf8) => {
                Value::Text(Cow::Borrowed(values.as_string::<i32>().value(row)))
            }
            (Kind::Int, DataType::Int64) => {
                Value::Int(values.as_primitive::<Int64Type>().value(row))
            }
            (Kind::Int, DataType::Int32) => {
                Value::Int(values.as_primitive::<Int32Type>().value(row).into())
            }
            (Kind::Float, DataType::Float64) => {
                Value::Float(values.as_primitive::<Float64Type>().value(row))
            }
            (Kind::Decimal, DataType::Decimal128(38, 18)) => {
                let scaled = values.as_primitive::<Decimal128Type>().value(row);
                let decimal = Decimal::from_scaled(scaled);
                Value::Decimal(decimal.map_err(|error| Failure::too_large(&error))?)
            }
            (Kind::Time, DataType::Int64) => {
                let nanos = values.as_primitive::<Int64Type>().value(row);
                Value::Time(Timestamp::from_nanos(nanos).map_err(|_| self.wrong(column))?)
            }
            _ => return Err(self.wrong(column)),
        })
    }

    /// Whole and fraction, with a colon between them.
    fn maybe_decimal_sum(&self, column: usize) -> Inner<Option<DecimalSum>> {
        let Value::Text(text) = self.value(column, Kind::Text)? else { return Ok(None) };
        let halves = text.split_once(':').and_then(|(whole, fraction)| {
            // A sum of decimals has their places, though all of these are zeros.
            let whole = whole.split_once('.').map_or(whole, |(whole, _)| whole);
            Some((whole.parse().ok()?, fraction.parse().ok()?))
        });
        let (whole, fraction) = halves.ok_or_else(|| self.wrong(column))?;
        DecimalSum::from_halves(whole, fraction).map(Some).map_err(|_| self.wrong(column))
    }
}
