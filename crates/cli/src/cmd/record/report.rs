//! What a recording came to.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::output::{Out, counted, grouped};

/// Counts of lines, and how things stand at the end.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) read: u64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    /// Of those, lines that could not be kept.
    pub(super) unkept: u64,
    /// Values of fields that no record has.
    pub(super) ignored_fields: u64,
    pub(super) dropped: u64,
    /// Ticks that the store has already, told in another unit of time.
    pub(super) known: u64,
    /// Records of the spool, these and others, that a store has not got yet.
    pub(super) pending: u64,
    /// Letters that wait for a decision.
    pub(super) dead_letters: u64,
    /// Records that became dead letters meanwhile.
    pub(super) died: u64,
    pub(super) rejected_file: Option<PathBuf>,
    pub(super) took: Duration,
}

#[derive(Serialize)]
struct Object<'a> {
    read: u64,
    accepted: u64,
    rejected: u64,
    unkept: u64,
    ignored_fields: u64,
    dropped: u64,
    known: u64,
    pending: u64,
    dead_letters: u64,
    rejected_file: Option<String>,
    error: Option<&'a str>,
    seconds: f64,
}

impl Report {
    /// One line about all of it.
    pub(super) fn tell(&self, error: Option<&str>, out: &mut Out) -> Result<()> {
        let rejected_file = self.rejected_file.as_ref().map(|path| path.display().to_string());
        if out.json() {
            return out.object(&Object {
                read: self.read,
                accepted: self.accepted,
                rejected: self.rejected,
                unkept: self.unkept,
                ignored_fields: self.ignored_fields,
                dropped: self.dropped,
                known: self.known,
                pending: self.pending,
                dead_letters: self.dead_letters,
                rejected_file,
                error,
                seconds: self.took.as_secs_f64(),
            });
        }
        let mut line = format!(
            "{} read: {} accepted, {} rejected",
            counted(self.read, "line"),
            grouped(self.accepted),
            grouped(self.rejected),
        );
        if let Some(file) = rejected_file {
            line += &format!(" (see {file})");
        }
        if self.unkept > 0 {
            line += &format!(", {} of them not kept", grouped(self.unkept));
        }
        if self.ignored_fields > 0 {
            line += &format!(", {} ignored", counted(self.ignored_fields, "unknown field"));
        }
        if self.dropped > 0 {
            line += &format!(", {} dropped", grouped(self.dropped));
        }
        if self.known > 0 {
            line += &format!(", {} known already in another unit of time", grouped(self.known));
        }
        line += &format!("; {} pending", grouped(self.pending));
        if self.pending > 0 {
            line += ": in the spool, delivered when `tradekeep record` runs again";
        }
        if self.dead_letters > 0 {
            line += &format!("; {}", counted(self.dead_letters, "dead letter"));
        }
        out.line(format_args!("{line}; {:.2} s", self.took.as_secs_f64()))
    }

    /// What to say of records that a store does not take, where there are any.
    pub(super) fn refusal(&self) -> Option<String> {
        let letters = counted(self.died, "record");
        (self.died > 0).then(|| {
            format!(
                "{letters} that a store does not take became dead letters: `tradekeep dead-letters list` \
                 says why"
            )
        })
    }

    /// What to say of records that wait, where there are any.
    pub(super) fn waiting(&self) -> Option<String> {
        let records = counted(self.pending, "record");
        (self.pending > 0).then(|| {
            format!(
                "{records} still to be delivered, safe in the spool: `tradekeep spool status` says why, the \
                 next `tradekeep record` or `spool drain` goes on"
            )
        })
    }

    /// What to say of rejected lines, where there are any.
    pub(super) fn rejection(&self) -> Option<String> {
        let (rejected, lines) = (grouped(self.rejected), counted(self.read, "line"));
        let unkept = match self.unkept {
            0 => String::new(),
            unkept => format!(", but for {} that could not be kept", grouped(unkept)),
        };
        Some(match &self.rejected_file {
            Some(place) => format!(
                "{rejected} of {lines} rejected: {} lists them{unkept}; mend them and send them again, the \
                 others are taken",
                place.display()
            ),
            None if self.rejected > 0 => format!(
                "{rejected} of {lines} rejected, and not kept: the others are taken; send them again from \
                 where they came from"
            ),
            None => return None,
        })
    }
}
