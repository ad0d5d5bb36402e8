//! What an operator does to a spool.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

#[path = "beside/support.rs"]
mod support;

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use support::{
    Data, SOON, config, copy, halt, id, mend, refuse_one, sinks, snapshot, store, stored, tick,
    ticks, until, with_letters,
};
use tradekeep_ingest::inspect::{self, SpoolStatus};
use tradekeep_ingest::{DeadLetterFilter, Ingest, IngestError, LaneStatus, SinkConfig, operate};
use tradekeep_models::Table;

/// A spool of which the sink `b` has nothing.
async fn with_a_sink_behind(data: &Data, ticks_behind: u64) {
    let (a, b) = (store(), store());
    halt(&b);
    let ingest = data.open(&[("a", &a), ("b", &b)]).await;
    let receipt = ingest.append(ticks(0..ticks_behind)).await.unwrap();
    until("b is halted", || {
        ingest.stats().lanes().any(|lane| lane.status != LaneStatus::Delivering)
    })
    .await;
    until("a has all", || {
        let stats = ingest.stats();
        stats.sinks[0].lanes.iter().all(|lane| lane.pending == 0)
    })
    .await;
    assert_eq!(receipt.seqs().count() as u64, ticks_behind);
    ingest.shutdown(Duration::ZERO).await.unwrap();
}

fn only_ticks(mut configs: Vec<SinkConfig>) -> Vec<SinkConfig> {
    configs.iter_mut().for_each(|config| config.tables = vec![Table::Ticks]);
    configs
}

fn assert_adds_up(status: &SpoolStatus) {
    for lane in status.sinks.iter().flat_map(|sink| &sink.lanes) {
        assert_eq!(lane.unaccounted(), 0, "{lane:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_that_is_forgotten_holds_nothing_up() {
    let data = Data::new();
    with_a_sink_behind(&data, 1_200).await;
    let a = store();
    let vanished = Ingest::open(data.config(), sinks(&[("a", &a)])).await.unwrap_err();
    let IngestError::Vanished { id: gone, pending, .. } = vanished else { panic!("{vanished}") };
    assert_eq!(gone, id("b").as_str());

    let unknown = operate::forget(data.path(), "c").unwrap_err().to_string();
    assert!(unknown.contains(&gone) && unknown.contains("memory://b"), "{unknown}");
    let forgotten = operate::forget(data.path(), &gone).unwrap();
    // And the events that tell of the halt.
    assert_eq!(forgotten.pending, pending);
    assert!(pending >= 1_200, "{pending}");
    assert_eq!((forgotten.id, &*forgotten.name), (gone, "memory://b"));
    let status = inspect::status(data.path()).unwrap();
    assert_eq!(status.sinks.iter().map(|sink| &*sink.name).collect::<Vec<_>>(), ["memory://a"]);

    let ingest = data.open(&[("a", &a)]).await;
    assert_eq!(ingest.shutdown(SOON).await.unwrap().pending(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_is_forgotten_by_its_name_too() {
    let data = Data::new();
    with_a_sink_behind(&data, 10).await;
    assert_eq!(operate::forget(data.path(), "memory://b").unwrap().id, id("b").as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_is_not_operated_on() {
    let (data, a) = (Data::new(), store());
    let ingest = data.open(&[("a", &a)]).await;
    ingest.append(ticks(0..10)).await.unwrap().applied().await.unwrap();
    let held = |error: IngestError| {
        let IngestError::Held { holder, .. } = error else { panic!("{error}") };
        assert!(holder.starts_with(&format!("process {} (", std::process::id())), "{holder}");
    };
    held(operate::forget(data.path(), "memory://a").unwrap_err());
    held(operate::new_epoch(data.path()).unwrap_err());
    let drained = operate::drain(data.config(), sinks(&[("a", &a)]), SOON).await;
    held(drained.unwrap_err());
    ingest.shutdown(SOON).await.unwrap();
    assert_eq!(inspect::status(data.path()).unwrap().epoch, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_no_spool_none_is_made() {
    let (data, a) = (Data::new(), store());
    let no_spool = |error| assert!(matches!(error, IngestError::NoSpool { .. }), "{error}");
    no_spool(operate::forget(data.path(), "a").unwrap_err());
    no_spool(operate::new_epoch(data.path()).unwrap_err());
    no_spool(operate::purge_resolved(data.path()).unwrap_err());
    let drained = operate::drain(data.config(), sinks(&[("a", &a)]), SOON).await;
    no_spool(drained.unwrap_err());
    assert!(snapshot(data.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_vanished_sink_waits_for_is_drained_to_it() {
    let data = Data::new();
    with_a_sink_behind(&data, 2_500).await;
    let (a, b) = (store(), store());
    let both = sinks(&[("a", &a), ("b", &b)]);
    let stats = operate::drain(data.config(), both, SOON).await.unwrap();
    assert_eq!(stats.pending(), 0);
    assert_eq!(stored(&b).await.len(), 2_500);
    let ingest = data.open(&[("a", &a)]).await;
    ingest.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_that_has_no_more_patience_says_what_is_left() {
    let data = Data::new();
    with_a_sink_behind(&data, 100).await;
    let (a, b) = (store(), store());
    halt(&b);
    let patience = Duration::from_millis(200);
    let both = sinks(&[("a", &a), ("b", &b)]);
    let stats = operate::drain(data.config(), both, patience).await.unwrap();
    assert!(stats.pending() >= 100);
    assert_eq!(inspect::holder(data.path()).unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_goes_on_in_a_new_epoch() {
    let (data, a) = (Data::new(), store());
    let ingest = with_letters(&data, &a, 3).await;
    ingest.append(ticks(3..3_000)).await.unwrap().applied().await.unwrap();
    ingest.shutdown(SOON).await.unwrap();
    let older = Data::new();
    copy(data.path(), older.path());
    let ingest = data.open(&[("a", &a)]).await;
    ingest.append(ticks(3_000..4_000)).await.unwrap().applied().await.unwrap();
    ingest.shutdown(SOON).await.unwrap();

    // The store has numbers that this copy never gave out: what it takes now would be dropped.
    // A second sink keeps everything held.
    let b = store();
    halt(&b);
    let open = || Ingest::open(older.config(), only_ticks(sinks(&[("a", &a), ("b", &b)])));
    let ingest = open().await.unwrap();
    ingest.append(ticks(3_500..5_000)).await.unwrap();
    let halted = |lane: &tradekeep_ingest::LaneStats| matches!(&lane.status, LaneStatus::Halted { reason } if reason.contains("spool new-epoch"));
    until("it halts", || ingest.stats().lanes().any(halted)).await;
    let left = ingest.shutdown(Duration::ZERO).await.unwrap();
    assert_eq!(left.pending(), 1_500 + 4_500);

    let begun = operate::new_epoch(older.path()).unwrap();
    assert_eq!(begun.epoch, 2);
    assert_eq!(begun.again, 2_997, "all that is held, but for dead letters");
    let status = inspect::status(older.path()).unwrap();
    assert_adds_up(&status);
    assert_eq!((status.epoch, status.pending()), (2, 3_000 + 1_500 + 4_500));

    mend(&b);
    let ingest = open().await.unwrap();
    let stats = ingest.flush(SOON).await;
    assert_eq!((stats.pending(), stats.epoch), (0, 2));
    for lane in stats.lanes() {
        assert_eq!(lane.unaccounted(), 0, "{lane:?}");
    }
    let lane = stats.lanes().find(|lane| lane.table == Table::Ticks).unwrap();
    assert_eq!((lane.applied, lane.dead, lane.accepted), (4_497, 3, 4_500));
    assert_eq!(stats.dead_letters, 3, "what is dead is not sent again");
    ingest.shutdown(SOON).await.unwrap();
    let stored = stored(&a).await;
    assert_eq!(stored, (3..5_000).map(tick).collect::<Vec<_>>(), "each once");
    assert_adds_up(&inspect::status(older.path()).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_epoch_sends_nothing_from_before_a_sinks_time() {
    let (data, a, b) = (Data::new(), store(), store());
    halt(&a);
    let ingest = Ingest::open(data.config(), only_ticks(sinks(&[("a", &a)]))).await.unwrap();
    ingest.append(ticks(0..100)).await.unwrap();
    ingest.shutdown(Duration::ZERO).await.unwrap();
    mend(&a);
    let from_now = || {
        let mut both = only_ticks(sinks(&[("a", &a), ("b", &b)]));
        both[1].from_now = true;
        both
    };
    let ingest = Ingest::open(data.config(), from_now()).await.unwrap();
    ingest.append(ticks(100..150)).await.unwrap().applied().await.unwrap();
    ingest.shutdown(SOON).await.unwrap();
    assert_eq!(stored(&b).await.len(), 50);

    let fresh = store();
    // The first hundred left the spool when it was closed.
    assert_eq!(operate::new_epoch(data.path()).unwrap().again, 50 + 50);
    assert_adds_up(&inspect::status(data.path()).unwrap());
    let both = only_ticks(sinks(&[("a", &a), ("b", &fresh)]));
    let ingest = Ingest::open(data.config(), both).await.unwrap();
    assert_eq!(ingest.flush(SOON).await.pending(), 0);
    ingest.shutdown(SOON).await.unwrap();
    assert_eq!(stored(&fresh).await, (100..150).map(tick).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_that_were_replayed_are_purged() {
    let (data, a) = (Data::new(), store());
    let ingest = with_letters(&data, &a, 3).await;
    let two = DeadLetterFilter { limit: Some(2), ..DeadLetterFilter::default() };
    ingest.replay(&two, false).await.unwrap();
    let held = operate::purge_resolved(data.path()).unwrap_err();
    assert!(matches!(held, IngestError::Held { .. }), "{held}");
    ingest.shutdown(SOON).await.unwrap();
    // As if the process had been killed before it noted how far it was.
    let cursors = std::fs::read(data.spool().join("cursors")).unwrap();
    assert_eq!(operate::new_epoch(data.path()).unwrap().again, 2 + 1, "and the event");
    assert_eq!(operate::purge_resolved(data.path()).unwrap(), 0, "they may be sent again");
    std::fs::write(data.spool().join("cursors"), cursors).unwrap();
    assert_eq!(operate::purge_resolved(data.path()).unwrap(), 2);
    assert_eq!(operate::purge_resolved(data.path()).unwrap(), 0);
    let left = inspect::dead_letters(data.path(), &DeadLetterFilter::default()).unwrap();
    assert_eq!(left.iter().map(|letter| letter.id).collect::<Vec<_>>(), [3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_purged_is_not_sent_again() {
    for beside in [true, false] {
        let (data, a) = (Data::new(), store());
        let ingest = data.open(&[("a", &a)]).await;
        ingest.append(ticks(0..1)).await.unwrap().applied().await.unwrap();
        // Behind the last record that the store has there are only dead letters.
        refuse_one(&a);
        ingest.append(ticks(1..2)).await.unwrap().applied().await.unwrap();
        ingest.flush(SOON).await;
        refuse_one(&a);
        assert_eq!(ingest.replay(&DeadLetterFilter::default(), false).await.unwrap().replayed, 1);
        assert_eq!(ingest.flush(SOON).await.dead_letters, 1, "it was refused again");
        if beside {
            assert_eq!(ingest.purge_resolved().await.unwrap(), 1);
        }
        ingest.shutdown(SOON).await.unwrap();
        if !beside {
            assert_eq!(operate::purge_resolved(data.path()).unwrap(), 1);
        }
        assert!(inspect::verify(data.path()).unwrap().is_sound());

        // The store would take it now: that is for a person to decide.
        let ingest = data.open(&[("a", &a)]).await;
        ingest.append(ticks(2..3)).await.unwrap().applied().await.unwrap();
        assert_eq!(stored(&a).await, [tick(0), tick(2)]);
        let stats = ingest.shutdown(SOON).await.unwrap();
        assert_eq!(stats.dead_letters, 1);
        assert!(stats.lanes().all(|lane| lane.unaccounted() == 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_shutdown_another_may_have_it_whoever_keeps_a_handle() {
    let (data, a) = (Data::new(), store());
    let ingest = data.open(&[("a", &a)]).await;
    let receipt = ingest.append(ticks(0..10)).await.unwrap();
    ingest.shutdown(SOON).await.unwrap();
    let next = data.open(&[("a", &a)]).await;
    // The one that is shut down does nothing any more.
    assert!(matches!(ingest.purge_resolved().await, Err(IngestError::Closed) | Ok(0)));
    assert!(matches!(ingest.append(ticks(0..1)).await, Err(IngestError::Closed)));
    receipt.synced().await.unwrap();
    next.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_has_touched_nothing() {
    let (data, a) = (Data::new(), store());
    let ingest = with_letters(&data, &a, 2).await;
    // As if the holder was about to write a letter.
    let journal = std::fs::read_dir(data.path().join("dead-letters")).unwrap().next().unwrap();
    let journal = journal.unwrap().path();
    let bytes = std::fs::read(&journal).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 8;
    let file = OpenOptions::new().write(true).open(&journal).unwrap();
    file.write_all_at(&[5; 40], end).unwrap();
    let before = snapshot(&data.path().join("dead-letters"));
    let refused = Ingest::open(config(data.path()), sinks(&[("a", &a)])).await.unwrap_err();
    assert!(matches!(refused, IngestError::Held { .. }), "{refused}");
    assert_eq!(snapshot(&data.path().join("dead-letters")), before);
    ingest.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_store_has_lost_is_sent_again_and_its_refusals_are_kept() {
    let (data, a, b) = (Data::new(), store(), store());
    halt(&b);
    // The second keeps the first's records in the spool.
    let both = || only_ticks(sinks(&[("a", &a), ("b", &b)]));
    let ingest = Ingest::open(data.config(), both()).await.unwrap();
    ingest.append(ticks(0..3_000)).await.unwrap();
    until("a has all", || ingest.stats().sinks[0].lanes[0].pending == 0).await;
    ingest.shutdown(Duration::ZERO).await.unwrap();

    let (fresh, b) = (store(), store());
    refuse_one(&fresh);
    let both = only_ticks(sinks(&[("a", &fresh), ("b", &b)]));
    let ingest = Ingest::open(data.config(), both).await.unwrap();
    until("it was sent again", || ingest.stats().dead_letters == 1).await;
    until("it is counted", || ingest.stats().sinks[0].lanes[0].dead == 1).await;
    let stats = ingest.shutdown(SOON).await.unwrap();
    for lane in stats.lanes() {
        assert_eq!((lane.pending, lane.unaccounted()), (0, 0), "{lane:?}");
    }
    assert_eq!(stored(&b).await.len(), 3_000);
}
