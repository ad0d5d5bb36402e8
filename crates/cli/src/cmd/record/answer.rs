//! What became of lines, for who sent them.

use anyhow::Result;
use serde::Serialize;
use tradekeep::ingest::{IngestError, Level, Receipt};

use crate::output::Out;

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It has this number.
    Taken(u64),
    /// It was counted and not kept.
    Dropped,
    /// The store has it already, told in another unit of time.
    Known,
    /// It is no record, or was refused.
    Rejected(String),
}

/// A line of stdout.
#[derive(Serialize)]
struct Object<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<&'a str>,
}

impl Fate {
    pub(super) fn tell(&self, line: u64, out: &mut Out) -> Result<()> {
        let nothing = Object { line, seq: None, dropped: None, known: None, rejected: None };
        out.object(&match self {
            Self::Taken(seq) => Object { seq: Some(*seq), ..nothing },
            Self::Dropped => Object { dropped: Some(true), ..nothing },
            Self::Known => Object { known: Some(true), ..nothing },
            Self::Rejected(reason) => Object { rejected: Some(reason), ..nothing },
        })
    }
}

/// Lines that are to be answered together.
#[derive(Default)]
pub(super) struct Answers {
    fates: Vec<(u64, Fate)>,
    /// Whose records, and all before them, must be on the disk first.
    to_sync: Option<Receipt>,
}

impl Answers {
    pub(super) fn add(&mut self, line: u64, fate: Fate) {
        self.fates.push((line, fate));
    }

    /// These lines have got this receipt, and are to reach `level`.
    pub(super) fn taken(&mut self, receipt: Receipt, lines: &[u64], level: Level) {
        if receipt.dropped() > 0 {
            self.fates.extend(lines.iter().map(|line| (*line, Fate::Dropped)));
            return;
        }
        let taken = lines.iter().zip(receipt.seqs()).map(|(line, seq)| (*line, Fate::Taken(seq)));
        self.fates.extend(taken);
        if level == Level::Synced {
            self.to_sync = Some(receipt);
        }
    }

    /// What became of all of them, once it has, in the order of the lines.
    pub(super) async fn settle(&mut self) -> Result<Vec<(u64, Fate)>, IngestError> {
        if let Some(receipt) = self.to_sync.take() {
            receipt.synced().await?;
        }
        let mut fates = std::mem::take(&mut self.fates);
        fates.sort_by_key(|(line, _)| *line);
        Ok(fates)
    }
}
