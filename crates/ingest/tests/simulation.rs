//! Lives of a process in a row, each ended by a kill or a loss of power at some step, with a store
//! whose commits survive: what was promised is in the store once, or a dead letter.
//!
//! `TRADEKEEP_TEST_SEED=17` runs that seed alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[path = "delivery/support.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::time::timeout;
use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::{DeadState, Ingest, IngestConfig, Level};
use tradekeep_models::record::Record;
use tradekeep_store_traits::{Act, Batch, ErrorKind, Records, Table, with_records};

use support::wire::Wire;
use support::{
    Answer, Station, TABLES, config, error, lost, metrics, open, refusing, second, sink, ticks,
};

/// How a run ends its lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The process is killed: nothing that was written is lost.
    Kill,
    /// The power goes: what was not synced may be lost.
    Power,
}

/// What a store takes never, and only as a replayed letter at that.
fn is_bad(second: u64) -> bool {
    second % 97 == 13
}

/// Takes what is right, now and then only after it was sent again.
fn script(seed: u64) -> impl FnMut(&Batch) -> Answer + Send + 'static {
    let mut rng = Rng::with_seed(seed);
    let mut refuse = refusing(is_bad);
    move |batch| match rng.u8(..12) {
        0 => Answer::Fail(error(ErrorKind::Connection, Act::Retry { after: None })),
        1 => match refuse(batch) {
            Answer::Go => Answer::GoAndLose(lost(ErrorKind::Connection)),
            other => other,
        },
        _ => refuse(batch),
    }
}

/// What was given, by table and second.
#[derive(Debug, Default)]
struct Given {
    all: BTreeSet<(Table, u64)>,
    /// It survives the end of the process.
    written: BTreeSet<(Table, u64)>,
    /// And a loss of power.
    synced: BTreeSet<(Table, u64)>,
}

struct Run {
    seed: u64,
    end: End,
    rng: Rng,
    fs: SimFs,
    station: Arc<Station>,
    given: Given,
    clock: u64,
}

fn keys(records: &Records) -> Vec<(Table, u64)> {
    let table = records.table();
    with_records!(records, rows => rows.iter().map(|row| (table, second(row.ts()))).collect())
}

impl Run {
    fn new(seed: u64, end: End) -> Self {
        let station = Station::answering(script(seed));
        let (rng, fs) = (Rng::with_seed(seed), SimFs::with_seed(seed));
        Self { seed, end, rng, fs, station, given: Given::default(), clock: 0 }
    }

    fn config(&mut self) -> IngestConfig {
        let wait = Duration::from_millis(self.rng.u64(1..4));
        config().with_batch(self.rng.usize(1..30), wait).with_max_batch(30 + self.rng.usize(..100))
    }

    /// Appends now and then, until the end of this life.
    async fn live(&mut self, ingest: &Ingest, rounds: u64) {
        for _ in 0..rounds {
            let count = self.rng.u64(1..20);
            let from = self.clock;
            self.clock += count;
            let records = if self.rng.bool() { ticks(from, count) } else { metrics(from, count) };
            let keys = keys(&records);
            self.given.all.extend(&keys);
            let level = if self.rng.u8(..4) == 0 { Level::Synced } else { Level::Written };
            let answer = timeout(Duration::from_secs(20), ingest.append_at(&records, level));
            if answer.await.expect("an answer").is_ok() {
                self.given.written.extend(&keys);
                if level == Level::Synced {
                    self.given.synced.extend(&keys);
                }
            }
            match self.rng.u8(..10) {
                0 => tokio::time::sleep(Duration::from_millis(self.rng.u64(1..6))).await,
                1 => {
                    drop(ingest.replay(&tradekeep_ingest::DeadLetterFilter::default(), false).await)
                }
                2 => drop(ingest.flush(Duration::from_millis(5)).await),
                3 => drop(ingest.purge_resolved().await),
                _ => tokio::task::yield_now().await,
            }
            if self.fs.is_powered_off() {
                return;
            }
        }
    }

    /// One life, and what the next one finds.
    async fn life(&mut self) {
        let wire = Wire::new(&self.station, &self.fs);
        if self.rng.u8(..3) > 0 {
            // At some operation, also while it opens.
            self.fs.crash_at(self.fs.operations() + self.rng.u64(..90));
        }
        let rounds = self.rng.u64(..25);
        let config = self.config();
        let opened = open(config, vec![sink("one", Arc::clone(&wire) as _, TABLES)], &self.fs);
        let opened = opened.await;
        if let Ok(ingest) = &opened {
            self.live(ingest, rounds).await;
        } else {
            assert!(self.fs.is_powered_off(), "{opened:?}");
        }
        wire.cut();
        self.fs = match self.end {
            End::Kill => self.fs.kill(),
            End::Power => self.fs.power_loss(self.rng.u64(..)),
        };
        if let Ok(ingest) = opened {
            // What is left of it works on a disk that nobody has any more.
            let _ = ingest.shutdown(Duration::ZERO).await;
        }
    }

    /// Everything is delivered, and looked at.
    async fn settle(&mut self) {
        let about = format!("seed {}, {:?}", self.seed, self.end);
        let config = self.config();
        let sinks = vec![sink("one", Arc::clone(&self.station) as _, TABLES)];
        let ingest = open(config, sinks, &self.fs).await.unwrap();
        let began = Instant::now();
        while ingest.flush(Duration::from_secs(5)).await.pending() > 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "{about}: {:#?}", ingest.stats());
        }
        let letters =
            ingest.dead_letters(&tradekeep_ingest::DeadLetterFilter::default()).await.unwrap();
        let mut ends: BTreeMap<(Table, u64), (usize, usize)> = BTreeMap::new();
        for letter in letters.iter().filter(|letter| letter.state == DeadState::Open) {
            for key in keys(letter.record.as_ref().unwrap()) {
                ends.entry(key).or_default().1 += 1;
            }
        }
        let events = |table| table == Table::SystemEvents;
        for row in self.station.rows().iter().filter(|row| !events(row.table)) {
            ends.entry((row.table, second(row.ts))).or_default().0 += 1;
        }
        for (key, (stored, dead)) in &ends {
            assert!(self.given.all.contains(key), "{about}: {key:?} from nowhere");
            // No identity guards this store: not one record reached it a second time. A letter that
            // was on its way back, and refused again, when the power took it, is sent back anew.
            let dead = if self.end == End::Power { (*dead).min(1) } else { *dead };
            let expected = if is_bad(key.1) { (0, 1) } else { (1, 0) };
            assert_eq!((*stored, dead), expected, "{about}: {key:?} stored, dead");
        }
        let promised = match self.end {
            End::Kill => &self.given.written,
            End::Power => &self.given.synced,
        };
        let mut lost = promised.iter().filter(|key| !ends.contains_key(key));
        assert_eq!(lost.next(), None, "{about}: lost");
        let rows = self.station.rows();
        for table in [Table::Ticks, Table::Metrics] {
            let mut seqs = rows.iter().filter(|row| row.table == table).map(|row| row.seq);
            assert!(seqs.by_ref().is_sorted_by(|a, b| a < b), "{about}: out of order");
        }
        let taken_by_power = (self.given.all.len() - ends.len()) as i128;
        for lane in ingest.stats().lanes() {
            let most = if self.end == End::Kill { 0 } else { taken_by_power };
            let unaccounted = lane.unaccounted();
            let fits = (0..=most).contains(&unaccounted) || events(lane.table);
            assert!(fits, "{about}: {unaccounted} unaccounted, {taken_by_power} lost: {lane:?}");
        }
        ingest.shutdown(Duration::ZERO).await.unwrap();
    }
}

fn run(seed: u64, end: End) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut run = Run::new(seed, end);
        for _ in 0..run.rng.u8(2..6) {
            run.life().await;
        }
        run.settle().await;
    });
}

/// Many seeds, some at a time: they mostly wait.
fn seeds(end: End) {
    if let Ok(seed) = std::env::var("TRADEKEEP_TEST_SEED") {
        return run(seed.parse().expect("TRADEKEEP_TEST_SEED is a number"), end);
    }
    // Some in any case, and as many more as there is time for.
    const LEAST: u64 = 60;
    const MOST: u64 = 300;
    let (next, began) = (AtomicU64::new(0), Instant::now());
    thread::scope(|scope| {
        let work = || {
            loop {
                let seed = next.fetch_add(1, Ordering::SeqCst);
                let is_late = seed >= LEAST && began.elapsed() > Duration::from_secs(25);
                if seed >= MOST || is_late {
                    break;
                }
                if std::panic::catch_unwind(|| run(seed, end)).is_err() {
                    panic!("run it alone: TRADEKEEP_TEST_SEED={seed}, {end:?}");
                }
            }
        };
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
}

#[test]
fn killed_at_any_step_nothing_is_lost_or_doubled() {
    seeds(End::Kill);
}

#[test]
fn a_loss_of_power_at_any_step_takes_nothing_that_was_synced() {
    seeds(End::Power);
}
