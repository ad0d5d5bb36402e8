//! Whatever the bytes: no panic, no row invented twice, an end.

use std::io::Cursor;

use proptest::collection::vec;
use proptest::prelude::*;
use tradekeep_formats::{Format, ReadOptions, RecordReader, Row};
use tradekeep_models::Tick;

use crate::dbn::{metadata, trade};
use crate::{gzip, zstd};

/// Reads to the end and counts rows.
fn exhaust(bytes: &[u8], format: Option<Format>) {
    let options = ReadOptions { format, symbol: "X".parse().ok(), ..ReadOptions::default() };
    let Ok(mut reader) = RecordReader::<Tick>::open(Box::new(Cursor::new(bytes.to_vec())), options)
    else {
        return;
    };
    let mut rows = 0;
    let mut failed = false;
    for row in reader.by_ref() {
        assert!(!failed, "rows after an error");
        match row {
            Ok(Row::Record(_)) => rows += 1,
            Ok(Row::Rejected(reject)) => {
                rows += 1;
                assert!(reject.line > 0 && !reject.reason.contains('\n'), "{reject:?}");
            }
            Err(error) => {
                failed = true;
                assert!(!error.to_string().contains('\n'), "{error}");
            }
        }
    }
    assert!(reader.next().is_none());
    // A row takes a byte at least, and compression packs no more than a thousandfold.
    assert!(rows <= bytes.len() * 1_100);
}

fn exhaust_as_all(bytes: &[u8]) {
    for format in Format::ALL.map(Some).into_iter().chain([None]) {
        exhaust(bytes, format);
    }
}

/// A good file of each format.
fn good_files() -> Vec<Vec<u8>> {
    let json = r#"{"ts":"2024-08-08T10:00:05Z","venue":null,"symbol":"B","price":1,"quantity":"2","key":"5"}"#;
    let stream = r#"1723161254087896568 {"stream":"s","data":{"e":"trade","s":"B","t":3,"p":"6","q":"0.0","T":1723161255342,"m":true}}"#;
    let texts = [
        "ts,symbol,price,qty,side,id,received,seq\n1723161255342,\"B\"\"X\",1e3,3.844E-5,buy,,,\n"
            .into(),
        "77,6.30,0.02,12.5,1723120496789,True,True\n78,6.30,0.02,12.5,1723120496789,True,True\n"
            .into(),
        "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n\
         x,B,1585699201147000,1585699201200000,,buy,6425.5,100\n"
            .into(),
        format!("{json}\n{json}\n"),
        format!("{stream}\n{stream}\n"),
    ];
    let mut files: Vec<Vec<u8>> = texts.map(String::into_bytes).into();
    for version in 1..=3 {
        let record = trade(7, 1_723_075_200_000_000_000, 5, b'A');
        files.push([metadata(version, 4), record.clone(), record].concat());
    }
    let compressed: Vec<_> = files.iter().flat_map(|file| [gzip(file), zstd(file)]).collect();
    files.extend(compressed);
    files
}

proptest! {
    #[test]
    fn random_bytes(bytes in vec(any::<u8>(), 0..300)) {
        exhaust_as_all(&bytes);
        exhaust_as_all(&gzip(&bytes));
    }

    #[test]
    fn random_text(text in "([0-9.,:;|\\[\\]TZe{}\"\\-\t\r\n a-z]{0,200}\n){0,4}") {
        exhaust_as_all(text.as_bytes());
        exhaust_as_all(format!("ts,symbol,price,qty\n{text}").as_bytes());
    }

    #[test]
    fn random_metadata(version in 1u8..=3, body in vec(any::<u8>(), 0..400)) {
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        exhaust(&[&[b'D', b'B', b'N', version][..], &length, &body].concat(), None);
    }

    #[test]
    fn random_records(body in vec(any::<u8>(), 0..400)) {
        exhaust(&[metadata(3, 4), body].concat(), None);
    }

    #[test]
    fn good_files_with_bad_bytes(
        which in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let files = good_files();
        let mut file = which.get(&files).clone();
        for (at, byte) in &changes {
            let at = at.index(file.len());
            file[at] = *byte;
        }
        exhaust(&file, None);
        exhaust(&file[..cut.index(file.len())], None);
    }
}

#[test]
fn good_files_are_good() {
    for file in good_files() {
        let options = ReadOptions { symbol: "X".parse().ok(), ..ReadOptions::default() };
        let outcome = crate::read_with(file, &options);
        assert!(outcome.error.is_none() && outcome.rejects.is_empty(), "{outcome:?}");
        assert!(!outcome.ticks.is_empty());
    }
}
