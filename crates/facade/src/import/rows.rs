//! Reading: rows of a file into chunks.

use tokio::sync::mpsc;
use tradekeep_formats::{FormatError, RecordReader, RecordRow, Reject, Row, TickReader};
use tradekeep_models::Tick;
use tradekeep_models::record::Record;

/// Rows written at once. DuckDB's row group: a transaction of that size goes past the write-ahead
/// log.
const CHUNK: usize = 122_880;

/// Rejected rows handed on at once.
const REJECTS: usize = 1_000;

/// What the reading thread hands over.
pub(super) struct Chunk<R> {
    pub(super) records: Vec<R>,
    /// The line of each record, where the store may refuse some of them.
    pub(super) lines: Vec<u64>,
    pub(super) rejects: Vec<Reject>,
    pub(super) end: Option<FormatError>,
}

impl<R> Default for Chunk<R> {
    fn default() -> Self {
        Self { records: Vec::new(), lines: Vec::new(), rejects: Vec::new(), end: None }
    }
}

/// The rows of a file.
pub(super) trait Rows: Send + 'static {
    type Record: Record;

    /// Puts the next row into `chunk`; answers whether there was one.
    fn next_into(&mut self, chunk: &mut Chunk<Self::Record>) -> bool;
}

impl Rows for TickReader {
    type Record = Tick;

    fn next_into(&mut self, chunk: &mut Chunk<Tick>) -> bool {
        match self.next() {
            // A tick is valid once it is made, and conflicts with none: it needs no line.
            Some(Ok(Row::Tick(tick))) => chunk.records.push(tick),
            Some(Ok(Row::Rejected(reject))) => chunk.rejects.push(reject),
            Some(Err(error)) => chunk.end = Some(error),
            None => return false,
        }
        true
    }
}

impl<R: Record> Rows for RecordReader<R> {
    type Record = R;

    fn next_into(&mut self, chunk: &mut Chunk<R>) -> bool {
        match self.next() {
            Some(Ok(RecordRow::Record(record))) => {
                chunk.records.push(record);
                chunk.lines.push(self.line());
            }
            Some(Ok(RecordRow::Rejected(reject))) => chunk.rejects.push(reject),
            Some(Err(error)) => chunk.end = Some(error),
            None => return false,
        }
        true
    }
}

/// Reads to the end, or until nobody takes the chunks any more.
pub(super) fn read<T: Rows>(mut rows: T, chunks: &mpsc::Sender<Chunk<T::Record>>) {
    let mut chunk = Chunk::default();
    while rows.next_into(&mut chunk) {
        let full = chunk.records.len() >= CHUNK || chunk.rejects.len() >= REJECTS;
        if full && chunks.blocking_send(std::mem::take(&mut chunk)).is_err() {
            return;
        }
    }
    // Nobody listens only after an error of the store.
    let _ = chunks.blocking_send(chunk);
}
