//! Records of all kinds, line by line.

use proptest::prelude::*;
use serde::Serialize;
use tradekeep_formats::{Line, LineReader, MAX_LINE, write_record};
use tradekeep_models::record::Record;
use tradekeep_models::*;

use crate::any;

/// What a line holds.
fn read(line: &str) -> Line {
    LineReader::new(Table::Ticks).read(1, line.as_bytes()).unwrap().unwrap()
}

/// Why a line is refused.
fn refused(line: &str) -> String {
    let reject = LineReader::new(Table::Ticks).read(7, line.as_bytes()).unwrap_err();
    assert_eq!(reject.line, 7);
    reject.reason
}

/// Of a record as it is written, with its kind put in front.
fn typed<R: Record + Serialize>(record: &R, kind: &str) -> String {
    let mut line = Vec::new();
    write_record(&mut line, record).unwrap();
    let line = String::from_utf8(line).unwrap();
    format!("{{\"type\":\"{kind}\",{}", line.strip_prefix('{').unwrap())
}

macro_rules! round_trip {
    ($($variant:ident($record:ty) in $name:ident as $kind:literal),+ $(,)?) => { $(
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(32))]
            #[test]
            fn $name(written in any::records::<$record>(4)) {
                let mut lines = LineReader::new(Table::Ticks);
                for (number, record) in (1..).zip(written) {
                    let table = <$record>::TABLE;
                    for kind in [$kind, table.as_str()] {
                        let line = typed(&record, kind);
                        let read = lines.read(number, line.as_bytes()).unwrap().unwrap();
                        prop_assert_eq!(read.record.table(), table);
                        let expected = AnyRecord::$variant(record.clone());
                        prop_assert_eq!(read, Line { record: expected, named_here: false });
                    }
                }
            }
        }
    )+ };
}

round_trip! {
    Trade(Trade) in trades as "trade",
    Order(Order) in orders as "order",
    Fill(Fill) in fills as "fill",
    Position(Position) in positions as "position",
    Metric(Metric) in metrics as "metric",
    Latency(Latency) in latencies as "latency",
    MevEvent(MevEvent) in mev_events as "mev",
    SystemEvent(SystemEvent) in system_events as "event",
    NodeHealth(NodeHealth) in nodes as "node",
    StoredCandle(StoredCandle) in candles as "candle",
}

proptest! {
    #[test]
    fn ticks(tick in strategies::tick()) {
        let read = read(&typed(&tick, "tick"));
        prop_assert_eq!(read, Line { record: AnyRecord::Tick(tick), named_here: false });
    }

    #[test]
    fn no_bytes_break_it(bytes in any::<Vec<u8>>(), start in "(\\{\"type\":\"[a-z]{0,6}\",?)?") {
        let line = [start.as_bytes(), &bytes].concat();
        for table in Table::ALL {
            let _ = LineReader::new(*table).read(1, &line);
        }
    }
}

const TICK: &str = r#""ts":"2024-08-08T10:00:05Z","symbol":"X","price":"1.50","quantity":2"#;

fn tick(line: &str) -> (Tick, bool) {
    match read(line) {
        Line { record: AnyRecord::Tick(tick), named_here } => (tick, named_here),
        other => panic!("{other:?}"),
    }
}

#[test]
fn ticks_without_an_id_are_told_apart() {
    let line = format!("{{{TICK}}}");
    let ((one, named), (two, _)) = (tick(&line), tick(&line));
    assert!(named && one.key() != two.key() && one.sequence() < two.sequence());
    for id in [r#""trade_id":7"#, r#""trade_id":"a""#, r#""key":"-5""#] {
        let line = format!("{{{TICK},{id}}}");
        let ((one, named), (two, _)) = (tick(&line), tick(&line));
        assert!(!named && one.key() == two.key(), "{id}");
    }
    assert_eq!(tick(&format!("{{{TICK},\"trade_id\":7}}")).0.sequence(), 7);
    assert_eq!(tick(&format!("{{{TICK},\"sequence\":9}}")).0.sequence(), 9);
}

#[test]
fn others_without_an_identity_take_one_that_nothing_else_has() {
    let metric = r#"{"type":"metric","ts":"2024-08-08T10:00:05Z","name":"lag","value":1}"#;
    let fill = r#"{"type":"fill","ts":"2024-08-08T10:00:05Z","order_id":"01913a5e-7c1b-7d3e-9f00-0123456789ab","venue":"v","market":"m","side":"buy","price":1,"quantity":2,"fee":0,"fee_currency":"USD"}"#;
    for line in [metric, fill] {
        let (one, two) = (read(line), read(line));
        assert!(one.named_here && two.named_here && one != two, "{line}");
    }
    let order = r#"{"type":"order","ts":"2024-08-08T10:00:05Z","client_order_id":"c-1","venue":"v","market":"m","side":"buy","order_type":"market","quantity":2}"#;
    let of_venue =
        |line: &str, number: &str| line.replace("\"venue\"", &format!("{number},\"venue\""));
    for line in [
        order.to_owned(),
        of_venue(fill, "\"venue_fill_id\":\"9\""),
        of_venue(&order.replace("\"client_order_id\":\"c-1\",", ""), "\"venue_order_id\":\"7\""),
    ] {
        let (one, two) = (read(&line), read(&line));
        assert!(!one.named_here && one == two, "{one:?}");
    }
    let half = |field: &str| refused(&metric.replace("\"name\"", &format!("{field},\"name\"")));
    assert_eq!(half("\"seq\":1"), "stream: is missing, where seq is there");
    assert_eq!(half("\"stream\":\"s\""), "seq: is missing, where stream is there");
}

#[test]
fn each_line_stands_for_itself() {
    let mut lines = LineReader::new(Table::Ticks);
    for ts in ["1723111205", "1723111205000", "1723111205000000000", "\"2024-08-08T10:00:05Z\""] {
        let line = TICK.replace("\"2024-08-08T10:00:05Z\"", ts);
        let line = lines.read(1, format!("{{{line}}}").as_bytes()).unwrap().unwrap();
        let AnyRecord::Tick(tick) = line.record else { panic!() };
        assert_eq!(tick.ts(), "2024-08-08T10:00:05Z".parse().unwrap());
    }
}

#[test]
fn says_what_is_wrong() {
    for (line, reason) in [
        ("{", "json: EOF while parsing an object (column 1)"),
        ("{\r\n", "json: EOF while parsing an object (column 1)"),
        ("[1]", "json: is an array, and one object a line is wanted"),
        (r#"{"type":"tock"}"#, "type: is none of tick, trade, order, fill, position, metric, "),
        (r#"{"type":1}"#, "type: is not a string"),
        (r#"{"type":"tick","type":"tick"}"#, "json: duplicate field `type`"),
        (r#"{"type":"metric","vlue":1}"#, "json: has the field `vlue`, which metrics do not have"),
        (r#"{"type":"tick","prize":1}"#, "json: unknown field `prize`"),
        (r#"{"type":"node"}"#, "ts: is missing"),
        (r#"{"symbol":"X"}"#, "ts: is missing"),
        (r#"{"type":null,"symbol":"X"}"#, "ts: is missing"),
    ] {
        assert!(refused(line).starts_with(reason), "{line}: {}", refused(line));
    }
    let long = format!("{{\"symbol\":\"{}\"}}", "x".repeat(MAX_LINE));
    assert_eq!(refused(&long), "line: is longer than 1 MiB and was skipped");
    for blank in ["", "\n", " \t\r\n"] {
        assert_eq!(LineReader::new(Table::Fills).read(1, blank.as_bytes()), Ok(None));
    }
}
