//! Records as JSON and back, and answers as JSON.
#![allow(clippy::unwrap_used, reason = "test code")]

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tradekeep_models::record::Record;
use tradekeep_models::*;

/// Random records of a type come back.
macro_rules! reads_back {
    ($($record:ident),+ $(,)?) => { $(
        mod $record {
            use super::*;

            proptest! {
                #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
                #[test]
                fn reads_back(record in strategies::$record()) {
                    super::reads_back(record);
                }
            }
        }
    )+ };
}

reads_back!(
    tick,
    trade,
    order,
    fill,
    position,
    metric,
    latency,
    mev_event,
    system_event,
    node_health,
    stored_candle,
);

fn reads_back<R: Record + Serialize + DeserializeOwned>(record: R) {
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert_eq!(serde_json::from_str::<R>(&text).unwrap(), record);
    assert_eq!(serde_json::from_reader::<_, R>(text.as_bytes()).unwrap(), record);
    let records = R::into_records(vec![record]);
    let text = serde_json::to_string(&records).unwrap();
    assert!(text.starts_with(&format!("{{\"{}\":[{{", R::TABLE)), "{text}");
    assert_eq!(serde_json::from_str::<Records>(&text).unwrap(), records);
}

const METRIC: &str = r#"{"ts":"2024-08-08T10:00:05.000000000Z","stream":"bot-1","seq":7,"name":"lag_ms","value":0.1,"labels":{"symbol":"X"}}"#;

fn metric() -> Metric {
    let (ts, name) = ("2024-08-08T10:00:05Z".parse().unwrap(), Name::new("lag_ms").unwrap());
    let metric = Metric::new(ts, name, 0.1).with_symbol("X").unwrap();
    Metric { stream: StreamId::new("bot-1").unwrap(), seq: 7, ..metric }
}

#[test]
fn lines_are_what_they_were() {
    assert_eq!(serde_json::to_string(&metric()).unwrap(), METRIC);
    let tick = Tick::builder(Symbol::new("X").unwrap(), metric().ts)
        .price("1.5".parse().unwrap())
        .quantity(2.into())
        .trade_id(TradeId::new("1001").unwrap())
        .build()
        .unwrap();
    assert_eq!(
        serde_json::to_string(&tick).unwrap(),
        r#"{"ts":"2024-08-08T10:00:05.000000000Z","venue":"unknown","symbol":"X","trade_id":"1001","price":"1.5","quantity":"2","side":null,"notional":"3","sequence":1001,"received_ts":null,"key":"4896150781439443774"}"#
    );
    let candles = Candle::from_ticks("1m".parse().unwrap(), [&tick]).unwrap();
    assert_eq!(
        serde_json::to_string(&candles).unwrap(),
        r#"[{"open_ts":"2024-08-08T10:00:00.000000000Z","venue":"unknown","symbol":"X","interval":"1m","open":"1.5","high":"1.5","low":"1.5","close":"1.5","volume":"2","notional":"3","count":1,"vwap":"1.5"}]"#
    );
}

#[test]
fn numbers_that_are_not_there_are_null() {
    let name = |text| Name::new(text).unwrap();
    let numbers = LatencyNumbers::of(vec![3, 1, 2]);
    let some = LatencyStats::builder()
        .service(name("a"))
        .operation(name("b"))
        .successes(3)
        .failures(1)
        .maybe_numbers(numbers)
        .build();
    let some = serde_json::to_string(&some).unwrap();
    assert_eq!(
        some,
        r#"{"service":"a","operation":"b","successes":3,"failures":1,"min_ns":1,"avg_ns":2.0,"p50_ns":2,"p95_ns":3,"p99_ns":3,"p999_ns":3,"max_ns":3}"#
    );
    let none = LatencyStats::builder()
        .service(name("a"))
        .operation(name("b"))
        .successes(0)
        .failures(1)
        .build();
    assert_eq!(
        serde_json::to_string(&none).unwrap(),
        r#"{"service":"a","operation":"b","successes":0,"failures":1,"min_ns":null,"avg_ns":null,"p50_ns":null,"p95_ns":null,"p99_ns":null,"p999_ns":null,"max_ns":null}"#
    );
}

#[test]
fn what_is_wrong_is_named() {
    let refused = |from: &str, to: &str| {
        assert!(METRIC.contains(from), "{from}");
        let error = serde_json::from_str::<Metric>(&METRIC.replacen(from, to, 1)).unwrap_err();
        let error = error.to_string();
        error.rsplit_once(" at line ").map_or(error.clone(), |(reason, _)| reason.into())
    };
    assert_eq!(refused("value", "valeu"), "metrics have no field \"valeu\"");
    assert_eq!(refused("\"seq\":7", "\"seq\":7,\"seq\":7"), "has the field \"seq\" twice");
    assert_eq!(refused("\"lag_ms\"", "null"), "name: is missing");
    assert_eq!(refused("\"lag_ms\"", "5"), "name: is not a string");
    assert_eq!(refused("7", "7.5"), "seq: is not a whole number");
    assert_eq!(refused("0.1", "1e999"), "value: is not a finite number");
    assert_eq!(refused("{\"symbol\":\"X\"}", "[]"), "labels: is not a string");
    assert_eq!(refused("2024-08-08", "1924-08-08"), "ts: is outside the years 1970 to 2261");
    assert!(serde_json::from_str::<Metric>("[]").is_err());

    let changed = |from, to| serde_json::from_str::<Metric>(&METRIC.replacen(from, to, 1)).unwrap();
    // Numbers may be strings; what has a default may be absent.
    assert_eq!(changed("0.1", "\"0.1\""), metric());
    assert_eq!(changed(",\"labels\":{\"symbol\":\"X\"}", "").labels, Labels::default());
    let value: serde_json::Value = METRIC.parse().unwrap();
    assert_eq!(serde_json::from_value::<Metric>(value).unwrap(), metric());
}
