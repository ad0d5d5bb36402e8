//! Lines that are taken together: consecutive ones of one table are one append.

use std::collections::BTreeMap;

use serde::Serialize;
use tradekeep::models::record::Record;
use tradekeep::models::{AnyRecord, Records, with_records};

/// Records of one table, from lines that follow each other.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) records: Records,
    /// The line of each.
    pub(super) lines: Vec<u64>,
}

/// What a place in the order of lines is.
#[derive(Debug)]
pub(super) enum Part {
    Run(Run),
    Rejected { line: u64, reason: String },
}

/// Lines in their order.
#[derive(Debug, Default)]
pub(super) struct Parts(pub(super) Vec<Part>);

impl Parts {
    pub(super) fn reject(&mut self, line: u64, reason: String) {
        self.0.push(Part::Rejected { line, reason });
    }

    pub(super) fn record(&mut self, line: u64, record: AnyRecord) {
        let record = match self.0.last_mut() {
            Some(Part::Run(run)) => match run.records.push(record) {
                Ok(()) => return run.lines.push(line),
                Err(of_another_table) => of_another_table,
            },
            _ => record,
        };
        self.0.push(Part::Run(Run { records: record.into(), lines: vec![line] }));
    }
}

impl Run {
    /// Without the records at these places; answers of each its line, why, and itself as a line that
    /// is read as the same record.
    pub(super) fn without<Why>(&mut self, bad: BTreeMap<usize, Why>) -> Vec<(u64, Why, String)> {
        // Most batches are taken as they are.
        if bad.is_empty() {
            return Vec::new();
        }
        let good = || (0..self.lines.len()).filter(|place| !bad.contains_key(place));
        let records = self.records.select(good());
        let lines = good().map(|place| self.lines[place]).collect();
        let all = std::mem::replace(self, Self { records, lines });
        let out = bad.into_iter().filter(|(place, _)| *place < all.lines.len());
        out.map(|(place, why)| (all.lines[place], why, row(&all.records, place))).collect()
    }
}

fn row(records: &Records, place: usize) -> String {
    fn text<R: Record + Serialize>(record: &R) -> String {
        let object = serde_json::to_string(record).unwrap_or_default();
        match object.strip_prefix('{') {
            Some(fields) => format!("{{\"type\":\"{}\",{fields}", R::TABLE),
            None => object,
        }
    }
    with_records!(records, rows => text(&rows[place]))
}

#[cfg(test)]
mod tests {
    use tradekeep::formats::LineReader;
    use tradekeep::models::Table;

    use super::*;

    const TICK: &str = r#"{"ts":"2024-08-08T10:00:05Z","symbol":"X","price":1,"quantity":2}"#;
    const METRIC: &str = r#"{"type":"metric","ts":"2024-08-08T10:00:05Z","name":"a","value":1}"#;

    fn parts(lines: &[&str]) -> Parts {
        let mut reader = LineReader::new(Table::Ticks);
        let mut parts = Parts::default();
        for (number, line) in (1..).zip(lines) {
            match reader.read(number, line.as_bytes()) {
                Ok(Some(line)) => parts.record(number, line.record),
                Ok(None) => {}
                Err(reject) => parts.reject(reject.line, reject.reason),
            }
        }
        parts
    }

    #[test]
    fn what_follows_each_other_goes_together() {
        let parts = parts(&[TICK, "", TICK, METRIC, "{", METRIC, TICK]);
        let shown = parts.0.iter().map(|part| match part {
            Part::Run(run) => format!("{} {:?}", run.records.table(), run.lines),
            Part::Rejected { line, .. } => format!("rejected {line}"),
        });
        let shown: Vec<_> = shown.collect();
        let expected = ["ticks [1, 3]", "metrics [4]", "rejected 5", "metrics [6]", "ticks [7]"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_left_out_can_be_sent_again() {
        let mut parts = parts(&[METRIC, METRIC, METRIC]);
        let Some(Part::Run(run)) = parts.0.first_mut() else { panic!("no run") };
        let Records::Metrics(metrics) = run.records.clone() else { panic!("no metrics") };
        let bad = [0, 2].map(|place| (place, "no".to_owned()));
        let out = run.without(BTreeMap::from(bad));
        assert_eq!(run.lines, [2]);
        assert_eq!(run.records, Records::Metrics(vec![metrics[1].clone()]));
        assert_eq!((out[0].0, out[1].0, &*out[1].1), (1, 3, "no"));
        let again = LineReader::new(Table::Ticks).read(1, out[1].2.as_bytes()).unwrap().unwrap();
        assert_eq!(again.record, AnyRecord::Metric(metrics[2].clone()));
    }
}
