//! Writing: a chunk into the store, but for the rows that it refuses.

use std::collections::HashSet;

use serde::Serialize;
use tradekeep_formats::Reject;
use tradekeep_models::record::Record;
use tradekeep_store_traits::{
    Act, BadRow, Batch, RecordSinkExt, Records, Saved, SeriesStore, StoreError, with_records,
};

use super::{ImportFailure, ImportSummary};
use crate::door::{Met, TickDoor};

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
    store: &dyn SeriesStore,
    door: &mut TickDoor,
    records: Vec<R>,
    lines: Vec<u64>,
) -> Result<Written, ImportFailure> {
    if records.is_empty() {
        return Ok(Written::default());
    }
    let (mut rows, mut written) =
        held_against(store, door, R::into_records(records), lines).await?;
    loop {
        let error = match store.save_batch(&rows.batch).await {
            Ok(saved) => {
                let stored = of_records(rows.batch.records());
                let Saved { inserted, duplicates, .. } = saved;
                let stored = ImportSummary { imported: inserted, duplicates, ..stored };
                written.summary = written.summary.and(stored);
                return Ok(written);
            }
            Err(error) => error,
        };
        let bad = bad_rows(&error, rows.lines.len());
        if bad.is_empty() {
            return Err(error.into());
        }
        written.refused.extend(rows.rejects(bad));
        rows = rows.without(&bad.iter().map(|row| row.index).collect());
    }
}

/// Leaves out the ticks that are stored already, told otherwise, and those that contradict what is.
async fn held_against(
    store: &dyn SeriesStore,
    door: &mut TickDoor,
    records: Records,
    lines: Vec<u64>,
) -> Result<(Rows, Written), ImportFailure> {
    let rows = Rows { batch: Batch::new(records), lines };
    let Records::Ticks(ticks) = rows.batch.records() else { return Ok((rows, Written::default())) };
    let (mut same, mut bad) = (Vec::new(), Vec::new());
    for (place, met) in door.check(store, ticks).await? {
        match met {
            Met::Same => same.push(place),
            Met::Conflict(reason) => bad.push(BadRow::new(place, reason)),
            Met::OtherKind(reason) => return Err(ImportFailure::OtherKind(reason)),
        }
    }
    if same.is_empty() && bad.is_empty() {
        return Ok((rows, Written::default()));
    }
    let known = of_records(&rows.batch.records().select(same.iter().copied()));
    let summary = ImportSummary { duplicates: known.read, ..known };
    let written = Written { summary, refused: rows.rejects(&bad) };
    let out = same.into_iter().chain(bad.iter().map(|row| row.index)).collect();
    Ok((rows.without(&out), written))
}

/// Records, and the line of each.
struct Rows {
    batch: Batch,
    lines: Vec<u64>,
}

impl Rows {
    /// Those that are not at these places.
    fn without(&self, places: &HashSet<usize>) -> Self {
        let good: Vec<_> = (0..self.lines.len()).filter(|place| !places.contains(place)).collect();
        let lines = good.iter().map(|place| self.lines[*place]).collect();
        Self { batch: Batch::new(self.batch.records().select(good)), lines }
    }

    fn rejects(&self, bad: &[BadRow]) -> Vec<Reject> {
        with_records!(self.batch.records(), rows => rejects(rows, &self.lines, bad))
    }
}

/// How many they are, and from when to when.
fn of_records(records: &Records) -> ImportSummary {
    ImportSummary {
        read: records.len() as u64,
        first_ts: with_records!(records, rows => rows.iter().map(Record::ts).min()),
        last_ts: with_records!(records, rows => rows.iter().map(Record::ts).max()),
        ..ImportSummary::default()
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
