//! What stands in the journal.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{SINK, open, rejected};
use crate::dead_letter::entry::{LETTER, PURGED, REPLAYING, RESOLVED, TOMBSTONES, VERSION};
use crate::dead_letter::{DeadLetters, NAME};
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
        [LETTER, REPLAYING, RESOLVED, PURGED, TOMBSTONES]
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
fn an_id_is_not_given_again_after_a_purge() {
    let fs = SimFs::new();
    let dead = open(&fs).unwrap();
    dead.add(SINK, "sink", 9, &rejected([10, 11, 12])).unwrap();
    dead.replaying(&[1, 2, 3], 50, 9).unwrap();
    dead.resolved(&[1, 2, 3], 9).unwrap();
    assert_eq!(dead.purge(9, 1, |_, _, _| true).unwrap(), 3);
    assert_eq!(open(&fs.kill()).unwrap().next_id(), 4);
}
