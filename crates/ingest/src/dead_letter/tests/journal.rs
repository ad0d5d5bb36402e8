//! What stands in the journal.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{SINK, open, rejected};
use crate::dead_letter::entry::{CLOSED, LETTER, PURGED, REPLAYING, RESOLVED, TOMBSTONES, VERSION};
use crate::dead_letter::{DeadLetterFilter, DeadLetters, DeadState, NAME};
use crate::fs::FileSystem;
use crate::fs::sim::SimFs;
use crate::log::frame::Head;
use crate::log::{Access, Frame, Log, LogConfig};

#[test]
fn every_entry_is_one_and_nothing_else() {
    let fs = SimFs::new();
    let dead = open(&fs).unwrap();
    dead.add(SINK, "sink", 9, &rejected([10, 11, 12])).unwrap();
    dead.replaying(&[1, 2], 50, 9).unwrap();
    dead.resolved(&[1, 2], 9).unwrap();
    assert_eq!(dead.resolve(&DeadLetterFilter::id(3), 9).unwrap(), 1);
    assert_eq!(dead.purge(9, 1, |_, _, seq| seq == 10).unwrap(), 1);
    let folder = Path::new("data/dead-letters");
    let config = LogConfig { folder: folder.to_owned(), name: NAME.into(), segment_bytes: 8192 };
    let fs: Arc<dyn FileSystem> = Arc::new(fs.clone());
    let mut found = BTreeMap::new();
    Log::open(fs, config, Access::ReadOnly, &mut |frame| {
        assert!(DeadLetters::is_entry(frame), "{frame:?}");
        found.insert(frame.head.kind, frame.payload.to_vec());
    })
    .unwrap();
    assert_eq!(
        found.keys().copied().collect::<Vec<_>>(),
        [LETTER, REPLAYING, RESOLVED, PURGED, TOMBSTONES, CLOSED]
    );
    for (kind, payload) in &found {
        let is_entry = |kind, version, payload: &[u8]| {
            let head = Head { seq: 1, time: 9, kind, version };
            DeadLetters::is_entry(&Frame { head, payload })
        };
        assert!(is_entry(*kind, VERSION, payload));
        assert!(!is_entry(*kind, VERSION + 1, payload), "{kind}: of a later version");
        assert!(!is_entry(9, VERSION, payload), "of no kind");
        assert!(!is_entry(*kind, VERSION, &payload[..payload.len() - 1]), "{kind}: cut");
    }
}

#[test]
fn what_is_resolved_stays_so_and_is_purged() {
    let fs = SimFs::new();
    let dead = open(&fs).unwrap();
    dead.add(SINK, "sink", 9, &rejected([10, 11, 12, 13])).unwrap();
    dead.replaying(&[1], 50, 9).unwrap();
    dead.resolved(&[1], 9).unwrap();
    // One that was replayed is not open, and one that is being replayed is not closed.
    dead.replaying(&[2], 51, 9).unwrap();
    let states = |dead: &DeadLetters| -> Vec<_> {
        let all = dead.list(&DeadLetterFilter::default()).unwrap();
        all.iter().map(|letter| (letter.id, letter.state)).collect()
    };
    assert_eq!(dead.resolve(&DeadLetterFilter::ids([1, 2, 3, 9]), 9).unwrap(), 1);
    assert_eq!(dead.resolve(&DeadLetterFilter::ids([3]), 9).unwrap(), 0);
    let expected = [
        (1, DeadState::Replayed { seq: 50 }),
        (2, DeadState::Open),
        (3, DeadState::Resolved),
        (4, DeadState::Open),
    ];
    assert_eq!(states(&dead), expected);
    assert_eq!(dead.count(), (2, 2));
    let replayed = dead.replayable(&DeadLetterFilter::id(3), |_, _, _| true).unwrap();
    assert_eq!((replayed.replayed, replayed.already), (0, 1), "it is not sent again");
    // Also over a purge that it stays behind, and the next one.
    assert_eq!(dead.purge(9, 1, |_, _, seq| seq == 10).unwrap(), 1);
    let dead = open(&fs.kill()).unwrap();
    assert_eq!(states(&dead), expected[1..]);
    assert_eq!(dead.purge(9, 1, |_, _, _| true).unwrap(), 1);
    assert!(dead.has(SINK, 12), "nor is it sent to its store again");
    assert_eq!(states(&dead), [expected[1], expected[3]]);
}

#[test]
fn an_id_is_not_given_again_after_a_purge() {
    let fs = SimFs::new();
    let dead = open(&fs).unwrap();
    dead.add(SINK, "sink", 9, &rejected([10, 11, 12])).unwrap();
    dead.replaying(&[1, 2, 3], 50, 9).unwrap();
    dead.resolved(&[1, 2, 3], 9).unwrap();
    assert_eq!(dead.purge(9, 1, |_, _, _| true).unwrap(), 3);
    assert_eq!(open(&fs.kill()).unwrap().next_id(), 4);
}
