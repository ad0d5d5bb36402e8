//! What an import came to, for people and machines.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tradekeep::ImportSummary;
use tradekeep::formats::Format;
use tradekeep::models::Timestamp;

use crate::output::{Out, counted, grouped};

/// What one file, or all of them, came to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(super) name: String,
    pub(super) format: Option<Format>,
    pub(super) summary: ImportSummary,
    pub(super) rejected_file: Option<PathBuf>,
    /// Line and reason.
    pub(super) first_reject: Option<(u64, String)>,
    pub(super) took: Duration,
    pub(super) error: Option<String>,
}

/// The summary for machines.
#[derive(Serialize)]
struct Object<'a> {
    /// The file, or `total`.
    file: &'a str,
    format: Option<&'static str>,
    read: u64,
    imported: u64,
    duplicates: u64,
    rejected: u64,
    first_ts: Option<String>,
    last_ts: Option<String>,
    rejected_file: Option<String>,
    error: Option<&'a str>,
    seconds: f64,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

/// One line with what was done; `name` leads it where there are several.
pub(crate) fn tell(report: &Report, name: Option<&str>, out: &mut Out) -> Result<()> {
    let Report { summary, rejected_file, took, error, .. } = report;
    let rejected_file = rejected_file.as_ref().map(|path| path.display().to_string());
    if out.json() {
        let text = |ts: Option<Timestamp>| ts.map(|ts| ts.to_string());
        return out.object(&Object {
            file: name.unwrap_or(&report.name),
            format: report.format.map(Format::as_str),
            read: summary.read,
            imported: summary.imported,
            duplicates: summary.duplicates,
            rejected: summary.rejected,
            first_ts: text(summary.first_ts),
            last_ts: text(summary.last_ts),
            rejected_file,
            error: error.as_deref(),
            seconds: took.as_secs_f64(),
            notes: &summary.notes,
        });
    }
    let mut line = name.map(|name| format!("{name}: ")).unwrap_or_default();
    line += &format!(
        "{} read: {} imported, {} known already, {} rejected",
        counted(summary.read, "row"),
        grouped(summary.imported),
        grouped(summary.duplicates),
        grouped(summary.rejected),
    );
    if let Some(file) = rejected_file {
        line += &format!(" (see {file})");
    }
    if let (Some(first), Some(last)) = (summary.first_ts, summary.last_ts) {
        line += &format!("; {} to {}", second(first), second(last));
    }
    if summary.read > 0 {
        line += &format!("; {:.2} s, {} rows/s", took.as_secs_f64(), per_second(report));
    }
    out.line(line)
}

/// `ts` to the second: the summary is for orientation.
fn second(ts: Timestamp) -> String {
    let text = ts.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

fn per_second(report: &Report) -> String {
    let millis = report.took.as_millis().max(1);
    let rate = u128::from(report.summary.read) * 1000 / millis;
    grouped(u64::try_from(rate).unwrap_or(u64::MAX))
}

impl Report {
    /// Of records that came from no file.
    pub(crate) fn done(name: &str, summary: ImportSummary, took: Duration) -> Self {
        Self { name: name.into(), summary, took, ..Self::default() }
    }

    /// What to say of rejected rows, where there are any.
    pub(super) fn rejection(&self) -> Option<String> {
        let (line, reason) = self.first_reject.as_ref()?;
        let place = self.rejected_file.as_ref()?.display();
        Some(format!(
            "{}: {} of {} rejected, the first in line {line} ({reason}): {place} lists them; mend them in \
             the file and import it again{}",
            self.name,
            grouped(self.summary.rejected),
            counted(self.summary.read, "row"),
            if self.summary.rejected < self.summary.read { ", the others are stored" } else { "" },
        ))
    }

    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}
