//! Writing: a chunk into the store, but for the rows that it refuses.

use std::collections::HashSet;

use serde::Serialize;
use tradekeep_formats::Reject;
use tradekeep_models::record::Record;
use tradekeep_store_traits::{
    Act, BadRow, Batch, RecordSink, RecordSinkExt, Result, StoreError, with_records,
};

use super::ImportSummary;

/// What became of a chunk.
#[derive(Default)]
pub(super) struct Written {
    /// Of the rows that the store took.
    pub(super) summary: ImportSummary,
    /// The others.
    pub(super) refused: Vec<Reject>,
}

/// Writes `records`, which stood in these lines.
pub(super) async fn write<R: Record>(
    sink: &dyn RecordSink,
    records: Vec<R>,
    mut lines: Vec<u64>,
) -> Result<Written> {
    let mut refused = Vec::new();
    if records.is_empty() {
        return Ok(Written::default());
    }
    let mut batch = Batch::new(R::into_records(records));
    loop {
        let error = match sink.save_batch(&batch).await {
            Ok(saved) => {
                let records = batch.records();
                let summary = ImportSummary {
                    read: records.len() as u64,
                    imported: saved.inserted,
                    duplicates: saved.duplicates,
                    rejected: 0,
                    first_ts: with_records!(records, rows => rows.iter().map(Record::ts).min()),
                    last_ts: with_records!(records, rows => rows.iter().map(Record::ts).max()),
                    notes: Vec::new(),
                };
                return Ok(Written { summary, refused });
            }
            Err(error) => error,
        };
        let bad = bad_rows(&error, lines.len());
        if bad.is_empty() {
            return Err(error);
        }
        let records = batch.records();
        refused.extend(with_records!(records, rows => rejects(rows, &lines, bad)));
        let bad: HashSet<_> = bad.iter().map(|row| row.index).collect();
        let good: Vec<_> = (0..lines.len()).filter(|place| !bad.contains(place)).collect();
        batch = Batch::new(records.select(good.iter().copied()));
        lines = good.into_iter().map(|place| lines[place]).collect();
    }
}

/// The rows that `error` is about, where it is about rows of so many.
fn bad_rows(error: &StoreError, rows: usize) -> &[BadRow] {
    match &error.act {
        Act::BadRows(bad) if bad.iter().all(|row| row.index < rows) => bad,
        _ => &[],
    }
}

fn rejects<R: Serialize>(rows: &[R], lines: &[u64], bad: &[BadRow]) -> Vec<Reject> {
    let reject = |bad: &BadRow| {
        // Read again as it is, whatever the format of the file was.
        let row = serde_json::to_string(&rows[bad.index]).unwrap_or_default();
        Reject::new(lines[bad.index], bad.reason.clone(), row)
    };
    bad.iter().map(reject).collect()
}
