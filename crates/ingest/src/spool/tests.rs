//! The spool when the power goes, or the disk fails, at any step of what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tradekeep_store_traits::{Records, Table};

use super::cursors::{Cursor, SinkCursors};
use super::{Cursors, LockedSpool, Spool, SpoolConfig};
use crate::clock::SystemClock;
use crate::error::Result;
use crate::fs::FileSystem;
use crate::fs::sim::SimFs;
use crate::log::{Reader, Segment};
use crate::tail;
use crate::testing::{metrics, singles, ticks};

/// What was given, and what was promised of it.
#[derive(Debug, Default)]
struct Promised {
    /// By number, also where nothing was answered.
    given: BTreeMap<u64, Records>,
    written: BTreeSet<u64>,
    synced: BTreeSet<u64>,
    /// Of the last append that was not answered.
    in_doubt: BTreeSet<u64>,
    /// Up to here they may be gone.
    trimmed: u64,
    /// The number that was spoken of last.
    highest: u64,
    stream: Option<String>,
    /// The last that were durable, and those that were on their way.
    cursors: (u64, u64),
}

fn lock(fs: &SimFs) -> Result<LockedSpool> {
    let fs: Arc<dyn FileSystem> = Arc::new(fs.clone());
    LockedSpool::lock(&fs, SpoolConfig { folder: PathBuf::from("data/spool"), segment_bytes: 4096 })
}

/// A spool, its cursors, and what it holds.
type Opened = (Spool, Cursors, Vec<(Table, u64)>);

fn open(fs: &SimFs) -> Result<Opened> {
    let locked = lock(fs)?;
    let cursors = locked.cursors.clone();
    let mut found = Vec::new();
    let spool = locked.open(Arc::new(SystemClock), &mut |table, seq| found.push((table, seq)))?;
    Ok((spool, cursors, found))
}

fn append(spool: &Spool, promised: &mut Promised, records: &Records) -> Result<()> {
    let mut of_call = Vec::new();
    let appended = spool.append(records, |first| {
        of_call = (first..).zip(singles(records)).collect();
        Ok(())
    });
    let seqs: BTreeSet<u64> = of_call.iter().map(|(seq, _)| *seq).collect();
    assert!(seqs.iter().all(|seq| *seq > promised.highest), "a number is given out again");
    promised.highest = promised.highest.max(seqs.last().copied().unwrap_or_default());
    promised.given.extend(of_call);
    match appended {
        Ok(first) => {
            assert_eq!(Some(&first), seqs.first());
            promised.written.extend(seqs);
            promised.in_doubt.clear();
            Ok(())
        }
        Err(error) => {
            promised.in_doubt.extend(seqs);
            Err(error)
        }
    }
}

fn sync(spool: &Spool, promised: &mut Promised) -> Result<()> {
    let through = spool.log.sync().map_err(crate::IngestError::disk("sync"))?;
    promised.synced.extend(promised.written.range(..=through));
    Ok(())
}

fn save(spool: &Spool, promised: &mut Promised, seq: u64) -> Result<()> {
    promised.cursors.1 = seq;
    let cursor = Cursor { seq, ..Cursor::default() };
    let tables = [("ticks".to_owned(), cursor)].into();
    let sink = SinkCursors { name: "sink".into(), tables, ..SinkCursors::default() };
    let sinks = [("id".to_owned(), sink)].into();
    spool.save_cursors(&Cursors { version: 1, sinks, ..Cursors::default() })?;
    promised.cursors.0 = seq;
    Ok(())
}

/// Two lives of a spool, with everything that it does.
fn script(fs: &SimFs, promised: &mut Promised) -> Result<()> {
    for life in 0..2 {
        let (spool, ..) = open(fs)?;
        let stream = spool.stream_text().0;
        assert!(promised.stream.as_ref().is_none_or(|known| *known == stream));
        promised.stream = Some(stream);
        assert!(spool.first_seq > promised.highest, "a number may be given out again");
        let first = life * 1000;
        append(&spool, promised, &ticks(first, 3))?;
        append(&spool, promised, &metrics(first, 2))?;
        sync(&spool, promised)?;
        // Over several segments, one of which was made before.
        spool.log.prepare(u64::MAX).map_err(crate::IngestError::disk("prepare"))?;
        append(&spool, promised, &ticks(first + 10, 120))?;
        append(&spool, promised, &metrics(first + 10, 3))?;
        sync(&spool, promised)?;
        let done = promised.given.keys().copied().nth(promised.given.len() * 2 / 3).unwrap();
        save(&spool, promised, done)?;
        promised.trimmed = done;
        spool.trim(|segment: &Segment| segment.last() <= done)?;
        append(&spool, promised, &ticks(first + 200, 2))?;
        spool.reserve(super::RESERVE)?;
        sync(&spool, promised)?;
        // This one a loss of power may take.
        append(&spool, promised, &ticks(first + 300, 2))?;
    }
    Ok(())
}

/// Opens what is left, and looks whether it is what was promised. `must` is there for certain.
fn check(fs: &SimFs, promised: &Promised, must: &BTreeSet<u64>, about: &str) {
    let (spool, cursors, found) = open(fs).unwrap_or_else(|error| panic!("{about}: {error}"));
    let seqs: Vec<u64> = found.iter().map(|(_, seq)| *seq).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{about}: out of order");
    let lost = must.iter().find(|seq| **seq > promised.trimmed && !seqs.contains(seq));
    assert_eq!(lost, None, "{about}: lost");
    let may = |seq: &u64| promised.written.contains(seq) || promised.in_doubt.contains(seq);
    assert_eq!(seqs.iter().find(|seq| !may(seq)), None, "{about}: nobody was given that");
    let mut reader = Reader::new(Arc::clone(&spool.log), 0, None);
    for (table, seq) in &found {
        let record = tail::next(&mut reader).unwrap().unwrap();
        assert_eq!((record.seq, record.table), (*seq, *table), "{about}");
        assert_eq!(Some(&record.record), promised.given.get(seq), "{about}: altered");
    }
    if let Some(stream) = &promised.stream {
        assert_eq!(*stream, spool.stream_text().0, "{about}: another stream");
    }
    assert!(spool.first_seq > promised.highest, "{about}: numbers are given out again");
    let cursor = cursors.of("id", Table::Ticks).unwrap_or_default().seq;
    let (durable, on_its_way) = promised.cursors;
    assert!(cursor == durable || cursor == on_its_way, "{about}: the cursor is {cursor}");
    // It is of use, and stays so.
    let mut after = Promised { highest: promised.highest, ..Promised::default() };
    append(&spool, &mut after, &ticks(5000, 2)).unwrap();
    sync(&spool, &mut after).unwrap();
    drop((reader, spool));
    // A sync that failed in an earlier process is nothing that this one can know of.
    let again = fs.kill();
    let (_, _, found) = open(&again).unwrap();
    let expected: Vec<u64> = seqs.iter().chain(after.given.keys()).copied().collect();
    assert_eq!(found.iter().map(|(_, seq)| *seq).collect::<Vec<_>>(), expected, "{about}: again");
    let (_, _, found) = open(&fs.power_loss(1)).unwrap();
    let mut new = after.given.keys().filter(|seq| !found.iter().any(|(_, found)| found == *seq));
    assert_eq!(new.next(), None, "{about}: lost later");
}

fn steps() -> u64 {
    let fs = SimFs::new();
    let mut promised = Promised::default();
    script(&fs, &mut promised).unwrap();
    check(&fs.kill(), &promised, &promised.written, "without a fault");
    fs.operations()
}

#[test]
fn whatever_step_the_power_goes_at() {
    let steps = steps();
    assert!(steps > 60, "{steps} steps");
    for step in 0..steps {
        for seed in 0..8 {
            let fs = SimFs::with_seed(seed);
            fs.crash_at(step);
            let mut promised = Promised::default();
            assert!(script(&fs, &mut promised).is_err(), "step {step}");
            let about = format!("step {step}, seed {seed}");
            check(&fs.power_loss(seed), &promised, &promised.synced, &about);
        }
    }
}

#[test]
fn whatever_step_fails_before_a_kill() {
    for step in 0..steps() {
        for kind in [std::io::ErrorKind::Other, std::io::ErrorKind::StorageFull] {
            let fs = SimFs::with_seed(step);
            fs.fail_at(step, kind);
            let mut promised = Promised::default();
            // Some failures are made good.
            let _ = script(&fs, &mut promised);
            let about = format!("step {step} {kind}");
            check(&fs.kill(), &promised, &promised.written, &about);
            check(&fs.power_loss(step), &promised, &promised.synced, &about);
        }
    }
}

#[test]
fn a_lost_manifest_is_a_new_stream_that_gives_out_no_number_again() {
    let fs = SimFs::new();
    let mut promised = Promised::default();
    script(&fs, &mut promised).unwrap();
    let fs = fs.kill();
    let last = promised.cursors.0;
    fs.remove(Path::new("data/spool/manifest")).unwrap();
    let (spool, _, found) = open(&fs).unwrap();
    assert_ne!(Some(spool.stream_text().0), promised.stream);
    assert!(spool.first_seq > found.iter().map(|(_, seq)| *seq).max().unwrap());
    assert!(spool.first_seq > last);
}

#[test]
fn one_of_two_has_it_and_the_other_is_told_who() {
    let fs = SimFs::new();
    let (_first, ..) = open(&fs).unwrap();
    let error = open(&fs).unwrap_err();
    assert!(matches!(error, crate::IngestError::Held { .. }), "{error}");
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
}

#[test]
fn a_spool_that_is_released_is_not_written_any_more() {
    let fs = SimFs::new();
    let (spool, ..) = open(&fs).unwrap();
    spool.release();
    let before = fs.operations();
    let closed = |error| matches!(error, crate::IngestError::Closed);
    assert!(closed(spool.save_cursors(&Cursors::default()).unwrap_err()));
    assert!(closed(spool.trim(|_| true).unwrap_err()));
    assert_eq!(fs.operations(), before);
    open(&fs).unwrap();
}

#[test]
fn what_is_held_begins_at_the_oldest_record() {
    let fs = SimFs::new();
    let (spool, ..) = open(&fs).unwrap();
    assert_eq!(spool.oldest_seq().unwrap(), spool.first_seq, "the one that comes next");
    let mut promised = Promised::default();
    append(&spool, &mut promised, &ticks(0, 300)).unwrap();
    let first = spool.first_seq;
    assert_eq!(spool.oldest_seq().unwrap(), first);
    assert!(spool.trim(|segment: &Segment| segment.last() < first + 200).unwrap() > 0);
    let held = spool.oldest_seq().unwrap();
    assert!(held > first && held < first + 200, "{held}");
    assert_eq!(spool.damaged(), [""; 0]);
}
