//! The spool in a few words, for `health` and `stats`.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use tradekeep::ingest::inspect::{self, LaneHeld, SpoolStatus};
use tradekeep::ingest::{IngestError, IngestStats};
use tradekeep::stores::Trouble;

use super::status::{live, reasons};
use crate::output::{Out, counted, grouped};

/// What is known of a spool beside the stores.
pub(crate) struct Brief {
    status: SpoolStatus,
    live: Option<Box<IngestStats>>,
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
        Ok(Some(Self { status, live }))
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

    /// What somebody has to look after.
    pub(crate) fn troubles(&self) -> Vec<Trouble> {
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
            return out.object(&Object { spool: account, dropped, damaged });
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
        ))
    }
}
