//! Records as Arrow record batches: the form in which they enter and leave columnar stores.
//!
//! [`records_to_batch`] and [`records_from_batch`] do it for records of any kind. Behind them, [`schema`],
//! [`to_batch`] and [`from_batch`] go by the columns of a record; ticks, of which there are a thousand for one
//! of the others, have functions of their own, which give the same batches faster.

mod record;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Decimal128Builder, Int64Builder, RecordBatch,
    StringArray, StringBuilder, TimestampNanosecondBuilder,
};
use arrow::datatypes::{
    DataType, Decimal128Type, Field, Int64Type, Schema, SchemaRef, TimeUnit,
    TimestampNanosecondType,
};
use arrow::error::ArrowError;
use tradekeep_models::{
    Decimal, InvalidInput, Records, Side, StoredTick, Symbol, Table, Tick, TickKey, Timestamp,
    TradeId, Venue, with_record_of, with_records,
};

pub use record::{data_type, from_batch, schema, to_batch};

const PRECISION: u8 = 38;
const SCALE: i8 = 18;

/// The Arrow type of a [`Decimal`]: 38 digits, 18 of them after the point.
pub const DECIMAL: DataType = DataType::Decimal128(PRECISION, SCALE);

/// The Arrow type of a [`Timestamp`]: nanoseconds, without a zone, which is UTC.
pub const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Nanosecond, None);

/// The columns of ticks, in this order: venue, symbol, ts, key, sequence, trade_id, received_ts,
/// price, quantity, notional, side, aggregated.
#[must_use]
pub fn tick_schema() -> SchemaRef {
    let (required, optional) = (false, true);
    Arc::new(Schema::new(vec![
        Field::new("venue", DataType::Utf8, required),
        Field::new("symbol", DataType::Utf8, required),
        Field::new("ts", TIMESTAMP, required),
        Field::new("key", DataType::Int64, required),
        Field::new("sequence", DataType::Int64, required),
        Field::new("trade_id", DataType::Utf8, optional),
        Field::new("received_ts", TIMESTAMP, optional),
        Field::new("price", DECIMAL, required),
        Field::new("quantity", DECIMAL, required),
        Field::new("notional", DECIMAL, required),
        Field::new("side", DataType::Utf8, optional),
        Field::new("aggregated", DataType::Boolean, required),
    ]))
}

/// One batch of `records`, in their order.
///
/// They are taken as they are: [`Records::validate`] is the caller's.
///
/// # Errors
/// When Arrow refuses the columns, which it does past 2 GiB of text.
pub fn records_to_batch(records: &Records) -> Result<RecordBatch, ArrowError> {
    match records {
        Records::Ticks(ticks) => ticks_to_batch(ticks),
        records => with_records!(records, rows => to_batch(rows)),
    }
}

/// The records of `table` that `batch` has, whose columns are those of [`schema`], in that order.
///
/// ```
/// use tradekeep_formats::arrow::{records_from_batch, records_to_batch};
/// use tradekeep_models::{Latency, Name, Records, Table};
///
/// let (service, operation) = (Name::new("router")?, Name::new("quote")?);
/// let took = Latency::new("2024-08-08T10:00:05Z".parse()?, service, operation, 1_250_000);
/// let records = Records::from(vec![took]);
/// let batch = records_to_batch(&records)?;
/// assert_eq!(records_from_batch(Table::Latencies, &batch)?, records);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a column has another name or type, or a row is no record.
pub fn records_from_batch(table: Table, batch: &RecordBatch) -> Result<Records, ArrowError> {
    match table {
        Table::Ticks => ticks_from_batch(batch).map(Records::Ticks),
        table => with_record_of!(table, R => from_batch::<R>(batch).map(Records::from)),
    }
}

/// One batch of `ticks`, in their order.
///
/// # Errors
/// When Arrow refuses the columns, which it does past 2 GiB of text.
pub fn ticks_to_batch(ticks: &[Tick]) -> Result<RecordBatch, ArrowError> {
    let rows = ticks.len();
    let text = || StringBuilder::with_capacity(rows, rows * 8);
    let (mut venue, mut symbol, mut trade_id, mut side) = (text(), text(), text(), text());
    let mut ts = TimestampNanosecondBuilder::with_capacity(rows);
    let mut received_ts = TimestampNanosecondBuilder::with_capacity(rows);
    let (mut key, mut sequence) =
        (Int64Builder::with_capacity(rows), Int64Builder::with_capacity(rows));
    let decimal = || Decimal128Builder::with_capacity(rows).with_data_type(DECIMAL);
    let (mut price, mut quantity, mut notional) = (decimal(), decimal(), decimal());
    let mut aggregated = BooleanBuilder::with_capacity(rows);
    for tick in ticks {
        venue.append_value(tick.venue());
        symbol.append_value(tick.symbol());
        ts.append_value(tick.ts().as_nanos());
        key.append_value(tick.key().0);
        sequence.append_value(tick.sequence());
        trade_id.append_option(tick.trade_id());
        received_ts.append_option(tick.received_ts().map(Timestamp::as_nanos));
        price.append_value(tick.price().scaled());
        quantity.append_value(tick.quantity().scaled());
        notional.append_value(tick.notional().scaled());
        side.append_option(tick.side().map(Side::as_str));
        aggregated.append_value(tick.is_aggregated());
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(venue.finish()),
        Arc::new(symbol.finish()),
        Arc::new(ts.finish()),
        Arc::new(key.finish()),
        Arc::new(sequence.finish()),
        Arc::new(trade_id.finish()),
        Arc::new(received_ts.finish()),
        Arc::new(price.finish()),
        Arc::new(quantity.finish()),
        Arc::new(notional.finish()),
        Arc::new(side.finish()),
        Arc::new(aggregated.finish()),
    ];
    RecordBatch::try_new(tick_schema(), columns)
}

/// The ticks of `batch`, whose columns are those of [`tick_schema`], in that order.
///
/// # Errors
/// When a column has another type, or a row is not a tick: its notional is not price x quantity.
pub fn ticks_from_batch(batch: &RecordBatch) -> Result<Vec<Tick>, ArrowError> {
    let rows = Rows::new(batch)?;
    let mut names = Names::default();
    // Not by `collect`: it moves each tick twice more, which took half of the time.
    let mut ticks = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        ticks.push(rows.tick(row, &mut names)?);
    }
    Ok(ticks)
}

/// The last venue and symbol: most rows repeat them, and need no check again.
#[derive(Default)]
struct Names(Option<(Venue, Symbol)>);

impl Names {
    fn of(&mut self, venue: &str, symbol: &str) -> Result<(Venue, Symbol), InvalidInput> {
        match &self.0 {
            Some((v, s)) if v.as_str() == venue && s.as_str() == symbol => {}
            _ => self.0 = Some((Venue::new(venue)?, Symbol::new(symbol)?)),
        }
        self.0.clone().ok_or_else(|| InvalidInput::new("symbol", "is missing"))
    }
}

struct Rows<'a> {
    venue: &'a StringArray,
    symbol: &'a StringArray,
    ts: &'a arrow::array::TimestampNanosecondArray,
    key: &'a arrow::array::Int64Array,
    sequence: &'a arrow::array::Int64Array,
    trade_id: &'a StringArray,
    received_ts: &'a arrow::array::TimestampNanosecondArray,
    price: &'a arrow::array::Decimal128Array,
    quantity: &'a arrow::array::Decimal128Array,
    notional: &'a arrow::array::Decimal128Array,
    side: &'a StringArray,
    aggregated: &'a arrow::array::BooleanArray,
}

impl<'a> Rows<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let expected = tick_schema();
        let types = |schema: &Schema| -> Vec<DataType> {
            schema.fields().iter().map(|field| field.data_type().clone()).collect()
        };
        if types(&expected) != types(&batch.schema()) {
            return Err(ArrowError::SchemaError("the columns are not those of ticks".into()));
        }
        let column = |index: usize| batch.column(index);
        Ok(Self {
            venue: column(0).as_string(),
            symbol: column(1).as_string(),
            ts: column(2).as_primitive::<TimestampNanosecondType>(),
            key: column(3).as_primitive::<Int64Type>(),
            sequence: column(4).as_primitive::<Int64Type>(),
            trade_id: column(5).as_string(),
            received_ts: column(6).as_primitive::<TimestampNanosecondType>(),
            price: column(7).as_primitive::<Decimal128Type>(),
            quantity: column(8).as_primitive::<Decimal128Type>(),
            notional: column(9).as_primitive::<Decimal128Type>(),
            side: column(10).as_string(),
            aggregated: column(11).as_boolean(),
        })
    }

    fn tick(&self, row: usize, names: &mut Names) -> Result<Tick, ArrowError> {
        let bad = |error: InvalidInput| ArrowError::ParseError(error.to_string());
        let decimal = |array: &arrow::array::Decimal128Array| {
            Decimal::from_scaled(array.value(row))
                .map_err(|error| ArrowError::ParseError(error.to_string()))
        };
        let (venue, symbol) =
            names.of(self.venue.value(row), self.symbol.value(row)).map_err(bad)?;
        let ts = Timestamp::from_nanos(self.ts.value(row)).map_err(bad)?;
        let trade_id = present(self.trade_id, row).then(|| TradeId::new(self.trade_id.value(row)));
        let received_ts = present(self.received_ts, row)
            .then(|| Timestamp::from_nanos(self.received_ts.value(row)));
        let side = present(self.side, row).then(|| self.side.value(row).parse::<Side>());
        Tick::try_from(StoredTick {
            venue,
            symbol,
            ts,
            key: TickKey(self.key.value(row)),
            sequence: self.sequence.value(row),
            trade_id: trade_id.transpose().map_err(bad)?,
            received_ts: received_ts.transpose().map_err(bad)?,
            price: decimal(self.price)?,
            quantity: decimal(self.quantity)?,
            notional: decimal(self.notional)?,
            side: side.transpose().map_err(bad)?,
            aggregated: self.aggregated.value(row),
        })
        .map_err(bad)
    }
}

fn present(array: &dyn Array, row: usize) -> bool {
    array.is_valid(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tradekeep_models::strategies;

    proptest! {
        #[test]
        fn ticks_round_trip(ticks in strategies::ticks(40)) {
            let batch = ticks_to_batch(&ticks).unwrap();
            prop_assert_eq!(ticks_from_batch(&batch).unwrap(), ticks);
        }
    }

    #[test]
    fn refuses_rows_that_are_not_ticks() {
        let tick = Tick::builder(Symbol::new("X").unwrap(), Timestamp::MIN)
            .price(2.into())
            .quantity(3.into())
            .build()
            .unwrap();
        let batch = ticks_to_batch(&[tick]).unwrap();
        let mut columns = batch.columns().to_vec();
        columns.swap(8, 9);
        let swapped = RecordBatch::try_new(tick_schema(), columns.clone()).unwrap();
        assert!(ticks_from_batch(&swapped).unwrap_err().to_string().contains("notional"));
        let short = batch.project(&[0, 1]).unwrap();
        assert!(ticks_from_batch(&short).is_err());
    }
}
