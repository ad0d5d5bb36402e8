//! Files of every record but ticks, and such files of ticks as we write ourselves: one reader and one
//! writer that go by the columns of [`Record`](tradekeep_models::record::Record).

mod detect;
mod header;
mod json;
mod line;
mod live;
mod maker;
mod map;
mod names;
mod naming;
mod reader;
mod values;
mod write;

pub(crate) use header::is_of_records;
pub use line::{Line, LineReader};
pub use map::FieldMap;
pub use reader::{RecordOptions, RecordReader, RecordRow};
pub use write::write_record;
