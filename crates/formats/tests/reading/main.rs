//! Files in, ticks out: every format, every way in which a file can be bad.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod any_bytes;
mod bad_input;
mod dbn;
mod door;
mod golden;
mod identity;
mod json_lines;
mod long_lines;
mod mistaken;
mod sample;
mod sums;
mod times;
mod truncated;

use std::io::{Cursor, Write};

use tradekeep_formats::{Format, FormatError, ReadOptions, RecordReader, Reject, Row};
use tradekeep_models::Tick;

/// All that a file gives.
#[derive(Debug, Default)]
struct Outcome {
    ticks: Vec<Tick>,
    rejects: Vec<Reject>,
    error: Option<FormatError>,
}

impl Outcome {
    /// `line: reason` of every rejected row.
    fn reasons(&self) -> Vec<String> {
        let reason = |reject: &Reject| format!("{}: {}", reject.line, reject.reason);
        self.rejects.iter().map(reason).collect()
    }
}

fn open(
    bytes: impl Into<Vec<u8>>,
    options: &ReadOptions,
) -> Result<RecordReader<Tick>, FormatError> {
    RecordReader::open(Box::new(Cursor::new(bytes.into())), options.clone())
}

fn read_with(bytes: impl Into<Vec<u8>>, options: &ReadOptions) -> Outcome {
    let mut outcome = Outcome::default();
    match open(bytes, options) {
        Ok(reader) => {
            for row in reader {
                match row {
                    Ok(Row::Record(tick)) => outcome.ticks.push(tick),
                    Ok(Row::Rejected(reject)) => outcome.rejects.push(reject),
                    Err(error) => outcome.error = Some(error),
                }
            }
        }
        Err(error) => outcome.error = Some(error),
    }
    outcome
}

fn read(bytes: impl Into<Vec<u8>>) -> Outcome {
    read_with(bytes, &ReadOptions::default())
}

/// All ticks of a file in which nothing is wrong.
fn ticks(bytes: impl Into<Vec<u8>>, options: &ReadOptions) -> Vec<Tick> {
    let outcome = read_with(bytes, options);
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(outcome.rejects, []);
    outcome.ticks
}

/// Why a file is refused.
fn refused(bytes: impl Into<Vec<u8>>, options: &ReadOptions) -> String {
    let error = open(bytes, options).map(|_| ()).unwrap_err().to_string();
    assert!(!error.contains('\n'), "more than one line: {error}");
    error
}

fn format(format: Format) -> ReadOptions {
    ReadOptions { format: Some(format), symbol: "BTCUSDT".parse().ok(), ..ReadOptions::default() }
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
    is_send::<RecordReader<Tick>>();
    is_send::<FormatError>();
}
