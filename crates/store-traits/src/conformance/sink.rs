//! Cases of [`RecordSink`](crate::RecordSink): once, atomic, watermarks.

use std::sync::Arc;

use tradekeep_models::{Metric, Name, StreamId, Tick, TradeId, new_id};

use super::{
    Store, applied, assert_no_watermark, at, draft, everything, in_order, saved, seconds, symbol,
    tick, venue,
};
use crate::{Act, Batch, ErrorKind, Origin, Records, Run, Stage, Table, Token};

super::list_cases!(sink:
    empty_batch_is_answered,
    applied_batch_settles_as_applied,
    prepared_batch_is_written_as_any_other,
    unknown_token_is_not_found,
    same_batch_twice_is_stored_once,
    repeats_inside_a_batch_are_stored_once,
    overlapping_batches_add_what_is_new,
    identity_has_venue_symbol_ts_and_key,
    equal_rows_of_one_source_are_kept_apart,
    late_batch_meets_its_duplicates,
    wide_batch_meets_its_duplicates,
    big_batch_is_stored_whole,
    hundred_writers_at_once,
    readers_see_whole_batches,
    position_goes_on_as_records_come,
    copies_of_a_spool_are_told_apart_without_watermarks,
    closed_store_answers_connection,
    first_stored_stays;
    watermarks:
    watermark_starts_absent_and_moves_with_rows,
    replayed_batch_is_dropped_by_watermark,
    partly_replayed_batch_adds_its_rest,
    streams_epochs_have_their_own_watermarks,
    batch_of_duplicates_moves_the_watermark,
    durable_watermark_is_never_above_the_watermark,
    durable_watermarks_are_their_own,
    checkpoint_makes_durable_what_is_applied,
    batch_goes_on_from_the_watermark_it_says,
    closed_store_answers_no_watermark,
);

async fn count(store: &Store) -> usize {
    store.ticks(everything()).all().await.unwrap().len()
}

fn streamed(stream: &str, epoch: u64, seqs: &[u64], ticks: Vec<Tick>) -> Batch {
    let stream = StreamId::new(stream).unwrap();
    Batch::from_stream(Records::Ticks(ticks), Origin { stream, epoch, seqs: seqs.to_vec() })
        .unwrap()
}

async fn watermark(store: &Store, stream: &str, epoch: u64) -> Option<u64> {
    store.watermark(&StreamId::new(stream).unwrap(), epoch, Table::Ticks).await.unwrap()
}

async fn durable(store: &Store, stream: &str, epoch: u64) -> Option<u64> {
    store.durable_watermark(&StreamId::new(stream).unwrap(), epoch, Table::Ticks).await.unwrap()
}

async fn empty_batch_is_answered(store: Store) {
    assert_eq!(store.save(Records::empty(Table::Ticks)).await.unwrap(), saved(0, 0));
    store.write(&streamed("s", 1, &[], Vec::new())).await.unwrap();
    assert_no_watermark(&store, Table::Ticks).await;
    assert_eq!(count(&store).await, 0);
}

async fn applied_batch_settles_as_applied(store: Store) {
    let batch = |second| Batch::new(Records::Ticks(vec![draft(at(second, 0)).build().unwrap()]));
    let first = store.write(&batch(1)).await.unwrap().token;
    let second = store.write(&batch(2)).await.unwrap().token;
    store.save(vec![draft(at(3, 0)).build().unwrap()]).await.unwrap();
    assert_eq!(store.settle(&[second, first]).await.unwrap(), [Stage::Applied; 2]);
    assert_eq!(store.settle(&[]).await.unwrap(), []);
}

async fn prepared_batch_is_written_as_any_other(store: Store) {
    let batch = Batch::new(Records::Ticks(seconds(3)));
    store.prepare(&batch);
    store.prepare(&batch);
    let twice = [applied(&store, &batch).await.unwrap(), applied(&store, &batch).await.unwrap()];
    assert_eq!(twice.map(|ack| (ack.inserted, ack.duplicates)), [(3, 0), (0, 3)]);
    // What is wrong is said when it is written, and what is prepared and not written stays out.
    let infinite = Metric::new(at(1, 0), Name::new("lag").unwrap(), f64::INFINITY);
    let bad = Batch::new(Records::Metrics(vec![infinite]));
    store.prepare(&bad);
    assert_eq!(store.write(&bad).await.unwrap_err().kind, ErrorKind::InvalidInput);
    store.prepare(&Batch::new(Records::Ticks(seconds(5))));
    assert_eq!(count(&store).await, 3);
}

async fn unknown_token_is_not_found(store: Store) {
    store.save(seconds(1)).await.unwrap();
    for token in [0, u64::MAX] {
        let error = store.settle(&[Token(token)]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
    }
}

async fn same_batch_twice_is_stored_once(store: Store) {
    assert_eq!(store.save(seconds(10)).await.unwrap(), saved(10, 0));
    assert_eq!(store.save(seconds(10)).await.unwrap(), saved(0, 10));
    assert_eq!(count(&store).await, 10);
}

async fn repeats_inside_a_batch_are_stored_once(store: Store) {
    let twice = [seconds(3), seconds(3)].concat();
    assert_eq!(store.save(twice).await.unwrap(), saved(3, 3));
    assert_eq!(count(&store).await, 3);
}

async fn overlapping_batches_add_what_is_new(store: Store) {
    store.save(seconds(10)).await.unwrap();
    let overlap = seconds(15).split_off(5);
    assert_eq!(store.save(overlap).await.unwrap(), saved(5, 5));
    assert_eq!(count(&store).await, 15);
}

async fn first_stored_stays(store: Store) {
    let id = TradeId::new("7").unwrap();
    let received =
        |second| draft(at(1, 0)).trade_id(id.clone()).received_ts(at(second, 0)).build().unwrap();
    store.save(vec![received(1), received(2)]).await.unwrap();
    store.save(vec![received(3)]).await.unwrap();
    let stored = store.ticks(everything()).all().await.unwrap();
    assert_eq!(stored, [received(1)]);
}

async fn identity_has_venue_symbol_ts_and_key(store: Store) {
    let id = |text| TradeId::new(text).unwrap();
    let ticks = vec![
        draft(at(1, 0)).trade_id(id("7")).build().unwrap(),
        draft(at(1, 0)).trade_id(id("8")).build().unwrap(),
        draft(at(1, 1)).trade_id(id("7")).build().unwrap(),
        draft(at(1, 0)).trade_id(id("7")).venue(venue("w")).build().unwrap(),
        Tick::builder(symbol("x"), at(1, 0))
            .venue(venue("v"))
            .price(100.into())
            .quantity(1.into())
            .trade_id(id("7"))
            .build()
            .unwrap(),
    ];
    assert_eq!(store.save(ticks.clone()).await.unwrap(), saved(5, 0));
    assert_eq!(store.save(ticks).await.unwrap(), saved(0, 5));
}

async fn equal_rows_of_one_source_are_kept_apart(store: Store) {
    let rows =
        || (0..4).map(|n| draft(at(1, 0)).occurrence(n).build().unwrap()).collect::<Vec<_>>();
    assert_eq!(store.save(rows()).await.unwrap(), saved(4, 0));
    assert_eq!(store.save(rows()).await.unwrap(), saved(0, 4));
}

async fn late_batch_meets_its_duplicates(store: Store) {
    store.save(seconds(100)).await.unwrap();
    let late = seconds(100).split_off(40)[..20].to_vec();
    assert_eq!(store.save(late).await.unwrap(), saved(0, 20));
}

async fn wide_batch_meets_its_duplicates(store: Store) {
    store.save(seconds(100)).await.unwrap();
    let ends = vec![
        tick(super::time("1970-01-01"), "1", "1"),
        seconds(51).remove(50),
        tick(super::time("2261-12-31T23:59:59.999999999Z"), "1", "1"),
    ];
    assert_eq!(store.save(ends.clone()).await.unwrap(), saved(2, 1));
    assert_eq!(store.save(ends).await.unwrap(), saved(0, 3));
}

fn run(stream: &str, first: u64) -> Run {
    Run { stream: StreamId::new(stream).unwrap(), first, id: new_id() }
}

async fn position_goes_on_as_records_come(store: Store) {
    let run = run("s", 1);
    let before = store.position(Table::Ticks, &run).await.unwrap();
    assert!(store.position(Table::Ticks, &run).await.unwrap().continues(&before));
    store.save(seconds(3)).await.unwrap();
    let after = store.position(Table::Ticks, &run).await.unwrap();
    assert!(after.continues(&before), "{before:?}, then {after:?}");
    assert!(store.capabilities(Table::Ticks).watermarks || !before.continues(&after));
    for table in Table::ALL {
        assert_eq!(store.position(*table, &run).await.unwrap().store, before.store, "{table}");
    }
}

async fn copies_of_a_spool_are_told_apart_without_watermarks(store: Store) {
    let refused = async |run: &Run| match store.position(Table::Ticks, run).await {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(
                (error.kind, error.act.clone()),
                (ErrorKind::Conflict, Act::Halt),
                "{error}"
            );
            true
        }
    };
    let told = !store.capabilities(Table::Ticks).watermarks;
    let (first, later) = (run("s", 10), run("s", 20));
    for run in [&first, &first, &later, &later] {
        assert!(!refused(run).await, "{run:?}");
    }
    // An older copy, and one that was opened at the same number.
    assert_eq!((refused(&first).await, refused(&run("s", 20)).await), (told, told));
    for run in [&run("t", 10), &later, &run("s", 21)] {
        assert!(!refused(run).await, "{run:?}");
    }
    assert_eq!(refused(&later).await, told);
}

async fn batch_goes_on_from_the_watermark_it_says(store: Store) {
    let expecting = |watermark: std::ops::RangeInclusive<u64>, seqs: &[u64]| {
        let mut batch = streamed("s", 1, seqs, seconds(4)[..seqs.len()].to_vec());
        batch.expect_watermark(watermark);
        batch
    };
    // As far as the first may have been taken where its answer is lost.
    store.write(&expecting(0..=2, &[1, 2])).await.unwrap();
    for (watermark, kind) in [
        (0..=1, ErrorKind::Conflict),
        (3..=9, ErrorKind::Transaction),
        (0..=0, ErrorKind::Conflict),
    ] {
        let batch = expecting(watermark, &[1, 2, 3]);
        store.prepare(&batch);
        let error = store.write(&batch).await.unwrap_err();
        assert_eq!((error.kind, &error.act), (kind, &Act::Resend), "{error}");
        assert_eq!((count(&store).await, self::watermark(&store, "s", 1).await), (2, Some(2)));
    }
    store.write(&expecting(1..=3, &[1, 2, 3])).await.unwrap();
    assert_eq!((count(&store).await, self::watermark(&store, "s", 1).await), (3, Some(3)));
    // Another stream knows nothing of it.
    let mut other = streamed("t", 1, &[1], seconds(4)[3..].to_vec());
    other.expect_watermark(1..=1);
    assert_eq!(store.write(&other).await.unwrap_err().act, Act::Resend);
}

async fn watermark_starts_absent_and_moves_with_rows(store: Store) {
    assert_eq!(watermark(&store, "s", 1).await, None);
    store.write(&streamed("s", 1, &[5, 9], seconds(2))).await.unwrap();
    assert_eq!(watermark(&store, "s", 1).await, Some(9));
}

async fn replayed_batch_is_dropped_by_watermark(store: Store) {
    store.write(&streamed("s", 1, &[1, 2], seconds(2))).await.unwrap();
    // Even rows of another identity: what carries these numbers was applied.
    let others = vec![draft(at(70, 0)).build().unwrap(), draft(at(71, 0)).build().unwrap()];
    let ack = store.write(&streamed("s", 1, &[1, 2], others)).await.unwrap();
    assert_eq!((ack.inserted, ack.duplicates), (0, 2));
    assert_eq!(count(&store).await, 2);
    assert_eq!(watermark(&store, "s", 1).await, Some(2));
}

async fn partly_replayed_batch_adds_its_rest(store: Store) {
    store.write(&streamed("s", 1, &[1, 2], seconds(2))).await.unwrap();
    let ack = store.write(&streamed("s", 1, &[1, 2, 3, 7], seconds(4))).await.unwrap();
    assert_eq!((ack.inserted, ack.duplicates), (2, 2));
    assert_eq!((count(&store).await, watermark(&store, "s", 1).await), (4, Some(7)));
}

async fn streams_epochs_have_their_own_watermarks(store: Store) {
    store.write(&streamed("s", 1, &[5], seconds(1))).await.unwrap();
    let second = |n: i64| vec![draft(at(n, 0)).build().unwrap()];
    assert_eq!(store.write(&streamed("t", 1, &[1], second(1))).await.unwrap().inserted, 1);
    assert_eq!(store.write(&streamed("s", 2, &[1], second(2))).await.unwrap().inserted, 1);
    assert_eq!(watermark(&store, "s", 1).await, Some(5));
    assert_eq!(watermark(&store, "s", 2).await, Some(1));
    assert_eq!(watermark(&store, "t", 1).await, Some(1));
    assert_eq!(watermark(&store, "t", 2).await, None);
}

async fn batch_of_duplicates_moves_the_watermark(store: Store) {
    store.save(seconds(2)).await.unwrap();
    let ack = store.write(&streamed("s", 1, &[1, 2], seconds(2))).await.unwrap();
    assert_eq!((ack.inserted, ack.duplicates), (0, 2));
    assert_eq!(watermark(&store, "s", 1).await, Some(2));
}

async fn durable_watermark_is_never_above_the_watermark(store: Store) {
    assert_eq!(durable(&store, "s", 1).await, None);
    let mut last = None;
    for n in 0..20u64 {
        let second = vec![draft(at(n.cast_signed(), 0)).build().unwrap()];
        store.write(&streamed("s", 1, &[n * 10], second)).await.unwrap();
        if n % 7 == 3 {
            store.optimize().await.unwrap();
        }
        let found = durable(&store, "s", 1).await;
        assert!(found >= last, "{found:?} after {last:?}: it goes back");
        assert!(found <= Some(n * 10), "{found:?} of {n}0");
        last = found;
    }
    // What is replayed moves neither of them.
    store.write(&streamed("s", 1, &[0, 10], seconds(2))).await.unwrap();
    assert!((last..=Some(190)).contains(&durable(&store, "s", 1).await));
    assert_eq!(watermark(&store, "s", 1).await, Some(190));
}

async fn durable_watermarks_are_their_own(store: Store) {
    store.write(&streamed("s", 1, &[5], seconds(1))).await.unwrap();
    store.write(&streamed("t", 2, &[6, 7], seconds(2))).await.unwrap();
    store.optimize().await.unwrap();
    assert!(durable(&store, "s", 1).await <= Some(5) && durable(&store, "t", 2).await <= Some(7));
    for (stream, epoch) in [("s", 2), ("t", 1), ("u", 1)] {
        assert_eq!(durable(&store, stream, epoch).await, None, "{stream} {epoch}");
    }
    let stream = StreamId::new("s").unwrap();
    assert_eq!(store.durable_watermark(&stream, 1, Table::Trades).await.unwrap(), None);
}

async fn checkpoint_makes_durable_what_is_applied(store: Store) {
    store.checkpoint().await.unwrap();
    assert_eq!(durable(&store, "s", 1).await, None);
    // New rows, only known ones, both.
    for (seq, ticks) in [(5, seconds(3)), (9, seconds(3)), (20, seconds(4))] {
        let seqs: Vec<_> = (seq..).take(ticks.len()).collect();
        store.write(&streamed("s", 1, &seqs, ticks)).await.unwrap();
        store.write(&streamed("t", 2, &seqs[..1], seconds(1))).await.unwrap();
        store.checkpoint().await.unwrap();
        assert_eq!(durable(&store, "s", 1).await, seqs.last().copied());
        assert_eq!(durable(&store, "t", 2).await, Some(seq));
    }
    assert_eq!(count(&store).await, 4);
}

async fn closed_store_answers_no_watermark(store: Store) {
    store.write(&streamed("s", 1, &[5], seconds(1))).await.unwrap();
    store.close().await.unwrap();
    let stream = StreamId::new("s").unwrap();
    let error = store.watermark(&stream, 1, Table::Ticks).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection, "{error}");
    let error = store.durable_watermark(&stream, 1, Table::Ticks).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection, "{error}");
    assert_eq!(store.checkpoint().await.unwrap_err().kind, ErrorKind::Connection);
}

async fn big_batch_is_stored_whole(store: Store) {
    // Past DuckDB's row group of 122,880.
    let ticks: Vec<_> = (0..130_000).map(|n| draft(at(0, n)).build().unwrap()).collect();
    assert_eq!(store.save(ticks.clone()).await.unwrap(), saved(130_000, 0));
    let stored = store.ticks(everything()).all().await.unwrap();
    assert!(stored == in_order(ticks));
}

async fn hundred_writers_at_once(store: Store) {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..100i64 {
        let store = Arc::clone(&store);
        // Each shares half of its rows with the next.
        let own = seconds((writer + 2) * 10).split_off(usize::try_from(writer).unwrap() * 10);
        writers.spawn(async move { store.save(own).await.unwrap() });
    }
    let all = writers.join_all().await;
    assert_eq!(all.iter().map(|saved| saved.inserted).sum::<u64>(), 1_010);
    assert_eq!(all.iter().map(|saved| saved.duplicates).sum::<u64>(), 990);
    assert_eq!(count(&store).await, 1_010);
}

async fn readers_see_whole_batches(store: Store) {
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for n in 0..20 {
                store
                    .save(seconds((n + 1) * 100).split_off(usize::try_from(n).unwrap() * 100))
                    .await
                    .unwrap();
            }
        })
    };
    loop {
        let done = writer.is_finished();
        let seen = store.ticks(everything()).page().await.unwrap().items.len();
        assert_eq!(seen % 100, 0, "a part of a batch of 100 was visible");
        if done {
            assert_eq!(seen, 2_000);
            break;
        }
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
}

async fn closed_store_answers_connection(store: Store) {
    store.save(seconds(1)).await.unwrap();
    store.close().await.unwrap();
    store.close().await.unwrap();
    let error = store.save(seconds(2)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection);
    let error = store.ticks(everything()).page().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection);
    assert!(!store.health().await.is_healthy());
}
