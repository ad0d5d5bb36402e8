//! The spool in a few words, for `health` and `stats`.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs};

use anyhow::Result;
use serde::Serialize;
use tradekeep::ingest::inspect::{self, LaneHeld, SpoolStatus};
use tradekeep::ingest::{IngestError, IngestStats};
use tradekeep::stores::Trouble;

use super::status::{live, reasons};
use crate::clock;
use crate::output::{Out, counted, grouped, size};

/// What is known of a spool beside the stores.
pub(crate) struct Brief {
    status: SpoolStatus,
    live: Option<Box<IngestStats>>,
    rejected: Rejected,
}

/// Every record that the spool accepted, of every store, by what became of it.
#[derive(Debug, Serialize)]
struct Account {
    accepted: u64,
    before: u64,
    applied: u64,
    dead: u64,
    pending: u64,
    unaccounted: i128,
}

#[derive(Serialize)]
struct Object {
    spool: Account,
    dropped: u64,
    damaged: usize,
    rejected_bytes: u64,
}

impl Brief {
    /// Of the spool in `data`; nothing where nothing was ever recorded.
    pub(crate) async fn of(data: &Path) -> Result<Option<Self>> {
        let status = match inspect::status(data) {
            Ok(status) => status,
            Err(IngestError::NoSpool { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let live = live(data, &status).await;
        Ok(Some(Self { status, live, rejected: Rejected::in_folder(data) }))
    }

    /// What its files say.
    pub(crate) const fn status(&self) -> &SpoolStatus {
        &self.status
    }

    fn account(&self) -> Account {
        let lanes = || self.status.sinks.iter().flat_map(|sink| &sink.lanes);
        let sum = |of: fn(&LaneHeld) -> u64| lanes().map(of).sum();
        Account {
            accepted: sum(|lane| lane.accepted),
            before: sum(|lane| lane.before),
            applied: sum(|lane| lane.applied),
            dead: sum(|lane| lane.dead),
            pending: sum(|lane| lane.pending),
            unaccounted: lanes().map(LaneHeld::unaccounted).sum(),
        }
    }

    /// What somebody has to look after. A record may wait for its store for `max_wait`.
    pub(crate) fn troubles(&self, max_wait: Duration) -> Vec<Trouble> {
        let reasons = reasons(self.live.as_deref()).into_iter();
        let mut troubles: Vec<_> = reasons
            .map(|reason| Trouble::new(reason, "mend what it names; what waits is delivered then"))
            .collect();
        let pending = self.status.pending();
        if self.status.holder.is_none() && pending > 0 {
            let waits = format!("{} waiting, and nobody delivers", counted(pending, "record"));
            troubles
                .push(Trouble::new(waits, "`tradekeep record` or `tradekeep spool drain` does"));
        }
        let waited = self.status.oldest().and_then(|oldest| {
            let waited = clock::now().ok()?.as_nanos().saturating_sub(oldest.time.as_nanos());
            Some(Duration::from_nanos(u64::try_from(waited).ok()?))
        });
        if let Some(waited) = waited.filter(|waited| *waited > max_wait) {
            let waits =
                format!("the oldest record has waited for its store for {} s", waited.as_secs());
            troubles.push(Trouble::new(
                waits,
                "`tradekeep spool status` tells for which and why; [ingest] max_wait_ms is the bound",
            ));
        }
        if self.status.dead_letters > 0 {
            troubles.push(Trouble::new(
                counted(self.status.dead_letters, "open dead letter"),
                "`tradekeep dead-letters list` tells why; replay or resolve them",
            ));
        }
        if self.rejected.files > 0 {
            troubles.push(Trouble::new(
                self.rejected.to_string(),
                "correct them and record or import them again, then remove the files",
            ));
        }
        if !self.status.damaged.is_empty() {
            let places = counted(self.status.damaged.len() as u64, "damaged place");
            troubles.push(Trouble::new(places, "`tradekeep spool verify` tells what is lost"));
        }
        troubles
    }

    /// How many records wait, and how many are dead letters.
    pub(crate) fn waiting(&self) -> String {
        let pending = counted(self.status.pending(), "record");
        format!("{pending} waiting, {}", counted(self.status.dead_letters, "dead letter"))
    }

    /// What became of every record.
    pub(crate) fn tell(&self, out: &mut Out) -> Result<()> {
        let account = self.account();
        if out.json() {
            let dropped = self.status.dropped.iter().map(|(_, count)| count).sum();
            let damaged = self.status.damaged.len();
            let rejected_bytes = self.rejected.bytes;
            return out.object(&Object { spool: account, dropped, damaged, rejected_bytes });
        }
        let Account { accepted, before, applied, dead, pending, unaccounted } = account;
        let accepted = counted(accepted, "record");
        let [applied, dead, pending] = [applied, dead, pending].map(grouped);
        let before = if before > 0 {
            format!(", {} before the store came", grouped(before))
        } else {
            String::new()
        };
        out.line(format_args!(
            "spool: {accepted} accepted: {applied} stored, {pending} waiting, {dead} dead{before}, \
             {unaccounted} unaccounted for"
        ))?;
        if self.rejected.files > 0 {
            out.line(format_args!("{}", self.rejected))?;
        }
        Ok(())
    }
}

/// Lines that `record` rejected, as it has kept them.
#[derive(Debug, Default)]
struct Rejected {
    folder: PathBuf,
    files: u64,
    bytes: u64,
}

impl Rejected {
    /// Those of a data folder.
    fn in_folder(data: &Path) -> Self {
        let mut rejected = Self { folder: data.join("rejected"), ..Self::default() };
        // One that cannot be listed has none that anybody here could look after.
        for file in fs::read_dir(&rejected.folder).into_iter().flatten().flatten() {
            rejected.files += 1;
            rejected.bytes += file.metadata().map_or(0, |found| found.len());
        }
        rejected
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, files, bytes } = self;
        let files = counted(*files, "file");
        write!(f, "{} of rejected lines in {files} of {}", size(*bytes), folder.display())
    }
}
