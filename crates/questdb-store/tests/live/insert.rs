//! Records, put in by SQL.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio_postgres::types::{ToSql, Type};
use tradekeep_models::record::{Column, Kind, Record, Value};

use crate::support::Scratch;

/// The same each time.
pub(crate) fn made<S: Strategy>(strategy: &S) -> S::Value {
    let mut runner = TestRunner::deterministic();
    strategy.new_tree(&mut runner).unwrap().current()
}

/// How a value of a column is bound. What is true, false or absent is text.
fn bound(column: &Column) -> Type {
    match column.kind {
        Kind::Time | Kind::Int => Type::INT8,
        Kind::Float => Type::FLOAT8,
        Kind::Bool if column.required => Type::BOOL,
        _ => Type::VARCHAR,
    }
}

fn value(value: &Value<'_>, kind: &Type) -> Box<dyn ToSql + Sync + Send> {
    match value {
        Value::Null if *kind == Type::INT8 => Box::new(None::<i64>),
        Value::Null => Box::new(None::<String>),
        Value::Int(number) => Box::new(*number),
        Value::Time(time) => Box::new(time.as_nanos()),
        Value::Float(number) => Box::new(*number),
        Value::Bool(truth) if *kind == Type::BOOL => Box::new(*truth),
        value => Box::new(value.to_string()),
    }
}

/// Puts records into their table, and waits until it has as many rows as there are different identities.
pub(crate) async fn insert<R: Record>(scratch: &Scratch, records: &[R]) {
    put(scratch, records).await;
    let identity = |record: &R| -> Vec<String> {
        R::ORDER.iter().map(|column| record.value(*column).to_string()).collect()
    };
    let identities: BTreeSet<_> = records.iter().map(identity).collect();
    let count = i64::try_from(identities.len()).unwrap();
    let table = scratch.table(R::TABLE.as_str());
    scratch.until(&format!("SELECT count() FROM \"{table}\""), count).await;
}

/// Puts records into their table, each by a statement of its own, and does not wait until they can be read.
pub(crate) async fn put<R: Record>(scratch: &Scratch, records: &[R]) {
    let columns: Vec<_> = R::COLUMNS.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let places: Vec<_> = (R::COLUMNS.iter().zip(1..))
        .map(|(column, place)| match column.kind {
            Kind::Time => format!("${place}::timestamp_ns"),
            Kind::Decimal => format!("${place}::decimal(38,18)"),
            _ => format!("${place}"),
        })
        .collect();
    let table = scratch.table(R::TABLE.as_str());
    let sql =
        format!("INSERT INTO \"{table}\" ({}) VALUES ({})", columns.join(", "), places.join(", "));
    let types: Vec<_> = R::COLUMNS.iter().map(bound).collect();
    let client = scratch.client().await;
    let statement = client.prepare_typed(&sql, &types).await.unwrap();
    for record in records {
        let values: Vec<_> = types
            .iter()
            .enumerate()
            .map(|(column, kind)| value(&record.value(column), kind))
            .collect();
        let values: Vec<&(dyn ToSql + Sync)> =
            values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
        client.execute(&statement, &values).await.unwrap();
    }
}
