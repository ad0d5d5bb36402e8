//! A log against a plain reference, over random operations and faults.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::{Access, AppendError, Log, Reader, Segment};
use super::{Rec, SEGMENT, append, disk, open_as, payload};
use crate::fs::sim::{Operation, SimFs};

#[derive(Debug, Clone)]
enum Op {
    Append {
        kind: u16,
        lengths: Vec<usize>,
    },
    Sync,
    Prepare,
    Seal,
    /// As if all of the first records, so many hundredths of what there is, were done with.
    Trim(u64),
    /// So many records of reader n.
    Read(usize, usize),
    Kill,
    PowerLoss(u64),
    Fail(Operation, u32),
    ShortWrite(u64, usize),
    /// So much room is left; none is a full disk.
    Room(Option<u64>),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop::sample::select(vec![
        Operation::Create,
        Operation::WriteAt,
        Operation::WriteAt,
        Operation::Sync,
        Operation::Sync,
        Operation::SyncDir,
        Operation::SetLen,
        Operation::Remove,
        Operation::ReadAt,
    ])
}

fn op() -> impl Strategy<Value = Op> {
    let lengths = prop_oneof![
        8 => prop::collection::vec(1usize..120, 1..8),
        1 => prop::collection::vec(900usize..1100, 1..9),
    ];
    prop_oneof![
        12 => (1u16..4, lengths).prop_map(|(kind, lengths)| Op::Append { kind, lengths }),
        5 => Just(Op::Sync),
        1 => Just(Op::Prepare),
        1 => Just(Op::Seal),
        2 => (0u64..=100).prop_map(Op::Trim),
        4 => (0usize..4, 1usize..20).prop_map(|(reader, most)| Op::Read(reader, most)),
        1 => Just(Op::Kill),
        1 => any::<u64>().prop_map(Op::PowerLoss),
        3 => (operation(), 1u32..3).prop_map(|(operation, times)| Op::Fail(operation, times)),
        1 => (0u64..4, 0usize..60).prop_map(|(after, bytes)| Op::ShortWrite(after, bytes)),
        1 => prop_oneof![Just(None), (0u64..6000).prop_map(Some)].prop_map(Op::Room),
    ]
}

/// What the log must hold, may hold and must not.
#[derive(Default)]
struct Model {
    /// Every record that was ever given a number, whatever became of it.
    ever: BTreeMap<u64, Rec>,
    /// Those that are in the log.
    held: BTreeSet<u64>,
    /// Of those, they survive a loss of power.
    synced: BTreeSet<u64>,
    /// Those whose append failed since the last that did not: a crash may bring them back.
    failed: BTreeSet<u64>,
    /// Those that a later append made void, which was not synced yet: the power may take that one.
    voided: BTreeSet<u64>,
    /// Up to here, segments may be gone.
    trimmed: u64,
    /// No number up to this is given out again.
    highest: u64,
    /// Whether a sync failed since the machine started: what is read may not be on the disk.
    sync_failed: bool,
    /// Up to here, records are of a process that saw that, of which the next one cannot know.
    inherited: u64,
    tag: u64,
}

struct Bench {
    fs: SimFs,
    log: Arc<Log>,
    readers: Vec<(Reader, Option<u16>, u64)>,
    model: Model,
}

impl Bench {
    fn new(seed: u64) -> Self {
        let fs = disk(seed);
        let (log, _, _) = open_as(&fs, SEGMENT, Access::Write).unwrap();
        let mut bench = Self { fs, log, readers: Vec::new(), model: Model::default() };
        bench.begin();
        bench
    }

    /// What a spool does with the numbers of a log that it has opened.
    fn begin(&mut self) {
        self.log.start_numbers_at(self.model.highest + 1);
        self.log.allow_below(u64::MAX);
        let reader = |kind| (Reader::new(Arc::clone(&self.log), 0, kind), kind, 0);
        self.readers = [None, Some(1), Some(2), Some(3)].map(reader).into();
    }

    fn append(&mut self, kind: u16, lengths: &[usize]) -> Result<(), TestCaseError> {
        let tag = self.model.tag;
        self.model.tag += lengths.len() as u64;
        let expected = self.log.end().next_seq;
        let answer = append(&self.log, kind, tag, lengths);
        let records = (expected..).zip(tag..).zip(lengths);
        let records =
            records.map(|((seq, tag), length)| Rec { seq, kind, payload: payload(tag, *length) });
        let records: BTreeMap<_, _> = records.map(|record| (record.seq, record)).collect();
        let numbers: BTreeSet<u64> = records.keys().copied().collect();
        prop_assert!(expected > self.model.highest, "a number is given out again");
        self.model.highest = numbers.last().copied().unwrap_or_default();
        self.model.ever.extend(records);
        match answer {
            Ok(first) => {
                prop_assert_eq!(first, expected);
                self.model.held.extend(numbers);
                let failed = std::mem::take(&mut self.model.failed);
                self.model.voided.extend(failed);
            }
            Err(AppendError::Io(_)) => self.model.failed.extend(numbers),
            Err(error) => prop_assert!(false, "{:?}", error),
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), TestCaseError> {
        match self.log.sync() {
            Ok(through) => {
                prop_assert_eq!(through, self.log.end().last_seq);
                let own = self.model.inherited + 1..=through.max(self.model.inherited + 1);
                self.model.synced.extend(self.model.held.range(own));
                self.model.voided.retain(|seq| *seq <= self.model.inherited);
            }
            Err(_) => self.model.sync_failed = true,
        }
        Ok(())
    }

    fn read(&mut self, place: usize, most: usize) -> Result<(), TestCaseError> {
        let (reader, kind, last) = &mut self.readers[place];
        let model = &self.model;
        let wanted = |seq: &u64| kind.is_none_or(|kind| model.ever[seq].kind == kind);
        for _ in 0..most {
            let Ok(frame) = reader.next() else { break };
            let behind = model.held.range(*last + 1..);
            let mut due = behind.filter(|seq| wanted(seq) && **seq > model.trimmed);
            let Some(frame) = frame else {
                prop_assert_eq!(due.next(), None, "a reader of {:?} passed one", kind);
                break;
            };
            let head = frame.head;
            prop_assert!(head.seq > *last, "a reader told {} after {}", head.seq, last);
            let due = due.next().copied();
            prop_assert!(due.is_none_or(|due| due >= head.seq), "{:?} was passed", due);
            prop_assert!(model.held.contains(&head.seq), "{} is not there", head.seq);
            let known = &model.ever[&head.seq];
            prop_assert!(wanted(&head.seq));
            prop_assert_eq!((known.kind, &*known.payload), (head.kind, frame.payload));
            *last = head.seq;
        }
        Ok(())
    }

    fn trim(&mut self, hundredths: u64) {
        let all: Vec<u64> = self.model.held.iter().copied().collect();
        let place = all.len() * usize::try_from(hundredths).unwrap() / 100;
        let done = place.checked_sub(1).map_or(0, |place| all[place]);
        // It may have removed some even where it failed.
        self.model.trimmed = self.model.trimmed.max(done);
        let _ = self.log.trim(|segment: &Segment| segment.last() <= done);
    }

    fn reopen(&mut self, power_loss: Option<u64>) -> Result<(), TestCaseError> {
        self.fs = match power_loss {
            Some(seed) => self.fs.power_loss(seed),
            None => self.fs.kill(),
        };
        self.fs.capacity(u64::MAX);
        let (log, found, recovery) = open_as(&self.fs, SEGMENT, Access::Write).unwrap();
        self.log = log;
        let model = &mut self.model;
        let numbers: BTreeSet<u64> = found.iter().map(|record| record.seq).collect();
        prop_assert!(found.is_sorted_by(|a, b| a.seq < b.seq), "out of order, or twice");
        prop_assert_eq!(recovery.records, found.len() as u64);
        for record in &found {
            prop_assert_eq!(Some(record), model.ever.get(&record.seq), "altered");
        }
        let must = if power_loss.is_some() { &model.synced } else { &model.held };
        let mut lost = must.iter().filter(|seq| **seq > model.trimmed && !numbers.contains(seq));
        prop_assert_eq!(lost.next(), None, "lost by {:?}", power_loss);
        let may = |seq: &u64| {
            let by_power = power_loss.is_some() && model.voided.contains(seq);
            model.held.contains(seq) || model.failed.contains(seq) || by_power
        };
        prop_assert_eq!(numbers.iter().find(|seq| !may(seq)), None, "was refused, and is there");
        model.sync_failed &= power_loss.is_none();
        let failed = std::mem::take(&mut model.failed);
        if model.sync_failed {
            // What was taken back may not be on the disk either.
            model.voided.extend(failed);
            model.synced.retain(|seq| numbers.contains(seq));
        } else {
            // What is given out again must not be taken any more.
            model.synced = numbers.clone();
            model.voided.clear();
        }
        model.inherited = if model.sync_failed { model.highest } else { 0 };
        model.held = numbers;
        self.begin();
        Ok(())
    }

    fn apply(&mut self, op: Op) -> Result<(), TestCaseError> {
        match op {
            Op::Append { kind, lengths } => self.append(kind, &lengths)?,
            Op::Sync => self.sync()?,
            // Fails where the disk does; nothing is promised then.
            Op::Prepare => drop(self.log.prepare(u64::MAX)),
            Op::Seal => self.log.seal(),
            Op::Trim(hundredths) => self.trim(hundredths),
            Op::Read(reader, most) => self.read(reader, most)?,
            Op::Kill => self.reopen(None)?,
            Op::PowerLoss(seed) => self.reopen(Some(seed))?,
            Op::Fail(operation, times) => {
                self.model.sync_failed |= operation == Operation::Sync;
                self.fs.fail_next(operation, times, ErrorKind::Other);
            }
            Op::ShortWrite(after, bytes) => {
                self.fs.short_write_at(self.fs.operations() + after, bytes);
            }
            Op::Room(room) => {
                let used: u64 = self
                    .fs
                    .paths()
                    .iter()
                    .map(|path| self.fs.read(path).unwrap().len() as u64)
                    .sum();
                self.fs.capacity(room.map_or(u64::MAX, |room| used + room));
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]
    #[test]
    fn holds_what_was_promised_and_nothing_else(
        seed in any::<u64>(),
        ops in prop::collection::vec(op(), 1..80),
        end in any::<u64>(),
    ) {
        let mut bench = Bench::new(seed);
        for op in ops {
            bench.apply(op)?;
        }
        for reader in 0..4 {
            // A read that was made to fail ends a round.
            for _ in 0..4 {
                bench.read(reader, usize::MAX)?;
            }
        }
        bench.reopen(None)?;
        bench.reopen(Some(end))?;
    }
}
