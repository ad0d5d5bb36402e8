//! Bits that flip and tails that are cut: what was not hit is there, as it was.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::{Access, DATA, Reader};
use super::{Rec, append, disk, open_as, rest, seqs};
use crate::fs::FileSystem;
use crate::fs::sim::SimFs;

/// One segment of this many bytes, and what is in it.
fn segment(size: u64, records: usize) -> (Vec<u8>, Vec<Rec>) {
    let fs = disk(1);
    let (log, _, _) = open_as(&fs, size, Access::Write).unwrap();
    log.allow_below(u64::MAX);
    for place in 0..records {
        let length = 20 + place * 37 % 200;
        append(&log, u16::try_from(1 + place % 3).unwrap(), place as u64, &[length]).unwrap();
    }
    log.sync().unwrap();
    assert_eq!(fs.paths().len(), 1, "one segment");
    let found = rest(&mut Reader::new(log, 0, None)).unwrap();
    assert_eq!(found.len(), records);
    (fs.read(&fs.paths()[0]).unwrap(), found)
}

fn put(bytes: &[u8]) -> (SimFs, PathBuf) {
    let fs = disk(0);
    let path = PathBuf::from("log/00000000000000000001.seg");
    fs.write(&path, bytes).unwrap();
    (fs, path)
}

/// Where each record is in a segment.
fn places(records: &[Rec]) -> Vec<std::ops::Range<u64>> {
    let mut at = DATA;
    let mut places = Vec::new();
    for record in records {
        let end = at + (super::super::frame::HEAD + record.payload.len()) as u64;
        places.push(at..end);
        at = end;
    }
    places
}

#[test]
fn every_flipped_bit_costs_the_record_it_is_in_and_no_other() {
    let (bytes, records) = segment(16 << 10, 100);
    let places = places(&records);
    let (fs, path) = put(&bytes);
    for bit in 0..bytes.len() as u64 * 8 {
        fs.flip_bit(&path, bit).unwrap();
        let (_, found, recovery) = open_as(&fs, 16 << 10, Access::ReadOnly).unwrap();
        fs.flip_bit(&path, bit).unwrap();
        let hit = places.iter().position(|place| place.contains(&(bit / 8)));
        let mut spared = records.iter().enumerate().filter(|(place, _)| Some(*place) != hit);
        assert!(found.iter().eq(spared.by_ref().map(|(_, record)| record)), "bit {bit}");
        // Beyond the records and in one of the two headers nothing is lost.
        let told = !recovery.damaged.is_empty() || recovery.torn > 0;
        assert!(told || hit.is_none(), "bit {bit}: nothing was said");
    }
}

#[test]
fn a_flipped_bit_is_kept_beside_and_the_log_goes_on() {
    let (bytes, records) = segment(16 << 10, 100);
    let places = places(&records);
    for bit in (0..bytes.len() as u64 * 8).step_by(997) {
        let (fs, path) = put(&bytes);
        fs.flip_bit(&path, bit).unwrap();
        let hit = places.iter().position(|place| place.contains(&(bit / 8)));
        let expected: Vec<u64> =
            (1..=100).filter(|seq| hit.is_none_or(|hit| *seq != hit as u64 + 1)).collect();
        for round in 0..2u64 {
            let (log, found, _) = open_as(&fs, 16 << 10, Access::Write).unwrap();
            let old: Vec<u64> = seqs(&found).into_iter().filter(|seq| *seq <= 100).collect();
            assert_eq!(old, expected, "bit {bit}");
            assert_eq!(found.len() as u64, expected.len() as u64 + round, "bit {bit}");
            log.start_numbers_at(101);
            log.allow_below(u64::MAX);
            append(&log, 1, 200, &[30]).unwrap();
            log.sync().unwrap();
            let read = seqs(&rest(&mut Reader::new(Arc::clone(&log), 0, None)).unwrap());
            assert_eq!(read.len() as u64, expected.len() as u64 + round + 1, "bit {bit}");
        }
        let kept = fs.list(Path::new("log")).unwrap();
        let kept = kept.iter().filter(|name| !name.ends_with(".seg")).count();
        assert_eq!(kept, usize::from(hit.is_some() || beyond(&places, bit)), "bit {bit}");
    }
}

/// Whether the bit is behind the last record: there it looks like a record that was torn.
fn beyond(places: &[std::ops::Range<u64>], bit: u64) -> bool {
    places.last().is_some_and(|last| bit / 8 >= last.end)
}

#[test]
fn every_cut_of_the_tail_leaves_the_whole_records() {
    let (bytes, records) = segment(96 << 10, 560);
    let places = places(&records);
    let used = places.last().unwrap().end;
    assert!(used > 66 << 10);
    // The last 4 KiB byte by byte, 64 KiB in steps that fall everywhere within a record.
    let fine = (used - (4 << 10)..used).collect::<Vec<_>>();
    let coarse = (used - (64 << 10)..used).step_by(61).collect::<Vec<_>>();
    let (fs, path) = put(&bytes[..usize::try_from(used).unwrap()]);
    for cut in coarse.into_iter().chain(fine) {
        let whole = places.iter().filter(|place| place.end <= cut).count();
        // Cut off, and cut to zeros, as a file that was allocated and not written.
        for zeros in [false, true] {
            let kept = &bytes[..usize::try_from(cut).unwrap()];
            let mut content = kept.to_vec();
            if zeros {
                content.resize(bytes.len(), 0);
            }
            fs.write(&path, &content).unwrap();
            let (_, found, _) = open_as(&fs, 96 << 10, Access::ReadOnly).unwrap();
            assert!(
                found == records[..whole],
                "cut at {cut}, zeros {zeros}: {} records",
                found.len()
            );
        }
    }
}
