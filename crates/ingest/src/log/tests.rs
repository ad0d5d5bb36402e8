//! A log under faults: what was promised is there, and nothing else, whatever the disk did.
#![allow(clippy::indexing_slicing, reason = "test code")]

mod bit_rot;
mod damaged;
mod failed_sync;
mod model;
mod readers;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Access, AppendError, Entries, Log, LogConfig, Reader, Recovery};
use crate::fs::FileSystem;
use crate::fs::sim::SimFs;

/// Bytes of a segment, unless a test wants another: a few dozen records.
const SEGMENT: u64 = 4096;

/// A record as it is given and found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rec {
    seq: u64,
    kind: u16,
    payload: Vec<u8>,
}

fn config(segment_bytes: u64) -> LogConfig {
    LogConfig { folder: PathBuf::from("log"), name: "test".into(), segment_bytes }
}

/// An empty disk with the log's folder.
fn disk(seed: u64) -> SimFs {
    let fs = SimFs::with_seed(seed);
    fs.create_dir_all(Path::new("log")).unwrap();
    fs.sync_dir(Path::new("")).unwrap();
    fs
}

fn open_as(
    fs: &SimFs,
    segment_bytes: u64,
    access: Access,
) -> io::Result<(Arc<Log>, Vec<Rec>, Recovery)> {
    let mut found = Vec::new();
    let fs: Arc<dyn FileSystem> = Arc::new(fs.clone());
    let (log, recovery) = Log::open(fs, config(segment_bytes), access, &mut |frame| {
        let (seq, kind) = (frame.head.seq, frame.head.kind);
        found.push(Rec { seq, kind, payload: frame.payload.to_vec() });
    })?;
    Ok((Arc::new(log), found, recovery))
}

/// Opens to append, with any number of numbers.
fn open(fs: &SimFs) -> (Arc<Log>, Vec<Rec>) {
    let (log, found, _) = open_as(fs, SEGMENT, Access::Write).unwrap();
    log.allow_below(u64::MAX);
    (log, found)
}

/// The content of a record: another one for each `tag`, and no zero at its end, where zeros are room.
fn payload(tag: u64, length: usize) -> Vec<u8> {
    let tag = tag.to_le_bytes().into_iter().cycle();
    tag.take(length.saturating_sub(1)).chain([0xff]).collect()
}

/// Appends a record for each length.
fn append(log: &Log, kind: u16, tag: u64, lengths: &[usize]) -> Result<u64, AppendError> {
    let payload = |place: usize, out: &mut Vec<u8>| {
        out.extend(payload(tag + place as u64, lengths[place]));
        true
    };
    let entries = Entries { time: 7, kind, version: 1, count: lengths.len(), payload };
    log.append(&entries, |_| Ok(()))
}

fn seqs(found: &[Rec]) -> Vec<u64> {
    found.iter().map(|record| record.seq).collect()
}

/// All that a reader has to tell now.
fn rest(reader: &mut Reader) -> io::Result<Vec<Rec>> {
    let mut found = Vec::new();
    while let Some(frame) = reader.next()? {
        let (seq, kind) = (frame.head.seq, frame.head.kind);
        found.push(Rec { seq, kind, payload: frame.payload.to_vec() });
    }
    Ok(found)
}

#[test]
fn an_append_over_several_segments_is_whole_after_a_kill() {
    let fs = disk(0);
    let (log, _) = open(&fs);
    append(&log, 1, 0, &[100]).unwrap();
    append(&log, 1, 1, &[1000; 9]).unwrap();
    append(&log, 1, 10, &[100]).unwrap();
    assert!(log.size().1 >= 4, "several segments");
    let (_, found) = open(&fs.kill());
    assert_eq!(seqs(&found), (1..=11).collect::<Vec<_>>());
}

#[test]
fn an_append_over_several_segments_is_whole_after_a_loss_of_power() {
    for seed in 0..20 {
        let fs = disk(seed);
        let (log, _) = open(&fs);
        append(&log, 1, 0, &[100]).unwrap();
        append(&log, 1, 1, &[1000; 9]).unwrap();
        assert_eq!(log.sync().unwrap(), 10);
        let (log, found) = open(&fs.power_loss(seed));
        assert_eq!(seqs(&found), (1..=10).collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(log.end().counts[1], 10);
    }
}

#[test]
fn a_refused_record_costs_no_segment() {
    let fs = disk(0);
    let (log, _) = open(&fs);
    append(&log, 1, 0, &[10]).unwrap();
    let segments = fs.paths().len();
    for _ in 0..5 {
        let entries = Entries {
            time: 0,
            kind: 1,
            version: 1,
            count: 2,
            payload: |place, _: &mut _| place == 0,
        };
        assert!(matches!(log.append(&entries, |_| Ok(())), Err(AppendError::Refused(1))));
        append(&log, 1, 1, &[10]).unwrap();
    }
    assert_eq!(fs.paths().len(), segments);
    let (_, found) = open(&fs.kill());
    assert_eq!(found.len(), 6);
}

#[test]
fn a_number_is_used_up_before_anybody_hears_of_it() {
    let fs = disk(0);
    let (log, _) = open(&fs);
    let entries = Entries {
        time: 0,
        kind: 1,
        version: 1,
        count: 1,
        payload: |_, out: &mut Vec<u8>| {
            out.push(1);
            true
        },
    };
    let mut heard = 0;
    // What hears of the number may have noted it durably, and then failed.
    let refused = log.append(&entries, |first| {
        heard = first;
        Err(io::Error::other("no"))
    });
    assert!(refused.is_err());
    assert!(append(&log, 1, 0, &[10]).unwrap() > heard);
}
