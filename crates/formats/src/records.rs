//! Files of every record but ticks: one reader and one writer that go by the columns of
//! [`Record`](tradekeep_models::record::Record).

mod detect;
mod header;
mod json;
mod line;
mod live;
mod maker;
mod names;
mod naming;
mod object;
mod rows;
mod values;

pub(crate) use header::is_of_records;
pub use line::{Line, LineReader};
pub use object::{RecordObject, write_record};
pub(crate) use rows::RecordRows;
