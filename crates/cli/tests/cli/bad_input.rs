//! Every kind of bad file: told in one line, and nothing that is stored is lost.

use std::io::Write;

use crate::support::{Folder, Run};

/// Imports `content` into a store of four ticks.
fn import(name: &str, content: impl AsRef<[u8]>, args: &str) -> (Folder, Run) {
    let folder = Folder::with_trades();
    folder.write(name, content);
    let run = folder.run(&format!("import {name} --json {args}"));
    (folder, run)
}

/// The file is refused: one error with its name and `part`, and nothing else changes.
#[track_caller]
fn refused(name: &str, content: impl AsRef<[u8]>, part: &str) {
    let (folder, run) = import(name, content, "");
    let error = run.error(1);
    assert!(error.starts_with(name) && error.contains(part), "{error}");
    assert_eq!(run.counts()[1], 0);
    assert_eq!(run.last()["error"].as_str(), error.strip_prefix(&format!("{name}: ")));
    assert_eq!(folder.stored(), 4);
}

/// One row is rejected for `reason`, the good one beside it is stored.
#[track_caller]
fn rejected(row: &str, reason: &str) {
    let text = format!("ts,symbol,price,qty\n{row}\n2024-08-08T11:00:00Z,OTHER,1,1\n");
    let (folder, run) = import("rows.csv", text, "");
    let error = run.error(2);
    assert!(error.contains(reason), "{row}: {error}");
    assert_eq!(run.counts(), [2, 1, 0, 1], "{row}");
    assert!(folder.read("rows.csv.rejected.ndjson").contains(reason), "{row}");
    assert_eq!(folder.stored(), 5, "{row}");
}

/// Bytes without any meaning, the same each time.
fn garbage() -> Vec<u8> {
    let mut state = 1u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..10_000).map(next).collect()
}

#[test]
fn garbage_is_refused() {
    refused("garbage.csv", garbage(), "binary");
    refused("noise.txt", "lorem ipsum dolor\nsit amet\n", "no column for ts, price, quantity");
    refused(
        "numbers.csv",
        "1,2\n3,4\n",
        "the file has no header, its first line is 1,2: name its columns with --columns",
    );
}

#[test]
fn binary_as_csv_is_refused() {
    refused("a.csv", b"PK\x03\x04\x14\x00\x00\x00", "zip");
    refused("b.csv", b"PAR1\x15\x04", "Parquet");
    refused("c.csv", b"\x7fELF\x02\x01\x01\x00", "binary");
    let (folder, run) = import("d.csv", b"\x7fELF\x02\x01\x01\x00", "--format csv");
    run.error(1);
    assert_eq!(folder.stored(), 4);
}

#[test]
fn wrong_headers_are_refused() {
    refused("a.csv", "foo,bar,baz\n1,2,3\n", "among foo, bar, baz: name them with --map");
    refused("b.csv", "ts,symbol,open,high,low,close,volume\n", "candles");
    refused("c.csv", "ts,price,quantity\n2024-01-01,1,1\n", "--symbol");
    let own = "ts,market,side,price,quantity,client_order_id\n2024-01-01,X,buy,1,1,c-1\n";
    refused("own.csv", own, "records of your own (column client_order_id)");
    let (folder, run) = import("own.csv", own, "--map symbol=market,_=client_order_id");
    assert_eq!((run.counts(), folder.stored()), ([1, 1, 0, 0], 5));
}

#[test]
fn an_empty_file_is_refused() {
    refused("empty.csv", "", "empty");
    refused("blank.csv", "\n\n  \n", "empty");
    let folder = Folder::with_trades();
    assert!(folder.run_with("import -", "").error(1).starts_with("-: the file is empty"));
}

#[test]
fn a_folder_is_refused() {
    let folder = Folder::with_trades();
    std::fs::create_dir(folder.path("sub")).unwrap();
    let run = folder.run("import sub");
    assert_eq!(run.error(1), "sub: this is a folder: name the files in it");
    assert_eq!(folder.stored(), 4);
}

/// 60,000 rows of a day of their own, whose compressed form is larger than any buffer.
fn long() -> String {
    let rows = (0..60_000u32).map(|i| {
        let (price, quantity) = (i.wrapping_mul(2_654_435_761), i.wrapping_mul(40_503) % 10_007);
        format!("{},LONG,{price},{quantity},{i}\n", 1_700_000_000 + i)
    });
    format!("ts,symbol,price,qty,id\n{}", rows.collect::<String>())
}

/// What comes before the cut is stored, and the whole file adds the rest.
#[track_caller]
fn cut_is_told(name: &str, whole: &[u8]) {
    let (folder, run) = import(name, &whole[..whole.len() / 2], "");
    let error = run.error(1);
    assert!(error.contains("ends in the middle of its") && error.contains("import it again"));
    let [read, imported, duplicates, rejected] = run.counts();
    assert!(read > 1_000 && read == imported, "{read}");
    assert_eq!((duplicates, rejected), (0, 0));
    assert_eq!(folder.stored(), 4 + imported);
    folder.write(name, whole);
    let run = folder.run(&format!("import {name} --json")).ok();
    assert_eq!(run.counts(), [60_000, 60_000 - imported, imported, 0]);
}

#[test]
fn truncated_gzip_is_told() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(long().as_bytes()).unwrap();
    cut_is_told("long.csv.gz", &encoder.finish().unwrap());
}

#[test]
fn truncated_zstd_is_told() {
    cut_is_told("long.csv.zst", &zstd::encode_all(long().as_bytes(), 1).unwrap());
}

#[test]
fn bad_numbers_are_rejected() {
    rejected("2024-08-08,X,1e400,1", "price: ");
    rejected("2024-08-08,X,NaN,1", "price: ");
    rejected("2024-08-08,X,inf,1", "price: ");
    rejected("2024-08-08,X,1,-1", "quantity: is negative");
    rejected("2024-08-08,X,1.0123456789012345678901234567890123456789,1", "price: ");
    rejected("2024-08-08,X,1234567890123456789012345678901234567890,1", "price: ");
    rejected("2024-08-08,X,,1", "price: is missing");
}

#[test]
fn bad_times_are_rejected() {
    rejected("0001-01-01T00:00:00Z,X,1,1", "ts: is outside the years 1970 to 2261");
    rejected("9999-12-31T00:00:00Z,X,1,1", "ts: is outside the years 1970 to 2261");
    rejected("2024-02-30,X,1,1", "ts: ");
}

#[test]
fn nul_bytes_are_rejected() {
    rejected("2024-08-08,X\0Y,1,1", "symbol: ");
    rejected("\0\0\0\0", "row: ");
}

#[test]
fn mixed_units_of_time_are_rejected() {
    let text = "ts,symbol,price,qty\n1723111205000,X,1,1\n1723111205000000,X,2,1\n\
                1723111205000000000,X,3,1\n1723111206000,X,4,1\n";
    let (folder, run) = import("units.csv", text, "");
    assert!(run.error(2).contains("ts: is in microseconds by its digits"), "{run:?}");
    assert_eq!(run.counts(), [4, 2, 0, 2]);
    assert!(folder.read("units.csv.rejected.ndjson").contains("is in nanoseconds"));
    assert_eq!(folder.stored(), 6);
}

#[test]
fn damaged_compression_stores_nothing() {
    // Not compressed, only wrapped: any flipped digit is a row that looks good.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(long().as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(long().as_bytes()).unwrap();
    let zstd = encoder.finish().unwrap();
    for (name, whole) in [("bits.csv.gz", gzip), ("bits.csv.zst", zstd)] {
        for eighth in 1..8 {
            let mut bytes = whole.clone();
            let middle = bytes.len() * eighth / 8;
            bytes[middle] ^= 0x01;
            refused(name, bytes, "damaged");
        }
    }
}
