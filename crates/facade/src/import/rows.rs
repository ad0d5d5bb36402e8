//! Reading: rows of a file into chunks.

use tokio::sync::mpsc;
use tradekeep_formats::{FileRecord, FormatError, RecordReader, Reject, Row};

/// Rows written at once. DuckDB's row group: a transaction of that size goes past the write-ahead
/// log.
const CHUNK: usize = 122_880;

/// Rejected rows handed on at once.
const REJECTS: usize = 1_000;

/// What the reading thread hands over.
pub(super) struct Chunk<R> {
    pub(super) records: Vec<R>,
    /// The line of each record.
    pub(super) lines: Vec<u64>,
    pub(super) rejects: Vec<Reject>,
    pub(super) end: Option<FormatError>,
    /// Of the last one: what people are to know of how all were read.
    pub(super) notes: Vec<String>,
}

impl<R> Default for Chunk<R> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            lines: Vec::new(),
            rejects: Vec::new(),
            end: None,
            notes: Vec::new(),
        }
    }
}

/// Reads to the end, or until nobody takes the chunks any more.
pub(super) fn read<R: FileRecord>(mut rows: RecordReader<R>, chunks: &mpsc::Sender<Chunk<R>>) {
    let mut chunk = Chunk::default();
    while let Some(row) = rows.next() {
        match row {
            Ok(Row::Record(record)) => {
                chunk.records.push(record);
                chunk.lines.push(rows.line());
            }
            Ok(Row::Rejected(reject)) => chunk.rejects.push(reject),
            Err(error) => chunk.end = Some(error),
        }
        let full = chunk.records.len() >= CHUNK || chunk.rejects.len() >= REJECTS;
        if full && chunks.blocking_send(std::mem::take(&mut chunk)).is_err() {
            return;
        }
    }
    chunk.notes = rows.notes();
    // Nobody listens only after an error of the store.
    let _ = chunks.blocking_send(chunk);
}
