//! Lines longer than any row: one reject each, in the middle of a file; an error where they tell that
//! it is no file of rows.

use std::io::{self, Read};

use tradekeep_formats::{FormatError, MAX_LINE, ReadOptions, RecordReader, Row};
use tradekeep_models::Tick;

use crate::{Outcome, gzip, read, refused, zstd};

const HEADER: &str = "ts,symbol,price,qty\n";
const TOO_LONG: &str = "line: is longer than 1 MiB and was skipped";

/// What precedes the rows of each format, and two good rows of it.
fn formats() -> [(&'static str, [String; 2]); 5] {
    let json = |ts| format!("{{\"ts\":{ts},\"symbol\":\"B\",\"price\":1,\"quantity\":1}}");
    let message = |ts| {
        let data =
            format!("{{\"e\":\"trade\",\"s\":\"B\",\"t\":3,\"p\":\"6\",\"q\":\"1\",\"T\":{ts}}}");
        format!("1723161254087896568 {{\"stream\":\"s\",\"data\":{data}}}")
    };
    let tardis = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n";
    let row = |ts| format!("x,B,{ts},{ts},,buy,1,1");
    [
        (HEADER, ["1700000001,B,1,1".into(), "1700000002,B,1,1".into()]),
        ("", [json(1_700_000_001), json(1_700_000_002)]),
        ("", [message(1_700_000_001), message(1_700_000_002)]),
        (tardis, [row(1_585_699_201_147_000_i64), row(1_585_699_201_147_001)]),
        (
            "id,price,qty,quote_qty,time,is_buyer_maker\n",
            ["77,6,1,6,1723120496789,true".into(), "78,6,1,6,1723120496790,true".into()],
        ),
    ]
}

fn read_symbol(file: impl Into<Vec<u8>>) -> Outcome {
    let options = ReadOptions { symbol: "B".parse().ok(), ..ReadOptions::default() };
    crate::read_with(file, &options)
}

#[test]
fn a_long_line_is_one_reject() {
    for (header, [first, second]) in formats() {
        let good = u64::try_from(header.lines().count()).unwrap() + 1;
        // Just too long, over several bufferfuls, and with one quote or brace that is never closed.
        for long in [
            "x".repeat(MAX_LINE),
            "y".repeat(5 * MAX_LINE),
            format!("\"{}", "z".repeat(MAX_LINE)),
            format!("{{\"ts\":\"{}", "1".repeat(MAX_LINE)),
            " ".repeat(MAX_LINE),
        ] {
            let file = format!("{header}{first}\n{long}\n{second}\n");
            for bytes in [gzip(file.as_bytes()), file.into_bytes()] {
                let outcome = read_symbol(bytes);
                assert!(outcome.error.is_none(), "{:?}", outcome.error);
                assert_eq!(outcome.ticks.len(), 2, "{first}");
                assert_eq!(outcome.reasons(), [format!("{}: {TOO_LONG}", good + 1)], "{first}");
                assert_eq!(outcome.rejects[0].row, long[..4096]);
            }
        }
    }
}

#[test]
fn lines_after_a_long_one_keep_their_numbers() {
    let long = "x".repeat(2 * MAX_LINE);
    let file = format!("{HEADER}{long}\r\n\n{long}\nbad\n1700000001,B,1,1\n{long}");
    let outcome = read(file);
    assert_eq!(
        outcome.reasons(),
        [
            format!("2: {TOO_LONG}"),
            format!("4: {TOO_LONG}"),
            "5: row: has 1 fields where 4 belong".into(),
            // The last line lacks its end.
            format!("7: {TOO_LONG}"),
        ]
    );
    assert_eq!(outcome.ticks.len(), 1);
    assert!(outcome.error.is_none());
}

#[test]
fn the_longest_line_is_a_row() {
    // A MiB with its line end.
    let long = "x".repeat(MAX_LINE - 1);
    let outcome = read(format!("{HEADER}{long}\n1700000001,B,1,1\n"));
    assert_eq!(outcome.reasons(), ["2: row: has 1 fields where 4 belong"]);
    assert_eq!(outcome.rejects[0].row.len(), 4096);
    let padded = format!("1700000001,B,1,1{}", " ".repeat(MAX_LINE - 17));
    assert_eq!(read(format!("{HEADER}{padded}\n")).ticks.len(), 1);
    assert_eq!(read(format!("{HEADER}{padded} \n")).reasons(), [format!("2: {TOO_LONG}")]);
}

/// What a crash leaves where blocks of a file were allotted and never written.
#[test]
fn a_hole_of_zeros_costs_one_row() {
    let zeros = "\0".repeat(3 * MAX_LINE);
    let outcome =
        read(format!("{HEADER}1700000001,B,1,1\n{zeros}1700000002,B,1,1\n1700000003,B,1,1\n"));
    assert_eq!(outcome.reasons(), [format!("3: {TOO_LONG}")]);
    assert_eq!(outcome.ticks.len(), 2);
}

#[test]
fn a_first_line_that_long_is_no_row() {
    let expected = "line 1 is longer than 1 MiB: this is no file of one row a line, give it as one";
    let header = format!("ts,symbol,price,{}\n1700000001,B,1,1\n", "x".repeat(MAX_LINE));
    let object = format!("{{\"ts\":\"{}\"}}\n", "1".repeat(MAX_LINE));
    for file in [&header, &object] {
        assert_eq!(refused(&**file, &ReadOptions::default()), expected);
    }
    // What unpacks to one endless line is not unpacked to its end.
    assert_eq!(refused(gzip(&vec![b'x'; 20 << 20]), &ReadOptions::default()), expected);
    let blank = refused(gzip(&vec![b'\n'; 20 << 20]), &ReadOptions::default());
    assert!(blank.contains("the file is empty"), "{blank}");
    let binary = refused(vec![0x80; 3 * MAX_LINE], &ReadOptions::default());
    assert!(binary.starts_with("the file is binary, or text in an encoding"), "{binary}");
}

#[test]
fn a_line_without_end_ends_the_file() {
    for (header, [first, _]) in formats() {
        let good = format!("{header}{first}\n");
        let line = good.lines().count() + 1;
        let input = io::Cursor::new(good).chain(io::repeat(b'x'));
        let options = ReadOptions { symbol: "B".parse().ok(), ..ReadOptions::default() };
        let rows: Vec<_> = RecordReader::<Tick>::open(Box::new(input), options).unwrap().collect();
        assert!(matches!(rows[..], [Ok(Row::Record(_)), Err(_)]), "{rows:?}");
        assert_eq!(
            rows[1].as_ref().unwrap_err().to_string(),
            format!(
                "line {line} is longer than 64 MiB: the file is damaged from there on, get it \
                 again; rows before are safe to import twice"
            )
        );
    }
}

#[test]
fn a_file_cut_in_a_long_line_is_still_cut() {
    let noise: Vec<u8> =
        (0..3 * MAX_LINE).map(|n| b'a' + u8::try_from(n * n % 23).unwrap()).collect();
    let file = [format!("{HEADER}1700000001,B,1,1\n").into_bytes(), noise].concat();
    for packed in [gzip(&file), zstd(&file)] {
        let outcome = read(&packed[..packed.len() - 20]);
        assert_eq!(outcome.rejects, [], "half a line is no row");
        assert_eq!(outcome.ticks.len(), 1);
        let error = outcome.error.unwrap();
        assert!(matches!(error, FormatError::Truncated { .. }), "{error}");
        assert!(error.to_string().contains("after line 2"), "{error}");
    }
}
