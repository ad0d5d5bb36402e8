//! Records as JSON lines and back.

use proptest::prelude::*;
use serde::Serialize;
use tradekeep_formats::{Format, ReadOptions, write_record};
use tradekeep_models::record::Record;
use tradekeep_models::*;

use crate::samples::{Sample, every_record};
use crate::{any, gzip, open, read, records, zstd};

fn file<R: Record + Serialize>(records: &[R]) -> Vec<u8> {
    let mut file = Vec::new();
    for record in records {
        write_record(&mut file, record).unwrap();
    }
    file
}

macro_rules! round_trip {
    ($record:ident, $name:ident) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(32))]
            #[test]
            fn $name(written in any::records::<$record>(8)) {
                let file = file(&written);
                prop_assert_eq!(file.iter().filter(|b| **b == b'\n').count(), written.len());
                if !written.is_empty() {
                    prop_assert_eq!(&records::<$record>(file.clone()), &written);
                    prop_assert_eq!(&records::<$record>(gzip(&file)), &written);
                    prop_assert_eq!(&records::<$record>(zstd(&file)), &written);
                }
            }
        }
    };
}

mod round_trips {
    use super::*;
    every_record!(round_trip);
}

#[test]
fn json_within_comes_back_byte_for_byte() {
    for json in [
        "{}",
        "{ \"a\": 1e400 }",
        " {\"a\":1} ",
        "{\n  \"a\": 1\n}",
        "{\"a\":\r1}\n",
        "{\"é\":\"\\u0000\"}",
    ] {
        let trade = Trade { metadata: Some(Json::new(json).unwrap()), ..Trade::sample() };
        let file = file(&[trade.clone(), trade.clone()]);
        assert_eq!(records::<Trade>(file), [trade.clone(), trade], "{json:?}");
    }
    let nested = "\"metadata\":{ \"a\": 1e400 }";
    let trade = Trade { metadata: Some(Json::new("{ \"a\": 1e400 }").unwrap()), ..Trade::sample() };
    assert!(String::from_utf8(file(&[trade])).unwrap().contains(nested));
}

#[test]
fn an_object_is_a_value_too() {
    let value = serde_json::to_value(Metric::sample()).unwrap();
    assert_eq!(value["labels"]["symbol"], "BTC/USD");
    assert_eq!(value["seq"], 9_007_199_254_740_993_i64);
    assert_eq!(value["value"], 45.3);
}

#[test]
fn numbers_and_strings_are_the_same() {
    let line = r#"{"service":"a","operation":"b","latency_ns":"12","ts":1723111205000,"seq":7.0,"stream":"s"}"#;
    let latency = &records::<Latency>(line)[0];
    assert_eq!((latency.latency_ns, latency.seq), (12, 7));
    assert_eq!(latency.ts.to_string(), "2024-08-08T10:00:05.000000000Z");
    let line = r#"{"ts":"2024-08-08","trader_id":"t","market":"m","amount":-0.10000000000000000001e1,"cost_basis":"1e2"}"#;
    assert_eq!(
        read::<Position>(line).reasons(),
        ["1: amount: has more than 18 decimal places: --round 18 rounds it half-even"]
    );
    let line = line.replace("0.10000000000000000001e1", "0.100000000000000001");
    assert_eq!(records::<Position>(line)[0].amount.to_string(), "-0.100000000000000001");
}

#[test]
fn a_field_may_come_in_any_place() {
    let lines = [
        r#"{"ts":"2024-08-08","service":"a","operation":"b","latency_ns":1}"#,
        r#"{"latency_ns":2,"operation":"b","\u0073ervice":"a","timestamp":"2024-08-08","success":null}"#,
        r#" {"operation":"b", "latency_ms":3, "ts":"2024-08-08", "service":"a", "success":false}"#,
    ];
    let latencies = records::<Latency>(lines.join("\r\n"));
    let told: Vec<_> = latencies.iter().map(|l| (l.latency_ns, l.success)).collect();
    assert_eq!(told, [(1, true), (2, true), (3_000_000, false)]);
    let reader = open::<Latency>(lines[0], &ReadOptions::default()).unwrap();
    assert_eq!(reader.format(), Format::Ndjson);
}
