//! Clocks, and what leaves when.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::{Clock, DeadLetterFilter};
use tradekeep_models::Timestamp;
use tradekeep_store_traits::Table;

use crate::support::{
    Answer, SOON, Station, TABLES, at, config, drained, metrics, open, open_by, refusing, sink,
    ticks, with_one,
};

/// Jumps back and forth, by centuries.
#[derive(Debug, Default)]
struct Jumping(AtomicU64);

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        at(count.wrapping_mul(7_919_000_003) % 9_000_000_000)
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_changes_nothing() {
    let station = Station::answering(refusing(|second| second == 55));
    let fs = SimFs::new();
    let sinks = || vec![sink("one", Arc::clone(&station) as _, TABLES)];
    let clock: Arc<dyn Clock> = Arc::new(Jumping::default());
    for life in 0..4 {
        let ingest = open_by(config(), sinks(), &fs, Arc::clone(&clock)).await.unwrap();
        for from in 0..10 {
            ingest.append(ticks(life * 100 + from * 10, 10)).await.unwrap();
        }
        drained(&ingest).await;
        assert_eq!(ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap().len(), 1);
        ingest.shutdown(SOON).await.unwrap();
    }
    let good: Vec<u64> = (0..400).filter(|second| *second != 55).collect();
    assert_eq!(station.seconds(Table::Ticks), good);
}

#[tokio::test(start_paused = true)]
async fn a_lone_record_leaves_in_time_without_further_traffic() {
    let station = Station::new();
    let ingest = with_one(&station, &SimFs::new()).await;
    for second in 0..50 {
        // At any moment of whatever goes round.
        tokio::time::sleep(Duration::from_millis(second * 37 % 1009)).await;
        let before = Instant::now();
        ingest.append(ticks(second, 1)).await.unwrap().applied().await.unwrap();
        let took = before.elapsed();
        assert!(took <= Duration::from_millis(105), "number {second} took {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_batch_does_not_wait() {
    let station = Station::new();
    let ingest = with_one(&station, &SimFs::new()).await;
    // It has connected.
    ingest.append(ticks(0, 1)).await.unwrap().applied().await.unwrap();
    let before = Instant::now();
    ingest.append(ticks(1, 100)).await.unwrap().applied().await.unwrap();
    assert!(before.elapsed() < Duration::from_millis(20), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn after_a_stall_what_waited_leaves_at_once_and_together() {
    let station = Station::new();
    let fs = SimFs::new();
    let wide = config().with_batch(1_000, Duration::from_millis(100));
    let sinks = vec![sink("one", Arc::clone(&station) as _, TABLES)];
    let ingest = open(wide, sinks, &fs).await.unwrap();
    let mut first = true;
    station.answer(move |_| if std::mem::take(&mut first) { Answer::Hang } else { Answer::Go });
    ingest.append(ticks(0, 1)).await.unwrap();
    station.until(|station| station.sent().len() == 1).await;
    // Three hundred times as long as a batch waits.
    for second in 1..200 {
        ingest.append(ticks(second, 1)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drained(&ingest).await;
    let sizes: Vec<_> = station.sent_of(Table::Ticks).iter().map(|sent| sent.seqs.len()).collect();
    assert_eq!(sizes, [1, 1, 199], "not one for each time that was missed");
    // And what goes round goes on at its pace.
    let asked = station.asked();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    ingest.append(metrics(0, 1)).await.unwrap().applied().await.unwrap();
    assert!(station.asked() - asked < 10, "asked {} times", station.asked() - asked);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_done_once_the_store_says_that_it_is_applied() {
    let station = Station::new();
    let ingest = with_one(&station, &SimFs::new()).await;
    station.settle_after(20);
    let receipt = ingest.append(ticks(0, 10)).await.unwrap();
    station.until(|station| station.rows().len() == 10).await;
    assert_eq!(ingest.stats().pending(), 10, "taken is not applied");
    let began = Instant::now();
    receipt.applied().await.unwrap();
    // From 2 ms on, twice as long each time, up to 100 ms.
    let took = began.elapsed().as_millis();
    assert!((1_300..1_700).contains(&took), "{took} ms");
    assert_eq!(station.sent().len(), 1, "nothing is sent again meanwhile");
    assert_eq!(ingest.stats().pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_next_batch_is_prepared_while_one_is_on_its_way() {
    let station = Station::answering(|_| Answer::Hang);
    let ingest = with_one(&station, &SimFs::new()).await;
    // Two whole batches, of which the first never arrives.
    for from in 0..20 {
        ingest.append(ticks(from * 1_000, 1_000)).await.unwrap();
    }
    station.until(|station| station.sent().len() == 1 && station.prepared() == 2).await;
    station.answer(|_| Answer::Go);
    drained(&ingest).await;
    assert_eq!(station.seconds(Table::Ticks), (0..20_000).collect::<Vec<_>>());
}
