//! Stores that are away, full, slow or closed to us.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::{Ingest, LaneStatus};
use tradekeep_models::{SystemEventFilter, TickFilter};
use tradekeep_store_traits::{
    Act, Chaos, ErrorKind, LayerConfig, Layered, MemoryStore, Records, SeriesStore, Table,
};

use crate::support::{
    Answer, Station, TABLES, config, drained, error, lost, metrics, open, sink, ticks, with_one,
};

/// The types of the system events that a station has, oldest first.
async fn events(station: &Station) -> Vec<String> {
    let memory: &dyn SeriesStore = &station.memory;
    let events = memory.system_events(SystemEventFilter::default()).oldest_first().all();
    let kind =
        |event: &tradekeep_models::SystemEvent| event.event_type.as_ref().unwrap().to_string();
    events.await.unwrap().iter().map(kind).collect()
}

fn status(ingest: &Ingest, table: Table) -> LaneStatus {
    let stats = ingest.stats();
    stats.lanes().find(|lane| lane.table == table).unwrap().status.clone()
}

#[tokio::test(start_paused = true)]
async fn lost_replies_double_nothing() {
    for kind in [ErrorKind::Connection, ErrorKind::Timeout] {
        let mut count = 0;
        let station = Station::answering(move |_| {
            count += 1;
            if count % 3 == 0 { Answer::Go } else { Answer::GoAndLose(lost(kind)) }
        });
        let ingest = with_one(&station, &SimFs::new()).await;
        for from in (0..2_000).step_by(50) {
            ingest.append(ticks(from, 50)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drained(&ingest).await;
        assert_eq!(station.seconds(Table::Ticks), (0..2_000).collect::<Vec<_>>());
        assert_eq!(ingest.stats().dead_letters, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn chaos_at_twenty_per_cent_loses_and_doubles_nothing() {
    for seed in 0..10 {
        let store: Arc<dyn SeriesStore> = Arc::new(MemoryStore::new());
        let chaos = Chaos::seeded(seed)
            .with_failures(0.2)
            .with_lost_replies(0.2)
            .with_repeats(0.2)
            .with_delays(Duration::from_millis(300));
        let layers = LayerConfig::default().with_chaos(chaos);
        let layered = Layered::new("memory", Arc::clone(&store), layers);
        let fs = SimFs::new();
        let ingest =
            open(config(), vec![sink("memory", Arc::new(layered), TABLES)], &fs).await.unwrap();
        for from in (0..1_000).step_by(20) {
            ingest.append(ticks(from, 20)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(7)).await;
        }
        drained(&ingest).await;
        let stored = store.ticks(TickFilter::default()).all().await.unwrap();
        assert_eq!(Records::Ticks(stored), ticks(0, 1_000), "seed {seed}");
        assert_eq!(ingest.stats().dead_letters, 0, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_halt_alarms_once_keeps_everything_and_resumes() {
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = Arc::clone(&mended);
    let station = Station::answering(move |batch| {
        if batch.records().table() == Table::Ticks && !is_mended.load(Ordering::SeqCst) {
            return Answer::Fail(error(ErrorKind::Authentication, Act::Halt));
        }
        Answer::Go
    });
    let ingest = with_one(&station, &SimFs::new()).await;
    let began = Instant::now();
    ingest.append(ticks(0, 500)).await.unwrap();
    ingest.append(metrics(0, 3)).await.unwrap();
    station.until(|station| station.rows_of(Table::SystemEvents).len() == 1).await;
    assert!(began.elapsed() < Duration::from_secs(5), "the alarm took {:?}", began.elapsed());
    assert_eq!(events(&station).await, ["sink_halted"]);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(matches!(status(&ingest, Table::Ticks), LaneStatus::Halted { .. }));
    assert_eq!(status(&ingest, Table::Metrics), LaneStatus::Delivering);
    assert_eq!(station.seconds(Table::Metrics), [0, 1, 2]);
    assert_eq!(ingest.stats().dead_letters, 0);
    let tried = station.sent_of(Table::Ticks).len();
    assert!((100..=125).contains(&tried), "tried {tried} times in ten minutes, every 5 s");
    // Mended: it goes on by itself, or at once when it is told.
    mended.store(true, Ordering::SeqCst);
    let before = Instant::now();
    ingest.resume();
    drained(&ingest).await;
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    assert_eq!(station.seconds(Table::Ticks), (0..500).collect::<Vec<_>>());
    drained(&ingest).await;
    assert_eq!(events(&station).await, ["sink_halted", "sink_resumed"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_full_is_asked_once_every_thirty_seconds() {
    let full = Arc::new(AtomicBool::new(true));
    let is_full = Arc::clone(&full);
    let station = Station::answering(move |_| {
        if is_full.load(Ordering::SeqCst) {
            return Answer::Fail(error(ErrorKind::Write, Act::Probe));
        }
        Answer::Go
    });
    let ingest = with_one(&station, &SimFs::new()).await;
    ingest.append(ticks(0, 300)).await.unwrap();
    station.until(|station| station.sent().len() == 1).await;
    ingest.append(metrics(0, 300)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let sent = station.sent();
    let gaps: Vec<_> = sent.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_secs(30)), "{gaps:?}");
    assert!((19..=21).contains(&sent.len()), "{} tries in ten minutes", sent.len());
    assert!(ingest.stats().sinks[0].breaker_open);
    full.store(false, Ordering::SeqCst);
    drained(&ingest).await;
    assert!(!ingest.stats().sinks[0].breaker_open);
    assert_eq!(station.seconds(Table::Ticks), (0..300).collect::<Vec<_>>());
    assert_eq!(ingest.stats().dead_letters, 0);
    drained(&ingest).await;
    assert_eq!(events(&station).await, ["breaker_opened", "breaker_closed"]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_say_where_it_stands_is_not_asked_without_pause() {
    for act in [Act::Probe, Act::Retry { after: None }, Act::Halt] {
        let store = Arc::new(MemoryStore::new());
        let (asked, of_act) = (Arc::new(std::sync::atomic::AtomicU64::new(0)), act.clone());
        let counter = Arc::clone(&asked);
        store
            .fail_next("watermark", usize::MAX, move || {
                counter.fetch_add(1, Ordering::SeqCst);
                error(ErrorKind::Query, of_act.clone())
            })
            .unwrap();
        let fs = SimFs::new();
        let ingest = open(config(), vec![sink("m", Arc::clone(&store) as _, &[Table::Ticks])], &fs)
            .await
            .unwrap();
        ingest.append(ticks(0, 10)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(600)).await;
        let tries = asked.load(Ordering::SeqCst);
        assert!(tries < 130, "{act:?}: asked {tries} times in ten minutes");
        store.fail_next("watermark", 0, || error(ErrorKind::Query, Act::Halt)).unwrap();
        drained(&ingest).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_table_that_hangs_holds_up_no_other() {
    let station = Station::answering(|batch| match batch.records().table() {
        Table::Ticks => Answer::Hang,
        _ => Answer::Go,
    });
    let ingest = with_one(&station, &SimFs::new()).await;
    ingest.append(ticks(0, 500)).await.unwrap();
    station.until(|station| !station.sent_of(Table::Ticks).is_empty()).await;
    // For longer than it takes to give a batch up, again and again.
    for second in 0..120 {
        let before = Instant::now();
        let receipt = ingest.append(metrics(second, 1)).await.unwrap();
        receipt.applied().await.unwrap();
        assert!(before.elapsed() <= Duration::from_millis(150), "{:?}", before.elapsed());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(station.sent_of(Table::Ticks).len() > 2, "it was given up, and sent again");
    assert!(matches!(status(&ingest, Table::Ticks), LaneStatus::Retrying { .. }));
    station.answer(|_| Answer::Go);
    drained(&ingest).await;
    assert_eq!(station.seconds(Table::Ticks), (0..500).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_when_it_is_asked_holds_up_no_cursor() {
    struct Silent(Arc<Station>);
    #[async_trait::async_trait]
    impl tradekeep_store_traits::RecordSink for Silent {
        fn capabilities(&self, table: Table) -> tradekeep_store_traits::Capabilities {
            self.0.capabilities(table)
        }
        async fn ping(&self) -> tradekeep_store_traits::Result<()> {
            std::future::pending().await
        }
        async fn write(
            &self,
            batch: &tradekeep_store_traits::Batch,
        ) -> tradekeep_store_traits::Result<tradekeep_store_traits::Ack> {
            self.0.write(batch).await
        }
        async fn settle(
            &self,
            tokens: &[tradekeep_store_traits::Token],
        ) -> tradekeep_store_traits::Result<Vec<tradekeep_store_traits::Stage>> {
            self.0.settle(tokens).await
        }
        async fn position(
            &self,
            table: Table,
            run: &tradekeep_store_traits::Run,
        ) -> tradekeep_store_traits::Result<tradekeep_store_traits::Position> {
            self.0.position(table, run).await
        }
        async fn watermark(
            &self,
            _: &tradekeep_models::StreamId,
            _: u64,
            _: Table,
        ) -> tradekeep_store_traits::Result<Option<u64>> {
            std::future::pending().await
        }
        async fn durable_watermark(
            &self,
            stream: &tradekeep_models::StreamId,
            epoch: u64,
            table: Table,
        ) -> tradekeep_store_traits::Result<Option<u64>> {
            self.watermark(stream, epoch, table).await
        }
        async fn checkpoint(&self) -> tradekeep_store_traits::Result<()> {
            Ok(())
        }
        async fn close(&self) -> tradekeep_store_traits::Result<()> {
            Ok(())
        }
    }
    let (good, bad) = (Station::new(), Station::new());
    let fs = SimFs::new();
    let sinks = || {
        vec![
            sink("bad", Arc::new(Silent(Arc::clone(&bad))), &[Table::Ticks]),
            sink("good", Arc::clone(&good) as _, &[Table::Ticks]),
        ]
    };
    let ingest = open(config(), sinks(), &fs).await.unwrap();
    // Several segments, so that the trimmer has something to ask for.
    for from in 0..10 {
        ingest.append(ticks(from * 1_000, 1_000)).await.unwrap();
    }
    good.until(|good| good.rows().len() == 10_000).await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    let lane = |ingest: &Ingest, sink: usize| ingest.stats().sinks[sink].lanes[0].clone();
    assert!(matches!(lane(&ingest, 0).status, LaneStatus::Retrying { .. }));
    let cursor = lane(&ingest, 1).cursor;
    let ingest = open(config(), sinks(), &fs.kill()).await.unwrap();
    assert_eq!(lane(&ingest, 1).cursor, cursor, "it was noted");
}
