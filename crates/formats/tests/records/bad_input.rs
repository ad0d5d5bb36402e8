//! Files in which something is wrong: the rows that are good are read all the same.

use serde::Serialize;
use tradekeep_formats::{Format, FormatError, ReadOptions};
use tradekeep_models::record::{Column, Kind, Naming, Record};
use tradekeep_models::*;

use crate::samples::{Sample, every_record};
use crate::{gzip, read, refused, refused_with, zstd};

fn object(record: &impl Serialize) -> serde_json::Map<String, serde_json::Value> {
    match serde_json::to_value(record).unwrap() {
        serde_json::Value::Object(object) => object,
        other => panic!("{other}"),
    }
}

macro_rules! wrong_types {
    ($record:ident, $name:ident) => {
        #[test]
        fn $name() {
            let good = object(&$record::sample());
            let mut lines = vec![serde_json::to_string(&good).unwrap()];
            let mut expected = Vec::new();
            for column in $record::COLUMNS {
                let (wrong, reason) = match column.kind {
                    Kind::Text if column.json => ("[1]", "is not a JSON object"),
                    Kind::Text | Kind::Uuid => ("{}", "is not a string"),
                    Kind::Int => ("true", "is not a whole number"),
                    Kind::Float => ("\"NaN\"", "is not a finite number"),
                    Kind::Bool => ("\"maybe\"", "is neither true nor false"),
                    Kind::Decimal => ("[1]", "is not a decimal number"),
                    Kind::Time => ("{}", "is not a time"),
                };
                let is_text = ["venue", "symbol", "side"].contains(&column.name);
                let reason = match $record::TABLE {
                    Table::Ticks if !is_text && column.kind != Kind::Bool => {
                        "is neither a string nor a number"
                    }
                    _ => reason,
                };
                let mut bad = good.clone();
                bad[column.name] = serde_json::from_str(wrong).unwrap();
                lines.push(serde_json::to_string(&bad).unwrap());
                expected.push(format!("{}: {}: {reason}", lines.len(), column.name));
            }
            lines.push(lines[0].clone());
            let outcome = read::<$record>(lines.join("\n"));
            assert_eq!(outcome.reasons(), expected);
            let good = read::<$record>(lines[0].clone()).records;
            assert_eq!(outcome.records, [good.clone(), good].concat());
            assert_eq!(outcome.rejects[0].row, lines[1]);
        }
    };
}

mod wrong_types {
    use super::*;
    every_record!(wrong_types);
}

/// Why a row without this column is rejected.
fn reason_of_missing<R: Record>(column: &Column) -> Option<&'static str> {
    let made = match R::NAMING {
        Naming::Given => false,
        Naming::Uuid { column: made, .. } => column.name == made,
        Naming::Position => ["stream", "seq"].contains(&column.name),
    };
    match (R::TABLE, column.name) {
        (Table::Trades, "id") => Some("is missing, where version is not 0"),
        (Table::Latencies, "success") | (Table::Fills, "order_id") => None,
        (Table::Ticks, "venue" | "key" | "sequence" | "notional") => None,
        _ if column.required && !column.default && !made => Some("is missing"),
        _ => None,
    }
}

fn holes<R: Sample>() {
    let good = object(&R::sample());
    for column in R::COLUMNS {
        let mut holed = good.clone();
        holed.remove(column.name);
        if column.name == "success" {
            holed.remove("error_type");
        }
        let outcome = read::<R>(serde_json::to_string(&holed).unwrap());
        let reason = reason_of_missing::<R>(column);
        let reason = reason.map(|reason| format!("1: {}: {reason}", column.name));
        assert_eq!(outcome.reasons(), reason.as_slice(), "{}", column.name);
    }
}

macro_rules! missing {
    ($record:ident, $name:ident) => {
        #[test]
        fn $name() {
            holes::<$record>();
        }
    };
}

mod missing {
    use super::*;
    every_record!(missing);
}

#[test]
fn numbers_that_do_not_fit_are_rejected() {
    let header = "ts,trader_id,market,amount,cost_basis\n";
    let rows = [
        "2024-08-08,t,m,1,1",
        "2024-08-08,t,m,1234567890123456789012345678901234567890,1",
        "2024-08-08,t,m,0.1234567890123456789012345678901234567890,1",
        "2024-08-08,t,m,NaN,1",
        "2024-08-08,t,m,1,inf",
        "2024-08-08,t,m,\"1,5\",1",
        "2024-08-08,t,m,1",
        "2024-08-08,,m,1,1",
        "2024-08-09,t,m,1,1",
    ];
    let outcome = read::<Position>(header.to_owned() + &rows.join("\n"));
    assert_eq!(
        outcome.reasons(),
        [
            "3: amount: is too large: it has more than 20 digits before the point",
            "4: amount: has more than 18 decimal places: --round 18 rounds it half-even",
            "5: amount: is not a decimal number",
            "6: cost_basis: is not a decimal number",
            "7: amount: is not a decimal number",
            "8: row: has 4 fields where 5 belong",
            "9: trader_id: is missing",
        ]
    );
    assert_eq!(outcome.records.len(), 2);
    let outcome = read::<Latency>(
        "ts,service,operation,latency_ms\n\
         2024-08-08,a,b,0.0000001\n2024-08-08,a,b,-1\n2024-08-08,a,b,99999999999999\n\
         2024-08-08,a,b,0.000001\n",
    );
    assert_eq!(
        outcome.reasons(),
        [
            "2: latency_ns: is not a whole number of nanoseconds",
            "3: latency_ns: is out of range",
            "4: latency_ns: is not a whole number of nanoseconds",
        ]
    );
    let outcome = read::<NodeHealth>(
        "ts,node,latency_ms\n2024-08-08,a,1.5\n2024-08-08,a,4294967296\n2024-08-08,a,1e18\n2024-08-08,a,1e19\n",
    );
    assert_eq!(
        outcome.reasons(),
        [
            "2: latency_ms: is not a whole number of 64 bits",
            "3: latency_ms: is out of range",
            "4: latency_ms: is out of range",
            "5: latency_ms: is not a whole number of 64 bits",
        ]
    );
}

#[test]
fn rules_of_the_records_hold() {
    let trade = object(&Trade::sample());
    let with = |changes: &[(&str, serde_json::Value)]| {
        let mut trade = trade.clone();
        for (name, value) in changes {
            trade[*name] = value.clone();
        }
        read::<Trade>(serde_json::to_string(&trade).unwrap()).reasons()
    };
    assert_eq!(with(&[("base_amount", "-1".into())]), ["1: base_amount: is negative"]);
    assert_eq!(
        with(&[("status", "done".into())]),
        ["1: status: is none of pending, submitted, confirmed, failed"]
    );
    assert_eq!(with(&[("trader_id", "".into())]), ["1: trader_id: is empty"]);
    assert_eq!(with(&[("id", "x".into())]), ["1: id: is not a UUID"]);
    assert_eq!(with(&[("version", (-1).into())]), ["1: version: is out of range"]);
    assert_eq!(with(&[("metadata", "[]".into())]), ["1: metadata: is not a JSON object"]);
}

#[test]
fn fields_that_are_not_known_are_rejected() {
    let good = r#"{"ts":"2024-08-08","service":"a","operation":"b","latency_ns":1}"#;
    let lines = [
        good,
        r#"{"ts":"2024-08-08","service":"a","operation":"b","latency":1}"#,
        r#"{"ts":"2024-08-08","service":"a","operation":"b","latency_ns":1,"latency_ms":1}"#,
        r#"{"ts":"2024-08-08","ts":"2024-08-08","service":"a","operation":"b","latency_ns":1}"#,
        "[1]",
        "{\"ts\":",
        "1",
        good,
    ];
    let outcome = read::<Latency>(lines.join("\n"));
    assert_eq!(
        outcome.reasons(),
        [
            "2: json: has the field `latency`, which latencies do not have (column 58)",
            "3: latency_ns: is given twice, also as latency_ms",
            "4: json: has the field `ts` twice (column 23)",
            "5: json: is an array, and one object a line is wanted",
            "6: json: EOF while parsing a value (column 0)",
            "7: json: invalid type: integer `1`, expected an object (column 1)",
        ]
    );
    assert_eq!(outcome.records.len(), 2);
}

#[test]
fn one_unit_of_time_a_column() {
    let outcome = read::<NodeHealth>(
        "ts,node,latency_ms,last_failure\n\
         x,a,1,1723111205\n\
         1723111205000,a,1,1723111205\n\
         1723111206,a,1,\n\
         1723111206000,a,1,1723111205000\n\
         2024-08-08T10:00:07Z,a,1,1723111206\n",
    );
    assert_eq!(
        outcome.reasons(),
        [
            "2: ts: is not a time like 2023-09-05T16:00:01.281719Z, 2023-09-05 16:00:01 +0200, 2023/09/05 16:00, 20230905T160001Z, \
             20230905, or a number since 1970: --time-format says how others are read",
            "4: ts: is in seconds by its digits, but this file counts milliseconds",
            "5: last_failure: is in milliseconds by its digits, but this file counts seconds",
        ]
    );
    assert_eq!(outcome.records.len(), 2);
}

#[test]
fn cut_files_give_whole_rows_and_one_error() {
    let mut file = "ts,service,operation,latency_ms\n".to_owned();
    for second in 0..20_000 {
        file += &format!("{},router,quote,{second}.25\n", 1_723_111_205 + second);
    }
    for compressed in [gzip(file.as_bytes()), zstd(file.as_bytes())] {
        let outcome = read::<Latency>(&compressed[..compressed.len() * 2 / 3]);
        assert!(
            matches!(outcome.error, Some(FormatError::Truncated { .. })),
            "{:?}",
            outcome.error
        );
        assert!(outcome.rejects.is_empty());
        let whole = read::<Latency>(compressed).records;
        assert_eq!(whole.len(), 20_000);
        assert!(!outcome.records.is_empty() && whole.starts_with(&outcome.records));
    }
}

#[test]
fn long_lines_are_rejected_and_passed() {
    let good = r#"{"ts":"2024-08-08","service":"a","operation":"b","latency_ns":1}"#;
    let long = format!("{{\"ts\":\"{}\"}}", "x".repeat(1 << 20));
    let outcome = read::<Latency>([good, &long, good].join("\n"));
    assert_eq!(outcome.reasons(), ["2: line: is longer than 1 MiB and was skipped"]);
    assert_eq!(outcome.records.len(), 2);
}

#[test]
fn options_that_do_not_suit_are_refused_before_the_file_is_read() {
    let of_ticks =
        |name| format!("is for ticks: rows of other types name theirs, or --set {name}=NAME does");
    let none = ReadOptions::default;
    for (options, reason) in [
        (
            ReadOptions { venue: "kraken".parse().ok(), ..none() },
            format!("--venue {}", of_ticks("venue")),
        ),
        (
            ReadOptions { symbol: "X".parse().ok(), ..none() },
            format!("--symbol {}", of_ticks("symbol")),
        ),
        (
            ReadOptions { map: "ts=a,price=A".parse().unwrap(), ..none() },
            "--map maps one column twice".into(),
        ),
        (ReadOptions { source: Some(String::new()), ..none() }, "--source is empty".into()),
    ] {
        assert_eq!(refused_with::<Trade>("", &options), reason);
        assert_eq!(options.check(Table::Trades).unwrap_err().to_string(), reason);
        assert!(options.check(Table::Ticks).is_ok(), "{reason}");
    }
    let options = ReadOptions { map: "when=ts".parse().unwrap(), ..none() };
    assert_eq!(
        refused_with::<Tick>("", &options),
        "--map maps an unknown field; the fields are ts, price, quantity, symbol, venue, side, \
         is_buyer_maker, trade_id, received_ts, sequence, aggregated"
    );
}

#[test]
fn files_of_another_kind_are_refused_by_name() {
    let with = |format| ReadOptions { format: Some(format), ..ReadOptions::default() };
    assert_eq!(
        refused_with::<Trade>("x\n", &with(Format::Tardis)),
        "tardis is a format of ticks: files of trades are csv or ndjson"
    );
    assert!(
        refused_with::<Trade>("a,b\n", &with(Format::Ndjson)).starts_with("this is no ndjson file")
    );
    assert!(
        refused_with::<Trade>("{\"ts\":1}", &with(Format::Csv)).starts_with("no column for ts")
    );
    assert!(refused::<Trade>("DBN\u{1}").contains("ticks as DBN"));
    assert!(refused_with::<Trade>("[{}]", &with(Format::Csv)).starts_with("no column for ts"));
    assert!(refused::<Trade>("PK\u{3}\u{4}").contains("a zip archive"));
    assert!(refused::<Trade>("ts,a\rts,b\r").contains("carriage return"));
    for empty in ["", "\n\n", "\u{feff}"] {
        assert!(refused::<Trade>(empty).starts_with("the file is empty"));
    }
}
