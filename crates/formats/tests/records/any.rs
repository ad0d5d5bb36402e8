//! Any record there can be: the sample with values of its columns exchanged, as far as its rules let.

use std::borrow::Cow;

use proptest::prelude::*;
use tradekeep_models::record::{Column, Kind, Record, Value};
use tradekeep_models::strategies;
use uuid::Uuid;

use crate::samples::{ID, Sample};

/// Texts of which each suits some field.
const WORDS: [&str; 24] = [
    "paper",
    "buy",
    "sell",
    "swap",
    "pending",
    "submitted",
    "failed",
    "market",
    "limit",
    "stop",
    "open",
    "filled",
    "cancelled",
    "rejected",
    "expired",
    "ioc",
    "fok",
    "day",
    "gtd",
    "closed",
    "info",
    "error",
    "critical",
    ID,
];

fn text() -> impl Strategy<Value = Value<'static>> {
    let labels = "\\{\"[a-z]{1,4}\":\"[ -!#-\\[\\]-~é]{0,8}\"\\}";
    let texts = prop_oneof![
        prop::sample::select(&WORDS[..]).prop_map(str::to_owned),
        "[!-~]{1,64}",
        "\\PC{1,16}",
        "(\\PC|[\n\t\u{7f}]){1,16}",
        "[ -~]{65,128}",
        labels,
        Just("{ \"n\": 12345678901234567890.10, \"é\": [null, {}] }".to_owned()),
    ];
    texts.prop_map(|text| Value::Text(Cow::Owned(text)))
}

fn value(column: &Column) -> BoxedStrategy<Value<'static>> {
    let value = match column.kind {
        Kind::Text => text().boxed(),
        Kind::Int => {
            prop_oneof![0i64..10, any::<i64>(), Just(i64::MAX)].prop_map(Value::Int).boxed()
        }
        Kind::Float => {
            let floats = prop_oneof![0.0..1.0, prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL];
            prop_oneof![floats, Just(-0.0)].prop_map(Value::Float).boxed()
        }
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Decimal => prop_oneof![strategies::amount(), strategies::decimal()]
            .prop_map(Value::Decimal)
            .boxed(),
        Kind::Time => strategies::timestamp().prop_map(Value::Time).boxed(),
        Kind::Uuid => any::<u128>().prop_map(|n| Value::Uuid(Uuid::from_u128(n))).boxed(),
    };
    if column.required { value } else { prop_oneof![1 => Just(Value::Null), 3 => value].boxed() }
}

/// Any `R`.
pub(crate) fn record<R: Sample>() -> impl Strategy<Value = R> {
    let row: Vec<_> = R::COLUMNS.iter().map(value).collect();
    row.prop_map(|row| {
        let mut record = R::sample();
        for (place, value) in row.into_iter().enumerate() {
            let mut changed: Vec<Value<'_>> =
                (0..R::COLUMNS.len()).map(|place| record.value(place)).collect();
            changed[place] = value;
            // The product of two others must follow them.
            if let Some(notional) = R::index_of("notional") {
                let Some(product) = product::<R>(&changed) else { continue };
                changed[notional] = product;
            }
            let next = R::from_row(changed);
            if let Ok(next) = next {
                record = next;
            }
        }
        record
    })
}

fn product<R: Record>(row: &[Value<'_>]) -> Option<Value<'static>> {
    match (&row[R::index_of("price")?], &row[R::index_of("quantity")?]) {
        (Value::Decimal(a), Value::Decimal(b)) => a.mul_round(*b).ok().map(Value::Decimal),
        _ => None,
    }
}

/// Up to `most` of any `R`.
pub(crate) fn records<R: Sample>(most: usize) -> impl Strategy<Value = Vec<R>> {
    prop::collection::vec(record(), 0..=most)
}
