//! Files of every record but ticks: one reader and one writer that go by the columns of
//! [`Record`](tradekeep_models::record::Record).

mod currency;
mod detect;
mod header;
mod json;
mod klines;
mod line;
mod live;
mod maker;
mod names;
mod naming;
mod rows;
mod unknown;
mod values;
mod venue_ids;
mod write;

pub(crate) use header::is_of_records;
pub(crate) use json::TYPE;
pub use line::{Line, LineReader};
pub(crate) use rows::RecordRows;
pub use write::write_record;
