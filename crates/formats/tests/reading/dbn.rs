//! Databento's encoding, byte by byte.

use tradekeep_formats::{FilePosition, Format, FormatError, ReadOptions};
use tradekeep_models::{Side, Tick};

use crate::{format, open, read, read_with, refused, ticks, zstd};

const SECOND: u64 = 1_000_000_000;
/// 2024-08-08T00:00:00Z.
const START: u64 = 1_723_075_200 * SECOND;
const TRADES: u16 = 4;
const UNDEFINED: u64 = u64::MAX;

/// Metadata that maps instrument 7 to `ESU4` on 2024-08-08 and to `ESZ4` from then on.
pub(crate) fn metadata(version: u8, schema: u16) -> Vec<u8> {
    let symbol_length = if version == 1 { 22 } else { 71 };
    let text = |text: &str, length: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(length, 0);
        bytes
    };
    let mut body = text("GLBX.MDP3", 16);
    body.extend(schema.to_le_bytes());
    for number in [START, START + 86_400 * SECOND, 0] {
        body.extend(number.to_le_bytes());
    }
    if version == 1 {
        body.extend([0; 8]); // number of records
    }
    body.extend([1, 0, 0]); // from raw symbols, to instrument ids, without times of sending
    if version > 1 {
        body.extend(71u16.to_le_bytes());
    }
    body.resize(100, 0);
    for empty in [0u32; 4] {
        body.extend(empty.to_le_bytes()); // definitions, symbols, partial, not found
    }
    let mappings = [("ESU4", 2024_0808u32, 2024_0809u32), ("ESZ4", 2024_0809, 2024_0901)];
    body.extend(2u32.to_le_bytes());
    for (symbol, from, to) in mappings {
        body.extend(text(symbol, symbol_length));
        body.extend(1u32.to_le_bytes());
        body.extend(from.to_le_bytes());
        body.extend(to.to_le_bytes());
        body.extend(text("7", symbol_length));
    }
    let mut file = b"DBN".to_vec();
    file.push(version);
    file.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    file.extend(body);
    file
}

pub(crate) fn trade(instrument: u32, ts: u64, price: i64, side: u8) -> Vec<u8> {
    let mut record = vec![12, 0, 1, 0];
    record.extend(instrument.to_le_bytes());
    record.extend(ts.to_le_bytes());
    record.extend(price.to_le_bytes());
    record.extend(5u32.to_le_bytes());
    record.extend([b'T', side, 0, 0]);
    let received = if ts == UNDEFINED { ts } else { ts + 1 };
    record.extend(received.to_le_bytes());
    record.extend(0i32.to_le_bytes());
    record.extend(99u32.to_le_bytes());
    record
}

fn summary(tick: &Tick) -> String {
    let side = tick.side().map_or("-", Side::as_str);
    format!("{} {} {} {side} #{}", tick.venue(), tick.symbol(), tick.price(), tick.sequence())
}

#[test]
fn trades_of_three_versions() {
    for version in 1..=3 {
        let mut file = metadata(version, TRADES);
        file.extend(trade(7, START, 1_500_000_001, b'A'));
        file.extend([5, 0x17, 1, 0].iter().chain(&[0; 16])); // from the gateway itself
        file.extend(trade(7, START + 86_400 * SECOND, -1, b'B'));
        file.extend(trade(8, START, 1_000_000_000, b'N'));
        let expected = [
            "GLBX.MDP3 ESU4 1.500000001 sell #99",
            "GLBX.MDP3 ESZ4 -0.000000001 buy #99",
            "GLBX.MDP3 8 1 - #99",
        ];
        let plain = ReadOptions::default();
        assert_eq!(open(file.clone(), &plain).unwrap().format(), Format::Dbn);
        let read = ticks(file.clone(), &plain);
        assert_eq!(read.iter().map(summary).collect::<Vec<_>>(), expected);
        assert_eq!(u64::try_from(read[0].ts().as_nanos()).unwrap(), START);
        assert_eq!(read[0].received_ts().unwrap().as_nanos(), read[0].ts().as_nanos() + 1);
        assert_eq!(ticks(zstd(&file), &plain), read);
        // A symbol of the options is for what the file does not name.
        let named = ticks(file, &format(Format::Dbn));
        assert_eq!(named[0].symbol().as_str(), "ESU4");
        assert_eq!(named[2].symbol().as_str(), "BTCUSDT");
    }
}

#[test]
fn equal_records_are_told_apart() {
    let record = trade(7, START, 1_000_000_000, b'A');
    let file = [metadata(3, TRADES), record.clone(), record].concat();
    let read = ticks(file, &ReadOptions::default());
    assert_ne!(read[0].key(), read[1].key());
}

#[test]
fn records_that_are_no_ticks() {
    let mut record = trade(7, START, 1, b'A');
    record[28] = b'C';
    let mut file = metadata(3, TRADES);
    file.extend(trade(7, START, i64::MAX, b'A'));
    file.extend(trade(7, UNDEFINED, 1, b'A'));
    file.extend(trade(7, START, 1, b'X'));
    file.extend(trade(7, u64::MAX - 1, 1, b'A'));
    file.extend(record);
    file.extend([4, 0x99].iter().chain(&[0; 14]));
    file.extend(trade(7, START, 1, b'A'));
    let outcome = read(file);
    assert_eq!(
        outcome.reasons(),
        [
            "1: price: is undefined",
            "2: ts: is undefined",
            "3: side: is none of A, B, N",
            "4: ts: is outside the years 1970 to 2261",
            "5: action: is not that of a trade",
            "6: record: is no trade, or not of its size",
        ]
    );
    assert!(outcome.rejects[0].row.contains("instrument_id: 7"), "{}", outcome.rejects[0].row);
    assert_eq!(outcome.ticks.len(), 1);
}

#[test]
fn other_schemas_are_refused_by_name() {
    let plain = ReadOptions::default();
    let supported = "supported here: the schema trades of DBN versions 1 to 3";
    for (file, found) in [
        (metadata(3, 6), "the schema ohlcv-1m"),
        (metadata(2, 0), "the schema mbo"),
        (metadata(1, u16::MAX), "a mix of schemas"),
        (b"DBN\x04\0\0\0\0".to_vec(), "DBN version 4"),
        (b"DBN\0\0\0\0\0".to_vec(), "DBN version 0"),
    ] {
        assert_eq!(refused(file, &plain), format!("the file holds {found}; {supported}"));
    }
}

#[test]
fn every_cut_is_noticed() {
    let start = metadata(3, TRADES);
    let record = trade(7, START, 1_000_000_000, b'A');
    let file = [start.clone(), record.clone(), record].concat();
    for cut in 3..file.len() {
        let outcome = read_with(&file[..cut], &ReadOptions::default());
        let rows = cut.saturating_sub(start.len()) / 48;
        assert_eq!(outcome.ticks.len(), rows, "cut at {cut}");
        if cut >= start.len() && (cut - start.len()).is_multiple_of(48) {
            assert!(outcome.error.is_none());
            continue;
        }
        let Some(FormatError::Truncated { data: "DBN", position }) = outcome.error else {
            panic!("cut at {cut}: {:?}", outcome.error);
        };
        assert_eq!(position, FilePosition::Record(u64::try_from(rows).unwrap()));
    }
}

#[test]
fn metadata_that_lies() {
    let mut file = metadata(3, TRADES);
    file[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = refused(file.clone(), &ReadOptions::default());
    assert!(error.contains("longer than 256 MiB"), "{error}");
    file[4..8].copy_from_slice(&(200u32 << 20).to_le_bytes());
    let error = refused(file.clone(), &ReadOptions::default());
    assert!(error.contains("ends in the middle of its DBN data"), "{error}");
    file[4..8].copy_from_slice(&50u32.to_le_bytes());
    let error = refused(file, &ReadOptions::default());
    assert!(error.contains("damaged"), "{error}");
    let mut short = metadata(3, TRADES);
    short.extend([1, 0, 0, 0]);
    let error = read(short).error.unwrap().to_string();
    assert!(error.contains("shorter than its header"), "{error}");
}
