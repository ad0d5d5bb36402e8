//! Records in Arrow batches.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use proptest::prelude::*;
use tradekeep_formats::arrow as batches;
use tradekeep_models::record::Record;
use tradekeep_models::*;

use crate::any;
use crate::samples::{Sample, every_record};

macro_rules! round_trip {
    ($record:ident, $name:ident) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(48))]
            #[test]
            fn $name(records in any::records::<$record>(12)) {
                let batch = batches::to_batch(&records).unwrap();
                prop_assert_eq!(batch.schema(), batches::schema::<$record>());
                prop_assert_eq!(batches::from_batch::<$record>(&batch).unwrap(), records);
            }
        }
    };
}

mod round_trips {
    use super::*;
    every_record!(round_trip);
}

proptest! {
    #[test]
    fn ticks_have_one_form(ticks in strategies::ticks(40)) {
        let batch = batches::to_batch(&ticks).unwrap();
        prop_assert_eq!(&batch, &batches::ticks_to_batch(&ticks).unwrap());
        prop_assert_eq!(batches::ticks_from_batch(&batch).unwrap(), ticks);
    }
}

fn with_column(batch: &RecordBatch, name: &str, array: ArrayRef) -> RecordBatch {
    let fields: Vec<_> = batch.schema().fields().iter().map(|f| f.as_ref().clone()).collect();
    let place = fields.iter().position(|field| field.name() == name).unwrap();
    let fields = fields.into_iter().map(|field| field.with_nullable(true)).collect::<Vec<_>>();
    let mut columns = batch.columns().to_vec();
    columns[place] = array;
    RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap()
}

fn refused<R: Record>(batch: &RecordBatch) -> String {
    batches::from_batch::<R>(batch).unwrap_err().to_string()
}

#[test]
fn other_columns_are_refused_by_name() {
    let batch = batches::to_batch(&[Latency::sample()]).unwrap();
    assert_eq!(
        refused::<Metric>(&batch),
        "Schema error: the columns are not those of metrics: service Utf8 where name Utf8 belongs"
    );
    let short = batch.project(&[0, 1]).unwrap();
    assert_eq!(
        refused::<Latency>(&short),
        "Schema error: the columns are not those of latencies: 2 columns where 8 belong"
    );
}

#[test]
fn rows_that_are_no_records_are_refused() {
    let batch = batches::to_batch(&[Latency::sample(), Latency::sample()]).unwrap();
    let with = |numbers| with_column(&batch, "latency_ns", Arc::new(Int64Array::from(numbers)));
    assert_eq!(
        refused::<Latency>(&with(vec![Some(1), None])),
        "Parser error: latency_ns: is missing"
    );
    assert_eq!(
        refused::<Latency>(&with(vec![Some(1), Some(-1)])),
        "Parser error: row 1 of latencies: latency_ns: is out of range"
    );
    assert_eq!(batches::from_batch::<Latency>(&with(vec![Some(1), Some(2)])).unwrap().len(), 2);
    // A missing id must not become another one at every reading.
    let trade = batches::to_batch(&[Trade::sample()]).unwrap();
    let no_id = with_column(&trade, "id", Arc::new(arrow::array::StringArray::new_null(1)));
    assert_eq!(refused::<Trade>(&no_id), "Parser error: id: is missing");
}
