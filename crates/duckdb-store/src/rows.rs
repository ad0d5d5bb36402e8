//! Arrow result columns to records. No I/O.

pub(crate) mod cells;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimestampNanosecondType};
use arrow::error::ArrowError;
use tradekeep_models::{Candle, CandleQuery, Day, Decimal, Symbol, Timestamp, Venue, vwap};
use tradekeep_store_traits::{ErrorKind, Result, StoreError, TickSeries};

use crate::STORE;
use crate::error::conversion;

fn bad(op: &'static str) -> impl Fn(tradekeep_models::InvalidInput) -> StoreError {
    move |error| conversion(op, ArrowError::ParseError(error.to_string()))
}

/// Refuses a result whose columns are not of these types; the accessors below would panic.
fn expect(op: &'static str, batch: &RecordBatch, types: &[fn(&DataType) -> bool]) -> Result<()> {
    let fits = batch.num_columns() == types.len()
        && batch.columns().iter().zip(types).all(|(column, is)| is(column.data_type()));
    if fits {
        Ok(())
    } else {
        Err(conversion(
            op,
            ArrowError::SchemaError(format!("unexpected columns {}", batch.schema())),
        ))
    }
}

fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8)
}
fn is_number(kind: &DataType) -> bool {
    matches!(kind, DataType::Int64)
}
fn is_decimal(kind: &DataType) -> bool {
    matches!(kind, DataType::Decimal128(38, 18))
}
fn is_time(kind: &DataType) -> bool {
    *kind == tradekeep_formats::arrow::TIMESTAMP
}

/// The rows of `sql::candles`.
pub(crate) fn candles(query: &CandleQuery, batch: &RecordBatch) -> Result<Vec<Candle>> {
    const OP: &str = "candles";
    let decimals = [is_decimal as fn(&DataType) -> bool; 6];
    expect(OP, batch, &[&[is_number as _], decimals.as_slice(), &[is_number as _]].concat())?;
    let number = |column: usize| batch.column(column).as_primitive::<Int64Type>();
    let decimal = |column: usize, row: usize| {
        let scaled = batch.column(column).as_primitive::<Decimal128Type>().value(row);
        Decimal::from_scaled(scaled).map_err(|error| {
            let context =
                format!("the sum of a candle {error}: ask for a shorter interval or range");
            StoreError::new(ErrorKind::Query, STORE, OP, context)
        })
    };
    let candle = |row: usize| {
        let index = number(0).value(row);
        let open_ts = query.interval.start(index).unwrap_or(Timestamp::MIN);
        let (volume, notional) = (decimal(5, row)?, decimal(6, row)?);
        Ok(Candle {
            venue: query.venue.clone(),
            symbol: query.symbol.clone(),
            interval: query.interval,
            open_ts,
            open: Some(decimal(1, row)?),
            high: Some(decimal(2, row)?),
            low: Some(decimal(3, row)?),
            close: Some(decimal(4, row)?),
            volume,
            notional,
            count: number(7).value(row).unsigned_abs(),
            vwap: vwap(notional, volume)
                .map_err(|error| StoreError::new(ErrorKind::Query, STORE, OP, error.to_string()))?,
        })
    };
    (0..batch.num_rows()).map(candle).collect()
}

/// The rows of `sql::SERIES`.
pub(crate) fn series(batch: &RecordBatch) -> Result<Vec<TickSeries>> {
    const OP: &str = "series";
    expect(OP, batch, &[is_text, is_text, is_number, is_time, is_time])?;
    let text = |column: usize, row: usize| batch.column(column).as_string::<i32>().value(row);
    let time = |column: usize, row: usize| {
        let nanos = batch.column(column).as_primitive::<TimestampNanosecondType>().value(row);
        Timestamp::from_nanos(nanos).map_err(bad(OP))
    };
    let series = |row: usize| {
        Ok(TickSeries {
            venue: Venue::new(text(0, row)).map_err(bad(OP))?,
            symbol: Symbol::new(text(1, row)).map_err(bad(OP))?,
            count: batch.column(2).as_primitive::<Int64Type>().value(row).unsigned_abs(),
            first_ts: time(3, row)?,
            last_ts: time(4, row)?,
        })
    };
    (0..batch.num_rows()).map(series).collect()
}

/// The rows of `sql::DAYS`.
pub(crate) fn days(batch: &RecordBatch) -> Result<Vec<(Day, u64)>> {
    const OP: &str = "partitions";
    expect(OP, batch, &[is_number, is_number])?;
    let number =
        |column: usize, row: usize| batch.column(column).as_primitive::<Int64Type>().value(row);
    let day = |row| Ok((Day::new(number(0, row)).map_err(bad(OP))?, number(1, row).unsigned_abs()));
    (0..batch.num_rows()).map(day).collect()
}
