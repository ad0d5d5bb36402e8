//! What the fuzz targets do with any bytes: nothing may panic, hang or take memory without bound, and
//! what is accepted has to come back as it is written.
//!
//! `cargo fuzz run segment` (or another target) looks for new input; `--sanitizer none` where the
//! compiler is a stable one. The test `corpus` runs every file of `corpus/` through these functions.

#![allow(clippy::panic, clippy::type_complexity, reason = "a panic is what fuzzing looks for")]

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tradekeep::formats::{FileRecord, Format, ReadOptions, RecordReader, Row};
use tradekeep::models::record::Value;
use tradekeep::models::{
    Day, Decimal, Ident, Interval, Labels, ListQuery, Market, Name, StreamId, Symbol, Table, Tick,
    Timestamp, TradeId, TraderId, Venue, with_record_of,
};
use tradekeep::{Config, ConfigFormat};
use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::{DeadLetterFilter, Ingest, IngestConfig, SystemClock};

/// Every target, by its name.
pub(crate) const TARGETS: [(&str, fn(&[u8])); 6] = [
    ("config", config),
    ("dead_letter", dead_letter),
    ("identifier", identifier),
    ("importer", importer),
    ("ndjson", ndjson),
    ("segment", segment),
];

/// A segment of a spool.
pub(crate) fn segment(data: &[u8]) {
    open_with("spool", data);
}

/// A segment of the journal of dead letters.
pub(crate) fn dead_letter(data: &[u8]) {
    open_with("dead-letters", data);
}

/// Opens a way in that finds these bytes, reads what it can, and lets go. Answers how many records and
/// dead letters there were.
pub(crate) fn open_with(folder: &str, data: &[u8]) -> (usize, usize) {
    let fs = SimFs::new();
    // The place that the header claims, which the name has to agree with.
    let place =
        data.get(12..20).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
    let written = fs.write(format!("data/{folder}/{place:020}.seg"), data);
    assert!(written.is_ok());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
    runtime.block_on(async {
        let config = IngestConfig::new("data");
        let opened = Ingest::open_on(config, Vec::new(), Arc::new(fs), Arc::new(SystemClock)).await;
        let ingest = opened.unwrap_or_else(|error| panic!("it always opens: {error}"));
        let mut tail = ingest.tail(0);
        let last = ingest.stats().last_seq;
        let (mut before, mut records) = (0, 0);
        while let Ok(Ok(Some(accepted))) =
            tokio::time::timeout(Duration::from_millis(1), tail.next()).await
        {
            assert!(before < accepted.seq && accepted.seq <= last, "numbers only grow");
            before = accepted.seq;
            records += 1;
        }
        let letters = ingest.dead_letters(&DeadLetterFilter::default()).await;
        let letters = letters.unwrap_or_else(|error| panic!("they can be read: {error}"));
        assert!(ingest.shutdown(Duration::ZERO).await.is_ok());
        (records, letters.len())
    })
}

/// JSON lines of every kind of record.
pub(crate) fn ndjson(data: &[u8]) {
    for table in Table::ALL {
        with_record_of!(*table, R => records::<R>(data, Some(Format::Ndjson)));
    }
}

/// A file of market data, in whatever format it says it is, and in each.
pub(crate) fn importer(data: &[u8]) {
    records::<Tick>(data, None);
    for format in Format::ALL {
        records::<Tick>(data, Some(format));
    }
}

fn records<R: FileRecord>(data: &[u8], format: Option<Format>) {
    let mut options = ReadOptions { format, ..ReadOptions::default() };
    if R::TABLE == Table::Ticks {
        options.symbol = Symbol::new("BTC-USD").ok();
    }
    let input = Box::new(std::io::Cursor::new(data.to_vec()));
    let Ok(rows) = RecordReader::<R>::open(input, options) else { return };
    for row in rows {
        let Ok(Row::Record(record)) = row else { continue };
        assert!(record.validate().is_ok());
        if let (Value::Decimal(price), Value::Decimal(quantity), Value::Decimal(notional)) =
            (record.named("price"), record.named("quantity"), record.named("notional"))
        {
            assert_eq!(price.mul_round(quantity).ok(), Some(notional));
        }
    }
}

/// A configuration, as TOML and as YAML.
pub(crate) fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for format in [ConfigFormat::Toml, ConfigFormat::Yaml] {
        if let Err(error) = Config::parse(text, format) {
            assert!(!error.problems.is_empty(), "an error says what is wrong");
        }
    }
}

/// Names, numbers, times and whatever else is read from a text by itself.
pub(crate) fn identifier(data: &[u8]) {
    fn comes_back<T: FromStr + Display + PartialEq>(text: &str) {
        if let Ok(value) = text.parse::<T>() {
            let again = value.to_string().parse::<T>();
            assert!(again.is_ok_and(|again| again == value), "{text:?} does not come back");
        }
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    comes_back::<Symbol>(text);
    comes_back::<Venue>(text);
    comes_back::<TradeId>(text);
    comes_back::<TraderId>(text);
    comes_back::<StreamId>(text);
    comes_back::<Market>(text);
    comes_back::<Name>(text);
    comes_back::<Decimal>(text);
    comes_back::<Timestamp>(text);
    comes_back::<Day>(text);
    comes_back::<Interval>(text);
    comes_back::<Labels>(text);
    for table in Table::ALL {
        for newest_first in [false, true] {
            let query = ListQuery { newest_first, ..ListQuery::of(*table) };
            if let Ok(cursor) = query.cursor(text) {
                let again = query.cursor(&cursor.to_string());
                assert!(again.is_ok_and(|again| again == cursor), "{text:?} does not come back");
            }
        }
    }
    if let Ok(ident) = Ident::new(text) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        assert!(ident.as_str().bytes().all(plain), "an identifier needs no quotes");
    }
}
