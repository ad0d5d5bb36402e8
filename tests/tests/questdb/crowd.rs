//! A hundred who write and some who read: who reads sees whole batches, in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tradekeep::models::{Symbol, Tick, Timestamp};
use tradekeep::stores::RecordSink;
use tradekeep_ingest::Ingest;

use crate::Sharing;
use crate::judge::judge_all;
use crate::tables::{LONG, Tables, Way, run};

pub(crate) const SHARING: &[Sharing] =
    &[("readers_among_a_hundred_writers_see_whole_batches", |tables| run(crowd(tables)))];

const WRITERS: u64 = 100;
const READERS: usize = 4;
/// Ticks that are appended together.
const TOGETHER: u64 = 10;
/// They write for so long, and until each reader has looked so often.
const FOR: Duration = Duration::from_secs(4);
const LOOKS: u64 = 6;

/// When the writers may stop.
#[derive(Debug)]
struct Enough {
    since: Instant,
    /// How often each reader has found something.
    looks: [AtomicU64; READERS],
}

impl Enough {
    fn is_enough(&self) -> bool {
        let looked = self.looks.iter().all(|looks| looks.load(Ordering::Relaxed) >= LOOKS);
        let took = self.since.elapsed();
        // A reader that has failed looks no more.
        took > FOR && looked || took > LONG
    }
}

/// The ticks of a writer have times of their own.
fn tick(writer: u64, number: u64) -> Tick {
    let nanos = i64::try_from(number * 1_000_000 + writer).unwrap();
    let ts = Timestamp::from_nanos(1_723_075_200_000_000_000 + nanos).unwrap();
    Tick::builder(Symbol::new(format!("W{writer}")).unwrap(), ts)
        .price("0.1".parse().unwrap())
        .quantity((number + 1).to_string().parse().unwrap())
        .build()
        .unwrap()
}

async fn crowd(tables: &Tables) {
    // A batch holds whole appends: its most is a multiple of them.
    let wait = Duration::from_millis(10);
    let way = Way::open_with(tables.config(), |config| {
        config.with_batch(500, wait).with_max_batch(2_000)
    });
    let way = way.await;
    // Which makes the tables.
    way.store.ping().await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let enough = Arc::new(Enough { since: Instant::now(), looks: Default::default() });
    let readers: Vec<_> = (0..READERS)
        .map(|reader| {
            let (tables, over, enough) = (tables.clone(), Arc::clone(&over), Arc::clone(&enough));
            tokio::task::spawn_blocking(move || read(&tables, &over, &enough.looks[reader]))
        })
        .collect();
    let writers = (0..WRITERS)
        .map(|writer| tokio::spawn(write(way.ingest.clone(), writer, Arc::clone(&enough))));
    let writers: Vec<_> = writers.collect();
    let mut sent = Vec::new();
    for (writer, task) in (0..).zip(writers) {
        let count = task.await.unwrap();
        sent.extend((0..count).map(|number| tick(writer, number)));
    }
    way.end(0).await;
    over.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
    let looks = &enough.looks;
    println!("{} ticks of {WRITERS} writers, looked at {looks:?} times", sent.len());
    let sql = "SELECT count(), sum(t.quantity), sum(t.notional) FROM \"{}ticks\" t";
    let stored: Vec<_> =
        tables.ask(sql)[0].iter().flatten().map(|text| text.parse::<f64>().unwrap()).collect();
    let sum: u64 =
        sent.iter().map(|tick| tick.quantity().to_string().parse::<u64>().unwrap()).sum();
    assert_eq!(stored, [sent.len() as f64, sum as f64, sum as f64 / 10.0]);
    judge_all(tables, sent);
    assert!(looks.iter().all(|looks| looks.load(Ordering::Relaxed) >= LOOKS), "{looks:?}");
}

/// Answers how many ticks it wrote.
async fn write(ingest: Ingest, writer: u64, enough: Arc<Enough>) -> u64 {
    let mut beat = tokio::time::interval(Duration::from_millis(150));
    let mut count = 0;
    while !enough.is_enough() {
        beat.tick().await;
        let ticks: Vec<_> = (count..count + TOGETHER).map(|number| tick(writer, number)).collect();
        ingest.append(ticks).await.unwrap();
        count += TOGETHER;
    }
    count
}

/// Looks again and again, and counts how often there was something.
fn read(tables: &Tables, over: &AtomicBool, looks: &AtomicU64) {
    let sql = "SELECT count(), min(t.ingest_seq), max(t.ingest_seq) FROM \"{}ticks\" t";
    let by_writer =
        "SELECT max(c.n % 10), sum(c.n) FROM (SELECT t.symbol, count() n FROM \"{}ticks\" t) c";
    let mut most = 0;
    loop {
        let last = over.load(Ordering::SeqCst);
        let row = number(&tables.ask(sql)[0]);
        if let [Some(count), Some(first), Some(newest)] = row[..] {
            // All up to the newest, so batches come one after the other; no half append, so they come whole.
            assert_eq!(count, newest - first + 1, "some before the newest are not there");
            assert!(count >= most, "{count} ticks after {most}");
            assert_eq!(count % TOGETHER.cast_signed(), 0, "a part of a batch");
            let rows = number(&tables.ask(by_writer)[0]);
            assert_eq!(rows[0], Some(0), "a part of an append");
            assert!(rows[1] >= Some(count), "{rows:?} after {count}");
            most = count;
            looks.fetch_add(1, Ordering::Relaxed);
        }
        if last {
            return;
        }
    }
}

fn number(cells: &[crate::http::Cell]) -> Vec<Option<i64>> {
    cells.iter().map(|cell| cell.as_ref().map(|text| text.parse().unwrap())).collect()
}
