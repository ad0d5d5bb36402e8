//! Sinks that come, go and are several.

use std::sync::Arc;

use tradekeep_ingest::fs::RealFs;
use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::{DeadLetterFilter, IngestError, SinkConfig};
use tradekeep_store_traits::Table;

use crate::support::{
    Answer, SOON, Station, TABLES, config, drained, metrics, open, refusing, settled, sink, ticks,
};

fn named(name: &str, station: &Arc<Station>) -> SinkConfig {
    sink(name, Arc::clone(station) as _, TABLES)
}

/// A station that takes nothing.
fn stuck() -> Arc<Station> {
    Station::answering(|_| Answer::Hang)
}

#[tokio::test(start_paused = true)]
async fn every_sink_gets_the_same() {
    let (one, two) = (Station::new(), Station::answering(refusing(|second| second == 7)));
    let fs = SimFs::new();
    let ingest = open(config(), vec![named("one", &one), named("two", &two)], &fs).await.unwrap();
    for from in (0..3_000).step_by(100) {
        ingest.append(ticks(from, 100)).await.unwrap();
        ingest.append(metrics(10_000 + from, 3)).await.unwrap();
    }
    drained(&ingest).await;
    assert_eq!(one.seconds(Table::Ticks), (0..3_000).collect::<Vec<_>>());
    let mut without = one.rows_of(Table::Ticks);
    without.remove(7);
    assert_eq!(two.rows_of(Table::Ticks), without);
    assert_eq!(one.rows_of(Table::Metrics), two.rows_of(Table::Metrics));
    let letters = ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].sink_name, "two");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_away_holds_up_no_other() {
    let (good, bad) = (Station::new(), stuck());
    let fs = SimFs::new();
    let ingest = open(config(), vec![named("bad", &bad), named("good", &good)], &fs).await.unwrap();
    ingest.append(ticks(0, 1_000)).await.unwrap();
    good.until(|good| good.rows().len() == 1_000).await;
    assert!(bad.rows().is_empty());
    let stats = ingest.stats();
    assert_eq!(stats.pending(), 1_000);
    assert!(stats.lanes().all(|lane| lane.unaccounted() == 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_vanishes_with_records_to_come_is_named() {
    let (one, two) = (Station::new(), stuck());
    let fs = SimFs::new();
    // Killed at once: it is known whose the records are all the same.
    let ingest = open(config(), vec![named("one", &one), named("two", &two)], &fs).await.unwrap();
    ingest.append(ticks(0, 10)).await.unwrap();
    let fs = fs.kill();
    let error = open(config(), vec![named("one", &one)], &fs).await.unwrap_err();
    let text = error.to_string();
    let IngestError::Vanished { id, sink, pending } = error else { panic!("{text}") };
    assert_eq!((sink.as_str(), pending), ("two", 10));
    assert!(text.contains("spool drain --to") && text.contains(&format!("spool forget {id}")));
    // The refusal let go of it.
    two.answer(|_| Answer::Go);
    let ingest = open(config(), vec![named("one", &one), named("two", &two)], &fs).await.unwrap();
    drained(&ingest).await;
    ingest.shutdown(SOON).await.unwrap();
    drop(ingest);
    // Now it has everything, and may go.
    open(config(), vec![named("one", &one)], &fs.kill()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_that_loses_a_table_with_records_to_come_is_named() {
    let (one, two) = (stuck(), Station::new());
    let fs = SimFs::new();
    let both = [Table::Ticks, Table::Metrics];
    let of =
        |name, station: &Arc<Station>, tables: &[Table]| sink(name, station.clone() as _, tables);
    let ingest = open(config(), vec![of("one", &one, &both)], &fs).await.unwrap();
    ingest.append(ticks(0, 10)).await.unwrap();
    ingest.append(metrics(0, 7)).await.unwrap();
    let fs = fs.kill();
    let moved = || vec![of("one", &one, &both[..1]), of("two", &two, &both[1..])];
    let error = open(config(), moved(), &fs).await.unwrap_err();
    let text = error.to_string();
    let IngestError::Moved { id, sink, table, pending } = error else { panic!("{text}") };
    assert_eq!((sink.as_str(), table, pending), ("one", Table::Metrics, 7));
    assert!(text.contains("`tradekeep spool drain`") && text.contains(&format!("forget {id}")));
    one.answer(|_| Answer::Go);
    let ingest = open(config(), vec![of("one", &one, &both)], &fs).await.unwrap();
    drained(&ingest).await;
    ingest.shutdown(SOON).await.unwrap();
    drop(ingest);
    // The new one gets what is held, and all that comes.
    let ingest = open(config(), moved(), &fs.kill()).await.unwrap();
    ingest.append(metrics(7, 3)).await.unwrap();
    drained(&ingest).await;
    assert_eq!(one.rows_of(Table::Metrics).len(), 7);
    assert_eq!(two.seconds(Table::Metrics), (0..10).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_new_one_gets_what_is_held_and_one_from_now_does_not() {
    let (old, new, late) = (stuck(), Station::new(), Station::new());
    let fs = SimFs::new();
    let ingest = open(config(), vec![named("old", &old)], &fs).await.unwrap();
    ingest.append(ticks(0, 100)).await.unwrap();
    let fs = fs.kill();
    let sinks = || {
        let from_now = SinkConfig { from_now: true, ..named("late", &late) };
        vec![named("old", &old), named("new", &new), from_now]
    };
    let ingest = open(config(), sinks(), &fs).await.unwrap();
    ingest.append(ticks(100, 20)).await.unwrap();
    // Killed at once: what came since it was there is its.
    let fs = fs.kill();
    old.answer(|_| Answer::Go);
    let ingest = open(config(), sinks(), &fs).await.unwrap();
    ingest.append(ticks(120, 10)).await.unwrap();
    drained(&ingest).await;
    assert_eq!(old.seconds(Table::Ticks), (0..130).collect::<Vec<_>>());
    assert_eq!(new.rows_of(Table::Ticks), old.rows_of(Table::Ticks));
    assert_eq!(late.seconds(Table::Ticks), (100..130).collect::<Vec<_>>());
    let stats = ingest.stats();
    let before: Vec<u64> = stats.sinks.iter().map(|sink| sink.lanes[0].before).collect();
    assert_eq!(before, [0, 0, 100]);
}

#[tokio::test(start_paused = true)]
async fn two_of_one_name_are_refused() {
    let one = Station::new();
    let sinks = vec![named("one", &one), named("one", &one)];
    let error = open(config(), sinks, &SimFs::new()).await.unwrap_err();
    assert!(matches!(error, IngestError::Input(_)), "{error}");
}

#[tokio::test]
async fn the_second_on_a_folder_is_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = tradekeep_ingest::IngestConfig::new(folder.path()).with_segment_bytes(1 << 20);
    let one = Station::new();
    let first = open_real(&config, &one).await.unwrap();
    let error = open_real(&config, &one).await.unwrap_err();
    let IngestError::Held { holder, .. } = &error else { panic!("{error}") };
    assert!(holder.starts_with(&format!("process {}", std::process::id())), "{holder}");
    first.append(ticks(0, 5)).await.unwrap();
    settled(&first.shutdown(SOON).await.unwrap());
    drop(first);
    let again = open_real(&config, &one).await.unwrap();
    again.append(ticks(5, 5)).await.unwrap();
    settled(&again.shutdown(SOON).await.unwrap());
    assert_eq!(one.seconds(Table::Ticks), (0..10).collect::<Vec<_>>());
}

async fn open_real(
    config: &tradekeep_ingest::IngestConfig,
    station: &Arc<Station>,
) -> tradekeep_ingest::Result<tradekeep_ingest::Ingest> {
    let clock = Arc::new(tradekeep_ingest::SystemClock);
    let sinks = vec![named("one", station)];
    tradekeep_ingest::Ingest::open_on(config.clone(), sinks, Arc::new(RealFs), clock).await
}
