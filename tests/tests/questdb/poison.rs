//! Rows that the server refuses, and rows under a retention floor: just those are dead letters.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tradekeep::Uuid;
use tradekeep::models::{Metric, Name, Records, Symbol, Table, Tick, Timestamp, TradeId};
use tradekeep::stores::{PartitionAdmin, RecordSink};
use tradekeep_ingest::{Class, DeadLetterFilter};

use crate::Sharing;
use crate::judge::judge_all;
use crate::tables::{Tables, Way, run};

pub(crate) const SHARING: &[Sharing] = &[
    ("just_the_rows_that_it_refuses_are_dead_letters", |tables| run(refused(tables))),
    ("just_the_rows_under_a_floor_are_dead_letters", |tables| run(expired(tables))),
];

fn at(number: u64) -> Timestamp {
    let nanos = i64::try_from(number).unwrap() * 1_000_000;
    Timestamp::from_nanos(1_723_075_200_000_000_000 + nanos).unwrap()
}

/// One that the server refuses where `is_bad`: its column takes UUIDs alone.
fn tick(number: u64, is_bad: bool) -> Tick {
    let id =
        if is_bad { format!("row {number}") } else { Uuid::from_u128(number.into()).to_string() };
    Tick::builder(Symbol::new("BTC-USD").unwrap(), at(number))
        .trade_id(TradeId::new(id).unwrap())
        .price(number.to_string().parse().unwrap())
        .quantity(1.into())
        .build()
        .unwrap()
}

async fn refused(tables: &Tables) {
    let way = Way::open(tables.config()).await;
    // Which makes the tables. No row of ours is refused as things are: a column is made narrower behind the
    // store's back, before it has a connection that knows the old one.
    way.store.ping().await.unwrap();
    tables.ask("ALTER TABLE \"{}ticks\" DROP COLUMN trade_id");
    tables.ask("ALTER TABLE \"{}ticks\" ADD COLUMN trade_id UUID");
    // One in 10,000, then one in 100.
    let is_bad = |number: u64| match number {
        0..30_000 => number % 10_000 == 7_777,
        _ => number % 100 == 77,
    };
    let mut slowest = Duration::ZERO;
    let (mut good, mut bad) = (Vec::new(), BTreeSet::new());
    for from in (0..40_000).step_by(1_000) {
        let ticks: Vec<_> = (from..from + 1_000).map(|n| tick(n, is_bad(n))).collect();
        bad.extend((from..from + 1_000).filter(|number| is_bad(*number)).map(at));
        good.extend((from..from + 1_000).filter(|n| !is_bad(*n)).map(|n| tick(n, false)));
        let since = Instant::now();
        way.stored(ticks.into()).await;
        slowest = slowest.max(since.elapsed());
    }
    let letters = way.ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap();
    assert!(letters.iter().all(|letter| letter.reason.starts_with("trade_id: ")), "{letters:?}");
    let dead: BTreeSet<_> = letters.iter().map(|letter| ts(letter.record.as_ref())).collect();
    assert_eq!(dead, bad);
    way.end(bad.len() as u64).await;
    println!("{} dead letters, the others within {slowest:.1?}", bad.len());
    judge_all(tables, good);
}

async fn expired(tables: &Tables) {
    let way = Way::open(tables.config()).await;
    let metric = |number: u64| Metric {
        seq: i64::try_from(number).unwrap(),
        ..Metric::new(at(number), Name::new("m").unwrap(), 0.5)
    };
    let floor = at(5_000);
    way.store.set_floor(Table::Metrics, Some(floor)).await.unwrap();
    // One of ten is under the floor, among others.
    let all = (0..10_000).map(|n| metric(if n % 10 == 3 { n / 10 } else { n + 10_000 }));
    let all: Vec<_> = all.collect();
    let (under, good): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|metric| metric.ts < floor);
    way.stored(all.into()).await;
    let letters = way.ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap();
    assert!(letters.iter().all(|letter| letter.class == Class::Expired), "{letters:?}");
    let dead: BTreeSet<_> = letters.iter().map(|letter| ts(letter.record.as_ref())).collect();
    assert_eq!(dead, under.iter().map(|metric| metric.ts).collect());
    way.end(under.len() as u64).await;
    judge_all(tables, good);
}

fn ts(record: Option<&Records>) -> Timestamp {
    match record {
        Some(Records::Ticks(ticks)) => ticks[0].ts(),
        Some(Records::Metrics(metrics)) => metrics[0].ts,
        other => panic!("{other:?}"),
    }
}
