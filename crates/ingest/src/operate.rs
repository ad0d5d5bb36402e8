//! What an operator does to a spool that nobody holds.
//!
//! Each of these takes the spool for as long as it lasts, and is refused with
//! [`IngestError::Held`](crate::IngestError::Held) while another process has it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tradekeep_models::InvalidInput;

use crate::clock::{Clock as _, SystemClock};
use crate::config::IngestConfig;
use crate::dead_letter::{DeadLetterFilter, DeadLetters};
use crate::deliver::sink::SinkConfig;
use crate::error::Result;
use crate::ingest::Ingest;
use crate::inspect::{self, fs};
use crate::log::Access;
use crate::spool::cursors::{Cursor, Cursors};
use crate::spool::{LockedSpool, Spool, SpoolConfig};
use crate::stats::IngestStats;

/// A sink that the spool knows no more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forgotten {
    /// Its id.
    pub id: String,
    /// What people knew it by.
    pub name: String,
    /// Records that it had not got, and will not get.
    pub pending: u64,
}

/// An epoch that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEpoch {
    /// Its number.
    pub epoch: u64,
    /// Records that are sent once more, of all sinks.
    pub again: u64,
}

/// Gives up the records that `sink` (its id, or its name) has not got. What only it was to have leaves
/// the spool when that is opened the next time; dead letters of it stay.
///
/// # Errors
/// `NoSpool` where there is none; `Held` while another process has it; `Input` where it knows no such
/// sink, naming those that it knows; `Disk` when the disk fails: it is known as before then.
pub fn forget(data: &Path, sink: &str) -> Result<Forgotten> {
    let locked = lock(data)?;
    let mut cursors = locked.cursors.clone();
    let id = find_sink(&cursors, sink)?;
    let mut forgotten = Forgotten { id: id.clone(), name: String::new(), pending: 0 };
    let Some(gone) = cursors.sinks.remove(&id) else { return Ok(forgotten) };
    let spool = locked.open(Arc::new(SystemClock), &mut |table, seq| {
        let cursor = gone.tables.get(table.as_str());
        forgotten.pending += u64::from(cursor.is_some_and(|cursor| seq > cursor.seq));
    })?;
    spool.save_cursors(&cursors)?;
    forgotten.name = gone.name;
    Ok(forgotten)
}

/// Lets the watermarks of stores count anew, as a stream of another name: for a spool that was brought back older
/// than it was, or a copy of which delivers too, whose numbers a store takes for those of records that it has; and
/// for going on with a store that lacks more than the spool holds.
///
/// Nothing says any more what a store has of what is held: all of it is sent once more, under the new
/// epoch, and the identity of records keeps them single. Cursors go back to before it, with what they
/// have counted of it, so that it is pending again; dead letters stay what they are.
///
/// # Errors
/// `NoSpool` where there is none; `Held` while another process has it; `Disk` when the disk fails: the
/// epoch is what it was then, and moving it again is right.
pub fn new_epoch(data: &Path) -> Result<NewEpoch> {
    let locked = lock(data)?;
    let folder = IngestConfig::new(data).dead_letter_folder();
    let dead = match folder.is_dir() {
        true => Some(DeadLetters::open(&fs(), &folder, Access::Write)?),
        false => None,
    };
    let mut cursors = locked.cursors.clone();
    // By sink and table: records that it was done with and that are held, and those that are dead.
    let mut held: Vec<(&str, &mut Cursor, &str, u64, u64)> = Vec::new();
    for (id, sink) in &mut cursors.sinks {
        for (table, cursor) in &mut sink.tables {
            held.push((id, cursor, table, 0, 0));
        }
    }
    let spool = locked.open(Arc::new(SystemClock), &mut |table, seq| {
        for (id, cursor, of, done, died) in &mut held {
            if *of == table.as_str() && seq > cursor.floor && seq <= cursor.seq {
                *done += 1;
                *died += u64::from(dead.as_ref().is_some_and(|dead| dead.has(id, seq)));
            }
        }
    })?;
    let mut again = 0;
    for (_, cursor, _, done, died) in held {
        again += done - died;
        rewind(cursor, done, died);
    }
    // Whichever stores they are now, it goes on with them.
    cursors.sinks.values_mut().for_each(|sink| sink.positions.clear());
    save(&spool, &cursors, again)
}

/// Closes the open dead letters that `filter` means, without sending them again; answers how many.
///
/// # Errors
/// `NoSpool` where there is none; `Held` while another process has it; `Disk` when the disk fails: they stay
/// open then.
pub fn resolve(data: &Path, filter: &DeadLetterFilter) -> Result<u64> {
    // Held, so that nobody replays one meanwhile.
    let _locked = lock(data)?;
    let folder = IngestConfig::new(data).dead_letter_folder();
    if !folder.is_dir() {
        return Ok(0);
    }
    let dead = DeadLetters::open(&fs(), &folder, Access::Write)?;
    dead.resolve(filter, SystemClock.now().as_nanos())
}

/// Removes the dead letters that were replayed or resolved; answers how many. One stays where the process that had
/// the spool was killed before it noted that it is done with the record: that may be sent again, and the
/// letter is what keeps it from being refused a second time.
///
/// # Errors
/// `NoSpool` where there is none; `Held` while another process has it; `Disk` when the disk fails: nothing
/// open is lost then.
pub fn purge_resolved(data: &Path) -> Result<u64> {
    let locked = lock(data)?;
    let folder = IngestConfig::new(data).dead_letter_folder();
    if !folder.is_dir() {
        return Ok(0);
    }
    let dead = DeadLetters::open(&fs(), &folder, Access::Write)?;
    let cursors = locked.cursors.clone();
    let spool = locked.open(Arc::new(SystemClock), &mut |_, _| {})?;
    let is_past = |sink: &str, table, seq| cursors.are_past(sink, table, seq);
    dead.purge(spool.now(), spool.oldest_seq()?, is_past)
}

/// First the cursors: with those alone, the store's watermark still says what it has.
fn save(spool: &Spool, cursors: &Cursors, again: u64) -> Result<NewEpoch> {
    spool.save_cursors(cursors)?;
    Ok(NewEpoch { epoch: spool.new_epoch()?, again })
}

/// Rewinds a cursor to before the `done` records that are held, `died` of which are dead letters: the
/// records are pending again, and counted as nothing else.
fn rewind(cursor: &mut Cursor, done: u64, died: u64) {
    cursor.seq = cursor.seq.min(cursor.floor);
    (cursor.stored, cursor.inserted, cursor.copied) = (0, 0, false);
    // Letters that were replayed and purged are not known as such any more, but are counted.
    let applied = (done - died).min(cursor.applied);
    cursor.applied -= applied;
    cursor.dead -= (done - applied).min(cursor.dead);
}

/// Delivers what the spool of `config` holds to `sinks`, for `patience` at most, and lets go of it.
/// Answers how things stand then.
///
/// `sinks` are all that still have records to come: those that are configured, and one that is not any
/// more, as it was.
///
/// # Errors
/// As [`Ingest::open`], `NoSpool` where there is none, and when the disk fails.
pub async fn drain(
    config: IngestConfig,
    sinks: Vec<SinkConfig>,
    patience: Duration,
) -> Result<IngestStats> {
    inspect::folder(config.data())?;
    let ingest = Ingest::open(config, sinks).await?;
    ingest.shutdown(patience).await
}

/// The id of the sink that has `sink` as its id or its name.
fn find_sink(cursors: &Cursors, sink: &str) -> Result<String> {
    let mut named = cursors.sinks.iter().filter(|(id, known)| *id == sink || known.name == sink);
    match (named.next(), named.next()) {
        (Some((id, _)), None) => Ok(id.clone()),
        (Some(_), Some(_)) => {
            let ids = "is the name of several sinks: use the id of one";
            Err(InvalidInput::new("sink", ids).into())
        }
        (None, _) => {
            let known: Vec<_> =
                cursors.sinks.iter().map(|(id, known)| format!("{id} ({})", known.name)).collect();
            let known = if known.is_empty() { "none".into() } else { known.join(", ") };
            let reason = format!("is none that the spool knows; it knows {known}");
            Err(InvalidInput::new("sink", reason).into())
        }
    }
}

/// Takes the spool of a data folder where there is one.
fn lock(data: &Path) -> Result<LockedSpool> {
    let config = IngestConfig::new(data);
    let folder = inspect::folder(data)?;
    LockedSpool::lock(&fs(), SpoolConfig { folder, segment_bytes: config.segment_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rewound_is_counted_once() {
        let cursor =
            Cursor { seq: 90, applied: 50, dead: 10, before: 5, floor: 3, ..Cursor::default() };
        for (done, died, applied, dead) in
            [(0, 0, 50, 10), (20, 4, 34, 6), (60, 10, 0, 0), (55, 0, 0, 5), (90, 0, 0, 0)]
        {
            let mut back = cursor;
            rewind(&mut back, done, died);
            assert_eq!((back.applied, back.dead, back.seq), (applied, dead, 3), "{done} {died}");
            assert_eq!((back.before, back.floor), (5, 3));
        }
    }
}
