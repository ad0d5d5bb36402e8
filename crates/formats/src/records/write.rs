//! Records as JSON, one object a line.

use std::io;

use serde::Serialize;
use tradekeep_models::record::Record;

/// Writes `record` as one line of JSON, as it serializes.
///
/// # Errors
/// What `out` answers.
pub fn write_record<R: Record + Serialize>(out: &mut impl io::Write, record: &R) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    out.write_all(b"\n")
}
