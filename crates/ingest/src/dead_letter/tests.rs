//! The journal when the power goes at any step, and what becomes of letters otherwise.

mod journal;
mod purge;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::{Class, DeadLetter, DeadLetters, DeadState, RejectedRecord};
use crate::codec;
use crate::error::Result;
use crate::fs::FileSystem;
use crate::fs::sim::{Operation, SimFs};
use crate::log::Access;
use crate::testing::{singles, ticks};

const SINK: &str = "memory-1";

fn open(fs: &SimFs) -> Result<DeadLetters> {
    let fs: Arc<dyn FileSystem> = Arc::new(fs.clone());
    DeadLetters::open_with(&fs, Path::new("data/dead-letters"), Access::Write, 8192)
}

fn rejected_record(seq: u64) -> RejectedRecord {
    let record = singles(&ticks(seq, 1)).remove(0);
    let mut payload = Vec::new();
    tradekeep_store_traits::with_records!(&record, rows => codec::encode(&rows[0], &mut payload).unwrap());
    RejectedRecord {
        seq,
        accepted: 5,
        class: Class::Invalid,
        reason: format!("number {seq}"),
        attempts: 2,
        kind: record.table().number(),
        version: codec::version(record.table()),
        payload,
    }
}

fn rejected(seqs: impl IntoIterator<Item = u64>) -> Vec<RejectedRecord> {
    seqs.into_iter().map(rejected_record).collect()
}

fn letters(dead: &DeadLetters) -> Vec<DeadLetter> {
    let mut letters = Vec::new();
    dead.read(|letter| {
        letters.push(letter);
        true
    })
    .unwrap();
    letters
}

/// What has been promised of the letter of a number in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    Absent,
    Open,
    Replaying(u64),
    Replayed(u64),
    Purged,
}

/// By number in the spool: what was answered last, and what was asked since.
type Promised = BTreeMap<u64, (Known, Known)>;

struct Run {
    dead: DeadLetters,
    promised: Promised,
}

impl Run {
    fn ask(
        &mut self,
        seqs: &[u64],
        next: impl Fn(u64) -> Known,
        act: impl FnOnce(&DeadLetters, &[u64]) -> Result<()>,
    ) -> Result<()> {
        for seq in seqs {
            let known = self.promised.entry(*seq).or_insert((Known::Absent, Known::Absent));
            known.1 = next(*seq);
        }
        let ids: BTreeMap<u64, u64> =
            letters(&self.dead).iter().map(|letter| (letter.seq, letter.id)).collect();
        let ids: Vec<u64> = seqs.iter().filter_map(|seq| ids.get(seq).copied()).collect();
        act(&self.dead, &ids)?;
        for known in self.promised.values_mut() {
            known.0 = known.1;
        }
        Ok(())
    }

    fn add(&mut self, seqs: &[u64]) -> Result<()> {
        let new = seqs.to_vec();
        self.ask(seqs, |_| Known::Open, |dead, _| dead.add(SINK, "sink", 9, &rejected(new)))
    }

    fn replaying(&mut self, seqs: &[u64], first: u64) -> Result<()> {
        let base = seqs[0];
        self.ask(
            seqs,
            |seq| Known::Replaying(first + seq - base),
            |dead, ids| dead.replaying(ids, first, 9),
        )
    }

    fn resolved(&mut self, seqs: &[u64], first: u64) -> Result<()> {
        let base = seqs[0];
        self.ask(seqs, |seq| Known::Replayed(first + seq - base), |dead, ids| dead.resolved(ids, 9))
    }

    fn purge(&mut self) -> Result<()> {
        let replayed = |known: &Known| matches!(known, Known::Replayed(_));
        let gone: Vec<u64> = self
            .promised
            .iter()
            .filter(|(_, (known, _))| replayed(known))
            .map(|(seq, _)| *seq)
            .collect();
        self.ask(&gone, |_| Known::Purged, |dead, _| dead.purge(9, 1, |_, _, _| true).map(drop))
    }
}

fn script(fs: &SimFs, run: &mut Option<Run>) -> Result<()> {
    let run = run.insert(Run { dead: open(fs)?, promised: Promised::new() });
    run.add(&[10, 11, 12])?;
    run.add(&[20, 21])?;
    run.replaying(&[10, 11], 50)?;
    run.resolved(&[10, 11], 50)?;
    run.replaying(&[12], 60)?;
    run.add(&(30..60).collect::<Vec<_>>())?;
    run.purge()?;
    run.replaying(&[20], 70)?;
    run.add(&[70])?;
    run.resolved(&[20], 70)?;
    run.purge()?;
    run.add(&(80..90).collect::<Vec<_>>())
}

fn check(fs: &SimFs, promised: &Promised, about: &str) {
    let dead = open(fs).unwrap_or_else(|error| panic!("{about}: {error}"));
    let found = letters(&dead);
    let ids: BTreeSet<u64> = found.iter().map(|letter| letter.id).collect();
    assert_eq!(ids.len(), found.len(), "{about}: an id twice");
    let unfinished: BTreeMap<u64, u64> = dead.unfinished().into_iter().collect();
    let mut states = BTreeMap::new();
    for letter in &found {
        let state = match (letter.state, unfinished.get(&letter.id)) {
            (DeadState::Replayed { seq }, _) => Known::Replayed(seq),
            (DeadState::Open, Some(seq)) => Known::Replaying(*seq),
            (DeadState::Open, None) => Known::Open,
            (DeadState::Resolved, _) => panic!("{about}: nobody resolved one"),
        };
        assert!(states.insert(letter.seq, state).is_none(), "{about}: {} is twice", letter.seq);
        assert_eq!(letter.record, Some(ticks(letter.seq, 1)), "{about}: altered");
        assert!(dead.has(SINK, letter.seq), "{about}");
    }
    for (seq, (answered, asked)) in promised {
        let state = states.remove(seq);
        let is = |known: &Known| match known {
            Known::Absent | Known::Purged => state.is_none(),
            known => state == Some(*known),
        };
        // What was replayed may come back until it is purged, as what it was.
        assert!(is(answered) || is(asked), "{about}: {seq} is {state:?}, not {answered:?}");
    }
    assert_eq!(states, BTreeMap::new(), "{about}: from nowhere");
    // It goes on, with ids of its own.
    dead.add(SINK, "sink", 9, &rejected([1000])).unwrap();
    let new = letters(&dead).pop().unwrap();
    assert!(new.seq == 1000 && !ids.contains(&new.id), "{about}");
}

#[test]
fn whatever_step_the_power_goes_at() {
    let fs = SimFs::new();
    let mut run = None;
    script(&fs, &mut run).unwrap();
    check(&fs.kill(), &run.unwrap().promised, "without a fault");
    let steps = fs.operations();
    assert!(steps > 40, "{steps} steps");
    for step in 0..steps {
        for seed in 0..10 {
            let fs = SimFs::with_seed(seed);
            fs.crash_at(step);
            let mut run = None;
            assert!(script(&fs, &mut run).is_err());
            let promised = run.map(|run| run.promised).unwrap_or_default();
            check(&fs.power_loss(seed), &promised, &format!("step {step}, seed {seed}"));
        }
    }
}

#[test]
fn tables_that_die_at_once_have_a_letter_each() {
    let fs = SimFs::new();
    let dead = Arc::new(open(&fs).unwrap());
    let adding = (0..4u64).map(|place| {
        let dead = Arc::clone(&dead);
        thread::spawn(move || {
            for seq in 0..25 {
                dead.add(SINK, "sink", 9, &rejected([place * 100 + seq])).unwrap();
            }
        })
    });
    adding.collect::<Vec<_>>().into_iter().for_each(|adding| adding.join().unwrap());
    let seqs =
        |letters: Vec<DeadLetter>| letters.iter().map(|letter| letter.seq).collect::<BTreeSet<_>>();
    assert_eq!(seqs(letters(&dead)).len(), 100);
    assert_eq!(seqs(letters(&open(&fs.kill()).unwrap())).len(), 100);
}

#[test]
fn a_letter_that_is_added_during_a_purge_stays() {
    let fs = SimFs::new();
    let dead = Arc::new(open(&fs).unwrap());
    for round in 0..50u64 {
        let (old, new) = (round * 10, round * 10 + 1);
        dead.add(SINK, "sink", 9, &rejected([old])).unwrap();
        let id = letters(&dead).iter().find(|letter| letter.seq == old).unwrap().id;
        dead.replaying(&[id], 10_000 + round, 9).unwrap();
        dead.resolved(&[id], 9).unwrap();
        let purging = {
            let dead = Arc::clone(&dead);
            thread::spawn(move || dead.purge(9, 1, |_, _, _| true).unwrap())
        };
        dead.add(SINK, "sink", 9, &rejected([new])).unwrap();
        assert_eq!(purging.join().unwrap(), 1);
    }
    assert_eq!(letters(&dead).len(), 50);
    assert_eq!(letters(&open(&fs.kill()).unwrap()).len(), 50);
}

#[test]
fn what_could_not_be_synced_and_was_added_again_is_there_once() {
    let fs = SimFs::new();
    let dead = open(&fs).unwrap();
    fs.fail_next(Operation::Sync, 2, ErrorKind::Other);
    dead.add(SINK, "sink", 9, &rejected([5])).unwrap_err();
    assert_eq!(letters(&dead).len(), 0);
    // Another one meanwhile, which must not get its id.
    dead.add(SINK, "sink", 9, &rejected([6])).unwrap();
    dead.add(SINK, "sink", 9, &rejected([5])).unwrap();
    let known = letters(&dead);
    assert_eq!(known.iter().map(|letter| letter.seq).collect::<Vec<_>>(), [6, 5]);
    let id = known[1].id;
    dead.replaying(&[id], 100, 9).unwrap();
    dead.resolved(&[id], 9).unwrap();
    let again = letters(&open(&fs.kill()).unwrap());
    assert_eq!(again.len(), 2);
    assert_eq!(again[1].state, DeadState::Replayed { seq: 100 });
}

#[test]
fn a_suspect_that_was_taken_after_all_is_done_with() {
    let fs = SimFs::new();
    let dead = open(&fs).unwrap();
    dead.add(SINK, "sink", 9, &rejected([5, 6])).unwrap();
    dead.delivered(SINK, &[5, 77], 9).unwrap();
    for dead in [dead, open(&fs.power_loss(3)).unwrap()] {
        let states: Vec<_> = letters(&dead).iter().map(|letter| letter.state).collect();
        assert_eq!(states, [DeadState::Replayed { seq: 5 }, DeadState::Open]);
        assert_eq!((dead.count(), dead.unfinished()), ((1, 1), vec![]));
        assert!(dead.has(SINK, 5));
    }
}

#[test]
fn a_purge_leaves_what_would_die_once_more() {
    let fs = SimFs::new();
    let dead = open(&fs).unwrap();
    dead.add(SINK, "sink", 9, &rejected([5, 6, 7])).unwrap();
    dead.replaying(&[1, 2], 100, 9).unwrap();
    dead.resolved(&[1, 2], 9).unwrap();
    assert_eq!(
        dead.purge(9, 1, |sink, table, seq| sink == SINK && table.is_some() && seq < 6).unwrap(),
        1
    );
    for dead in [dead, open(&fs.power_loss(3)).unwrap()] {
        let states: Vec<_> =
            letters(&dead).iter().map(|letter| (letter.seq, letter.state)).collect();
        assert_eq!(states, [(6, DeadState::Replayed { seq: 101 }), (7, DeadState::Open)]);
        assert_eq!([5, 6, 7].map(|seq| dead.has(SINK, seq)), [true; 3], "nor is it sent again");
    }
}

#[test]
fn a_purge_forgets_what_the_spool_does_not_hold() {
    let fs = SimFs::new();
    let mut dead = open(&fs).unwrap();
    dead.add(SINK, "sink", 9, &rejected([5, 6, 7])).unwrap();
    let has = |dead: &DeadLetters| [5, 6, 7].map(|seq| dead.has(SINK, seq));
    for (id, held_from, left) in
        [(1, 5, [true; 3]), (2, 6, [false, true, true]), (3, 9, [false; 3])]
    {
        dead.replaying(&[id], 100 + id, 9).unwrap();
        dead.resolved(&[id], 9).unwrap();
        assert_eq!(dead.purge(9, held_from, |_, _, _| true).unwrap(), 1);
        assert_eq!(has(&dead), left);
        dead = open(&fs.power_loss(id)).unwrap();
        assert_eq!(has(&dead), left, "opened again");
        drop(dead);
        dead = open(&fs).unwrap();
    }
    // One that was is not kept again while it is held; its number may not come back later.
    assert_eq!((dead.count(), letters(&dead).len()), ((0, 0), 0));
    assert!(!dead.has("another", 7));
}
