//! What a spool holds, and how far each sink has come.

use std::path::Path;
use std::thread;
use std::time::Duration;

use tradekeep_models::Timestamp;
use tradekeep_store_traits::Table;

use super::{disk, folder, holder, letters, manifest, name};
use crate::error::Result;
use crate::log::{Access, Log, LogConfig};
use crate::slots::Slots;
use crate::spool::cursors::{self, Cursors};
use crate::stats::unaccounted;

/// Between two reads of a spool that is being written.
const PAUSE: Duration = Duration::from_millis(20);
/// Reads of it at most.
const MAX_READS: u32 = 5;

/// What a spool holds, and how far each sink has come: as its files say, which is how it was up to a
/// second ago.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolStatus {
    /// The stream that stores keep a watermark of; nothing where the manifest is damaged.
    pub stream: Option<String>,
    /// Moved by an operator's act only.
    pub epoch: u64,
    /// The process that holds it, where one does.
    pub holder: Option<String>,
    /// Numbers below this may have been given out.
    pub bound: u64,
    /// The number of the last record.
    pub last_seq: u64,
    /// Bytes that it holds.
    pub bytes: u64,
    /// Files that hold them.
    pub segments: usize,
    /// Each sink that it knows.
    pub sinks: Vec<SinkHeld>,
    /// Records that were counted and not kept, of each table that has some.
    pub dropped: Vec<(Table, u64)>,
    /// Files beside the segments that keep what was damaged, and damaged places that are not kept yet.
    pub damaged: Vec<String>,
    /// Dead letters that wait for a decision.
    pub dead_letters: u64,
    /// Dead letters that were replayed.
    pub replayed: u64,
}

/// One sink.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkHeld {
    /// Its id.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// Its tables.
    pub lanes: Vec<LaneHeld>,
}

/// One table on its way to one sink.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneHeld {
    /// The table.
    pub table: Table,
    /// All records up to this number are done with.
    pub cursor: u64,
    /// Records that the spool has ever accepted.
    pub accepted: u64,
    /// Of those, records before the sink's time.
    pub before: u64,
    /// Of those, records that the sink has.
    pub applied: u64,
    /// Of those, records that were new to the sink, as its answers said; those that it had already, and those
    /// before a new epoch, are not in it.
    pub inserted: u64,
    /// Of those, records that are dead letters.
    pub dead: u64,
    /// Of those, records still to come.
    pub pending: u64,
    /// The oldest record still to come.
    pub oldest: Option<Oldest>,
}

/// A record that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Oldest {
    /// Its number.
    pub seq: u64,
    /// When it was accepted.
    pub time: Timestamp,
}

impl LaneHeld {
    /// Accepted less everything that can have become of it: 0, unless the spool was damaged.
    #[must_use]
    pub fn unaccounted(&self) -> i128 {
        unaccounted(self.accepted, [self.before, self.applied, self.dead, self.pending])
    }
}

impl SinkHeld {
    /// Records still to come, of all its tables.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.pending).sum()
    }
}

impl SpoolStatus {
    /// Records still to come, of all sinks and tables.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.sinks.iter().map(SinkHeld::pending).sum()
    }

    /// The oldest record still to come.
    #[must_use]
    pub fn oldest(&self) -> Option<Oldest> {
        let lanes = self.sinks.iter().flat_map(|sink| &sink.lanes);
        lanes.filter_map(|lane| lane.oldest).min_by_key(|oldest| oldest.seq)
    }
}

/// Looks at the spool in the folder `data`.
///
/// It reads all that is held.
///
/// # Errors
/// `NoSpool` where there is none; `Disk` when it cannot be read.
pub fn status(data: &Path) -> Result<SpoolStatus> {
    settled(|| read(data))
}

/// Reads until a result is not `in_motion`, or the same comes twice: what adds up at no time is damage,
/// and what does not for a moment was read in the middle of a change.
fn settled<T: PartialEq>(mut read: impl FnMut() -> Result<(T, bool)>) -> Result<T> {
    let mut before = None;
    let mut reads = 0;
    loop {
        let (now, in_motion) = read()?;
        reads += 1;
        if !in_motion || before.as_ref() == Some(&now) || reads == MAX_READS {
            return Ok(now);
        }
        before = Some(now);
        thread::sleep(PAUSE);
    }
}

/// One read, and whether it may have met what was just being written or removed.
fn read(data: &Path) -> Result<(SpoolStatus, bool)> {
    let folder = folder(data)?;
    let found = manifest(&folder)?;
    let log = name(&folder, found.as_ref())?;
    let content = Slots::peek(&crate::fs::RealFs, &folder.join(cursors::FILE), cursors::SLOT);
    let content = content.map_err(disk(&folder))?;
    let cursors = content.as_deref().and_then(Cursors::read).unwrap_or_default();
    let mut sinks: Vec<_> = cursors.sinks.iter().map(|(id, sink)| lanes_of(id, sink)).collect();
    let config = LogConfig {
        folder: folder.clone(),
        name: log.unwrap_or_default(),
        // Nothing is made.
        segment_bytes: 0,
    };
    let (log, recovery) = Log::open(super::fs(), config, Access::ReadOnly, &mut |frame| {
        let Some(table) = Table::of_number(frame.head.kind) else { return };
        let lanes = sinks.iter_mut().flat_map(|sink| &mut sink.lanes);
        for lane in lanes.filter(|lane| lane.table == table && frame.head.seq > lane.cursor) {
            let time = Timestamp::from_nanos(frame.head.time).unwrap_or(Timestamp::MIN);
            lane.oldest = lane.oldest.or(Some(Oldest { seq: frame.head.seq, time }));
            lane.pending += 1;
        }
    })
    .map_err(disk(&folder))?;
    let end = log.end();
    for lane in sinks.iter_mut().flat_map(|sink| &mut sink.lanes) {
        let accepted = end.counts.get(usize::from(lane.table.number()));
        lane.accepted = accepted.copied().unwrap_or_default();
    }
    let adds_up = sinks.iter().flat_map(|sink| &sink.lanes).all(|lane| lane.unaccounted() == 0);
    let in_motion = !adds_up || !recovery.damaged.is_empty();
    let mut damaged = log.damaged().map_err(disk(&folder))?;
    damaged.extend(recovery.damaged);
    let (bytes, segments) = log.size();
    let (dead_letters, replayed) = letters(data)?.map_or((0, 0), |letters| letters.count());
    let dropped = cursors.dropped.iter();
    let dropped = dropped.filter_map(|(table, count)| Some((table.parse().ok()?, *count)));
    let status = SpoolStatus {
        stream: found.as_ref().map(|manifest| manifest.stream.clone()),
        epoch: found.as_ref().map_or(0, |manifest| manifest.epoch),
        holder: holder(data)?,
        bound: found.as_ref().map_or(0, |manifest| manifest.bound),
        last_seq: end.last_seq,
        bytes,
        segments,
        sinks,
        dropped: dropped.collect(),
        damaged,
        dead_letters,
        replayed,
    };
    Ok((status, in_motion))
}

/// A sink as its cursors say, with nothing pending yet.
fn lanes_of(id: &str, sink: &cursors::SinkCursors) -> SinkHeld {
    let lanes = sink.tables.iter().filter_map(|(table, cursor)| {
        Some(LaneHeld {
            table: table.parse().ok()?,
            cursor: cursor.seq,
            accepted: 0,
            before: cursor.before,
            applied: cursor.applied,
            inserted: cursor.inserted,
            dead: cursor.dead,
            pending: 0,
            oldest: None,
        })
    });
    let mut lanes: Vec<_> = lanes.collect();
    lanes.sort_by_key(|lane| lane.table);
    SinkHeld { id: id.to_owned(), name: sink.name.clone(), lanes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_motion_is_looked_at_again() {
        let reads = |answers: &[(u32, bool)]| {
            let mut answers = answers.iter().copied();
            let settled = settled(|| Ok(answers.next().unwrap())).unwrap();
            (settled, answers.count())
        };
        assert_eq!(reads(&[(1, false), (2, false)]), (1, 1));
        assert_eq!(reads(&[(1, true), (2, false), (3, false)]), (2, 1));
        assert_eq!(reads(&[(1, true), (2, true), (2, true), (3, true)]), (2, 1));
        let moving: Vec<_> = (0..9).map(|number| (number, true)).collect();
        assert_eq!(reads(&moving), (4, 4), "not for ever");
    }
}
