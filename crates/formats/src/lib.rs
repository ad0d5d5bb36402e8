#![doc = include_str!("../README.md")]

pub mod arrow;
mod binance;
mod binance_ws;
mod clock;
mod columns;
mod csv;
mod csv_row;
mod dbn;
mod decompress;
mod detect;
mod draft;
mod error;
mod field;
mod json;
mod lines;
mod mistaken;
mod ndjson;
mod number;
mod occurrence;
mod reader;
mod records;
mod sample;
mod source;
mod tardis;

pub use decompress::verify;
pub use error::{FilePosition, FormatError};
pub use field::{ColumnMap, Field};
pub use ndjson::write_tick;
pub use reader::{Format, ReadOptions, Reject, Row, TickReader};
pub use records::{
    FieldMap, Line, LineReader, RecordOptions, RecordReader, RecordRow, write_record,
};
pub use sample::{SampleActivity, SampleMarket, write_csv};
pub use source::MAX_LINE;
