//! Any record as an Arrow record batch, by its columns.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, Decimal128Array, Decimal128Builder,
    Float64Array, Float64Builder, Int64Array, Int64Builder, RecordBatch, StringArray,
    StringBuilder, TimestampNanosecondArray, TimestampNanosecondBuilder,
};
use arrow::datatypes::{
    DataType, Decimal128Type, Field, Float64Type, Int64Type, Schema, SchemaRef,
    TimestampNanosecondType,
};
use arrow::error::ArrowError;
use tradekeep_models::record::{Column, Kind, Record, Value};
use tradekeep_models::{Decimal, DecimalError, InvalidInput, Timestamp};
use uuid::fmt::Hyphenated;

use super::{DECIMAL, TIMESTAMP};

/// The Arrow type of a column's values.
#[must_use]
pub const fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text | Kind::Uuid => DataType::Utf8,
        Kind::Int => DataType::Int64,
        Kind::Float => DataType::Float64,
        Kind::Bool => DataType::Boolean,
        Kind::Decimal => DECIMAL,
        Kind::Time => TIMESTAMP,
    }
}

/// The columns of `R`, in their order; those that are not required may be null.
///
/// ```
/// use tradekeep_formats::arrow;
/// use tradekeep_models::Latency;
///
/// let schema = arrow::schema::<Latency>();
/// assert_eq!(schema.field(0).name(), "ts");
/// assert!(!schema.field(0).is_nullable());
/// assert!(schema.field_with_name("error_type").unwrap().is_nullable());
/// ```
#[must_use]
pub fn schema<R: Record>() -> SchemaRef {
    let field = |column: &Column| Field::new(column.name, data_type(column.kind), !column.required);
    Arc::new(Schema::new(R::COLUMNS.iter().map(field).collect::<Vec<_>>()))
}

/// One batch of `records`, in their order.
///
/// They are taken as they are: [`Record::validate`] is the caller's.
///
/// # Errors
/// When Arrow refuses the columns, which it does past 2 GiB of text.
pub fn to_batch<R: Record>(records: &[R]) -> Result<RecordBatch, ArrowError> {
    let arrays = R::COLUMNS.iter().enumerate();
    let arrays = arrays.map(|(place, column)| array(records, place, column.kind)).collect();
    RecordBatch::try_new(schema::<R>(), arrays)
}

/// The values of one column. One of another kind than its column's is null, which the batch then
/// refuses where the column is required.
fn array<R: Record>(records: &[R], place: usize, kind: Kind) -> ArrayRef {
    let rows = records.len();
    let values = records.iter().map(|record| record.value(place));
    macro_rules! build {
        ($builder:expr, $kind:ident($value:ident) => $native:expr) => {{
            let mut builder = $builder;
            for value in values {
                match value {
                    Value::$kind($value) => builder.append_value($native),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }};
    }
    match kind {
        Kind::Text => build!(StringBuilder::with_capacity(rows, rows * 8), Text(text) => text),
        Kind::Uuid => {
            let mut text = [0; Hyphenated::LENGTH];
            let builder = StringBuilder::with_capacity(rows, rows * Hyphenated::LENGTH);
            build!(builder, Uuid(id) => &*id.hyphenated().encode_lower(&mut text))
        }
        Kind::Int => build!(Int64Builder::with_capacity(rows), Int(number) => number),
        Kind::Float => build!(Float64Builder::with_capacity(rows), Float(number) => number),
        Kind::Bool => build!(BooleanBuilder::with_capacity(rows), Bool(truth) => truth),
        Kind::Decimal => {
            let builder = Decimal128Builder::with_capacity(rows).with_data_type(DECIMAL);
            build!(builder, Decimal(decimal) => decimal.scaled())
        }
        Kind::Time => {
            build!(TimestampNanosecondBuilder::with_capacity(rows), Time(ts) => ts.as_nanos())
        }
    }
}

/// The records of `batch`, whose columns are those of [`schema`], in that order.
///
/// ```
/// use tradekeep_formats::arrow;
/// use tradekeep_models::{Latency, Name};
///
/// let (service, operation) = (Name::new("router")?, Name::new("quote")?);
/// let latencies = [Latency::new("2024-08-08T10:00:05Z".parse()?, service, operation, 1_250_000)];
/// let batch = arrow::to_batch(&latencies)?;
/// assert_eq!(arrow::from_batch::<Latency>(&batch)?, latencies);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a column has another name or type, or a row is no record: a value that is required is null,
/// or breaks a rule of its field.
pub fn from_batch<R: Record>(batch: &RecordBatch) -> Result<Vec<R>, ArrowError> {
    let columns = columns::<R>(batch)?;
    let record = |row: usize| {
        let mut values = Vec::with_capacity(columns.len());
        for column in &columns {
            values.push(column.value(row)?);
        }
        R::from_row(values)
    };
    let named = |row: usize, error: InvalidInput| {
        ArrowError::ParseError(format!("row {row} of {}: {error}", R::TABLE))
    };
    let mut records = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        records.push(record(row).map_err(|error| named(row, error))?);
    }
    Ok(records)
}

/// One column of a batch.
enum Values<'a> {
    Text(&'a StringArray),
    Int(&'a Int64Array),
    Float(&'a Float64Array),
    Bool(&'a BooleanArray),
    Decimal(&'a Decimal128Array),
    Time(&'a TimestampNanosecondArray),
    Uuid(&'a StringArray),
}

fn columns<'a, R: Record>(batch: &'a RecordBatch) -> Result<Vec<Values<'a>>, ArrowError> {
    let (wanted, found) = (schema::<R>(), batch.schema());
    let shape = |schema: &Schema| -> Vec<(String, DataType)> {
        let fields = schema.fields().iter();
        fields.map(|field| (field.name().clone(), field.data_type().clone())).collect()
    };
    let (wanted, found) = (shape(&wanted), shape(&found));
    if wanted != found {
        let differ = wanted.iter().zip(&found).find(|(wanted, found)| wanted != found);
        let detail = differ.map_or_else(
            || format!("{} columns where {} belong", found.len(), wanted.len()),
            |((name, kind), (other, found))| format!("{other} {found} where {name} {kind} belongs"),
        );
        let reason = format!("the columns are not those of {}: {detail}", R::TABLE);
        return Err(ArrowError::SchemaError(reason));
    }
    R::COLUMNS.iter().zip(batch.columns()).map(|(column, array)| values(column, array)).collect()
}

fn values<'a>(column: &Column, array: &'a ArrayRef) -> Result<Values<'a>, ArrowError> {
    // A record would take its default for it: another id at every reading.
    if column.required && array.null_count() > 0 {
        return Err(ArrowError::ParseError(format!("{}: is missing", column.name)));
    }
    Ok(match column.kind {
        Kind::Text => Values::Text(array.as_string()),
        Kind::Int => Values::Int(array.as_primitive::<Int64Type>()),
        Kind::Float => Values::Float(array.as_primitive::<Float64Type>()),
        Kind::Bool => Values::Bool(array.as_boolean()),
        Kind::Decimal => Values::Decimal(array.as_primitive::<Decimal128Type>()),
        Kind::Time => Values::Time(array.as_primitive::<TimestampNanosecondType>()),
        Kind::Uuid => Values::Uuid(array.as_string()),
    })
}

impl<'a> Values<'a> {
    fn value(&self, row: usize) -> Result<Value<'a>, InvalidInput> {
        macro_rules! at {
            ($array:expr, $value:ident => $model:expr) => {
                if $array.is_null(row) {
                    Value::Null
                } else {
                    let $value = $array.value(row);
                    $model
                }
            };
        }
        Ok(match *self {
            Self::Text(array) => at!(array, text => Value::Text(Cow::Borrowed(text))),
            Self::Int(array) => at!(array, number => Value::Int(number)),
            Self::Float(array) => at!(array, number => Value::Float(number)),
            Self::Bool(array) => at!(array, truth => Value::Bool(truth)),
            Self::Decimal(array) => {
                at!(array, scaled => Value::Decimal(Decimal::from_scaled(scaled).map_err(too_large)?))
            }
            Self::Time(array) => at!(array, nanos => Value::Time(Timestamp::from_nanos(nanos)?)),
            Self::Uuid(array) => at!(array, text => Value::parse(Kind::Uuid, text)?),
        })
    }
}

#[cold]
fn too_large(error: DecimalError) -> InvalidInput {
    InvalidInput::new("decimal", error.to_string())
}
