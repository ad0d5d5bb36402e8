//! Two copies of one spool that deliver to one server.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tradekeep::models::{Records, Table};
use tradekeep_ingest::operate;

use crate::Sharing;
use crate::feeder::tick;
use crate::judge::judge_all;
use crate::tables::{Tables, Way, run};

pub(crate) const SHARING: &[Sharing] =
    &[("of_two_copies_of_a_spool_one_halts_until_a_new_epoch", |tables| run(copies(tables)))];

async fn open(tables: &Tables, folder: &Path) -> Way {
    Way::open_at(folder, tables.config(), |config| config).await
}

fn ticks(numbers: std::ops::Range<u64>) -> Records {
    numbers.map(tick).collect::<Vec<_>>().into()
}

async fn copies(tables: &Tables) {
    let root = tempfile::tempdir().unwrap();
    let [spool, copy] = ["spool", "copy"].map(|name| root.path().join(name));
    let way = open(tables, &spool).await;
    way.stored(ticks(0..10)).await;
    way.end(0).await;
    let copied = Command::new("cp").arg("-r").args([&spool, &copy]).status();
    assert!(copied.unwrap().success());

    let (one, other) = (open(tables, &spool).await, open(tables, &copy).await);
    // Both give their records the same numbers. Which of them was first is not ours to say.
    one.ingest.append(ticks(10..20)).await.unwrap();
    other.ingest.append(ticks(20..40)).await.unwrap();
    let is_halted =
        |way: &Way| way.ingest.stats().lanes().any(|lane| lane.status.as_str() == "halted");
    one.until("a halt", |_| is_halted(&one) || is_halted(&other)).await;
    let (first, second, halted, held) = match is_halted(&other) {
        true => (one, other, &copy, 20),
        false => (other, one, &spool, 10),
    };
    first.stored(ticks(40..50)).await;
    let reason = second.halted_because(Table::Ticks, "another copy of this spool").await;
    assert!(reason.contains("new-epoch"), "{reason}");
    let stats = second.ingest.shutdown(Duration::ZERO).await.unwrap();
    assert_eq!(stats.lanes().find(|lane| lane.table == Table::Ticks).unwrap().pending, held);

    // Begun again it stays so, and is no trouble to the other.
    let second = open(tables, halted).await;
    second.halted(Table::Ticks).await;
    first.stored(ticks(50..60)).await;
    second.ingest.shutdown(Duration::ZERO).await.unwrap();

    // What was said to help does.
    operate::new_epoch(halted).unwrap();
    let second = open(tables, halted).await;
    second.stored(ticks(60..70)).await;
    first.stored(ticks(70..80)).await;
    second.end(0).await;
    first.end(0).await;
    judge_all(tables, (0..80).map(tick));
}
