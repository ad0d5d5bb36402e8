//! Every record, through every form it takes outside of a store.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod activity;
mod any;
mod any_bytes;
mod arrow;
mod bad_input;
mod csv;
mod golden;
mod identity;
mod lines;
mod ndjson;
mod samples;
mod venues;

use std::io::{Cursor, Write};

use tradekeep_formats::{FileRecord, FormatError, ReadOptions, RecordReader, Reject, Row};

/// All that a file gives.
#[derive(Debug)]
struct Outcome<R> {
    records: Vec<R>,
    rejects: Vec<Reject>,
    error: Option<FormatError>,
}

impl<R> Outcome<R> {
    /// `line: reason` of every rejected row.
    fn reasons(&self) -> Vec<String> {
        let reason = |reject: &Reject| format!("{}: {}", reject.line, reject.reason);
        self.rejects.iter().map(reason).collect()
    }
}

fn open<R: FileRecord>(
    bytes: impl Into<Vec<u8>>,
    options: &ReadOptions,
) -> Result<RecordReader<R>, FormatError> {
    RecordReader::open(Box::new(Cursor::new(bytes.into())), options.clone())
}

fn read_with<R: FileRecord>(bytes: impl Into<Vec<u8>>, options: &ReadOptions) -> Outcome<R> {
    let mut outcome = Outcome { records: Vec::new(), rejects: Vec::new(), error: None };
    match open(bytes, options) {
        Ok(reader) => {
            for row in reader {
                match row {
                    Ok(Row::Record(record)) => outcome.records.push(record),
                    Ok(Row::Rejected(reject)) => outcome.rejects.push(reject),
                    Err(error) => outcome.error = Some(error),
                }
            }
        }
        Err(error) => outcome.error = Some(error),
    }
    outcome
}

fn read<R: FileRecord>(bytes: impl Into<Vec<u8>>) -> Outcome<R> {
    read_with(bytes, &ReadOptions::default())
}

/// All records of a file in which nothing is wrong.
fn records_with<R: FileRecord>(bytes: impl Into<Vec<u8>>, options: &ReadOptions) -> Vec<R> {
    let outcome = read_with(bytes, options);
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(outcome.rejects, []);
    outcome.records
}

fn records<R: FileRecord>(bytes: impl Into<Vec<u8>>) -> Vec<R> {
    records_with(bytes, &ReadOptions::default())
}

/// Why a file is refused.
fn refused_with<R: FileRecord>(bytes: impl Into<Vec<u8>>, options: &ReadOptions) -> String {
    let error = open::<R>(bytes, options).map(|_| ()).unwrap_err().to_string();
    assert!(!error.contains('\n'), "more than one line: {error}");
    error
}

fn refused<R: FileRecord>(bytes: impl Into<Vec<u8>>) -> String {
    refused_with::<R>(bytes, &ReadOptions::default())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

#[test]
fn readers_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<RecordReader<tradekeep_models::Trade>>();
}
