//! Looking at a spool beside the process that holds it, and without one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

#[path = "beside/support.rs"]
mod support;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use support::{
    Data, SOON, halt, id, mend, one, sinks, snapshot, store, stored, tick, ticks, until,
    with_letters,
};
use tradekeep_ingest::inspect::{self, Follow};
use tradekeep_ingest::{Class, DeadLetterFilter, DeadState, Ingest, IngestError};
use tradekeep_models::Table;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_tells_what_waits_beside_the_holder() {
    let (data, one, two) = (Data::new(), store(), store());
    halt(&two);
    let ingest = data.open(&[("one", &one), ("two", &two)]).await;
    let receipt = ingest.append(ticks(0..5_000)).await.unwrap();
    until("the cursor of the first is kept", || {
        let status = inspect::status(data.path()).unwrap();
        status.sinks.iter().any(|sink| sink.name == "memory://one" && sink.pending() == 0)
    })
    .await;
    let before = snapshot(data.path());
    let status = inspect::status(data.path()).unwrap();
    assert_eq!(snapshot(data.path()), before, "it touches nothing");
    let live = ingest.stats();
    assert_eq!(status.stream.as_ref(), Some(&live.stream));
    assert_eq!((status.epoch, status.last_seq), (1, live.last_seq));
    assert!(status.bound > status.last_seq);
    assert!(status.bytes > 5_000 * 50, "{}", status.bytes);
    let holder = status.holder.clone().unwrap();
    assert!(holder.starts_with(&format!("process {}", std::process::id())), "{holder}");
    let of = |sink: &str| {
        let sink = status.sinks.iter().find(|known| known.id == id(sink).as_str()).unwrap();
        sink.lanes.iter().find(|lane| lane.table == Table::Ticks).unwrap().clone()
    };
    let (done, waits) = (of("one"), of("two"));
    assert_eq!((done.accepted, done.applied, done.pending), (5_000, 5_000, 0));
    assert_eq!((done.oldest, done.unaccounted()), (None, 0));
    assert_eq!((waits.accepted, waits.applied, waits.pending), (5_000, 0, 5_000));
    assert_eq!(waits.oldest.unwrap().seq, receipt.seqs().start);
    assert_eq!(waits.unaccounted(), 0);
    assert_eq!(status.oldest().unwrap().seq, receipt.seqs().start);
    assert!(status.damaged.is_empty() && status.dropped.is_empty());

    mend(&two);
    let left = ingest.shutdown(SOON).await.unwrap();
    assert_eq!(left.pending(), 0);
    let status = inspect::status(data.path()).unwrap();
    assert_eq!((status.holder.clone(), status.pending(), status.oldest()), (None, 0, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_adds_up_while_records_come_and_go() {
    let (data, store) = (Data::new(), store());
    // With so little room segments go all the time.
    let config = data.config().with_segment_bytes(1 << 19).with_max_bytes(1 << 20);
    let ingest = Ingest::open(config, sinks(&[("a", &store)])).await.unwrap();
    let looks = Arc::new(AtomicU32::new(0));
    let (writer, looked) = (ingest.clone(), Arc::clone(&looks));
    let writing = tokio::spawn(async move {
        let mut batch = 0;
        while batch < 150 || looked.load(Ordering::Relaxed) < 10 {
            writer.append(ticks(batch * 200..(batch + 1) * 200)).await.unwrap();
            batch += 1;
        }
    });
    while !writing.is_finished() {
        let status = inspect::status(data.path()).unwrap();
        assert_eq!(status.damaged, [""; 0], "what is half written is no damage");
        for lane in status.sinks.iter().flat_map(|sink| &sink.lanes) {
            assert_eq!(lane.unaccounted(), 0, "{lane:?}");
        }
        let verified = inspect::verify(data.path()).unwrap();
        assert!(verified.is_sound(), "{verified:?}");
        looks.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    writing.await.unwrap();
    ingest.shutdown(SOON).await.unwrap();
}

#[test]
fn where_there_is_no_spool_nothing_is_made() {
    let data = Data::new();
    let no_spool = |error: IngestError| {
        assert!(matches!(error, IngestError::NoSpool { .. }), "{error}");
        assert!(error.to_string().ends_with("name the folder of the process that records"));
    };
    no_spool(inspect::status(data.path()).unwrap_err());
    no_spool(inspect::verify(data.path()).unwrap_err());
    no_spool(Follow::open(data.path(), 1).unwrap_err());
    assert!(inspect::dead_letters(data.path(), &DeadLetterFilter::default()).unwrap().is_empty());
    assert_eq!(inspect::holder(data.path()).unwrap(), None);
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looks_does_not_keep_the_holder_out() {
    let (data, store) = (Data::new(), store());
    data.open(&[("a", &store)]).await.shutdown(SOON).await.unwrap();
    let path = data.path().to_owned();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let looking = std::thread::spawn(move || {
        while stopped.try_recv().is_err() {
            inspect::holder(&path).unwrap();
        }
    });
    for _ in 0..50 {
        let ingest = data.open(&[("a", &store)]).await;
        ingest.shutdown(SOON).await.unwrap();
    }
    stop.send(()).unwrap();
    looking.join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_tells_damage_in_the_middle_and_a_torn_end() {
    let (data, store) = (Data::new(), store());
    halt(&store);
    let ingest = data.open(&[("a", &store)]).await;
    for batch in 0..10 {
        ingest.append(ticks(batch * 1_000..(batch + 1) * 1_000)).await.unwrap();
    }
    ingest.shutdown(Duration::ZERO).await.unwrap();
    drop(ingest);
    let whole = inspect::verify(data.path()).unwrap();
    assert!(whole.is_sound(), "{whole:?}");
    assert_eq!(whole.tables[0], (Table::Ticks, 10_000));
    // The system event that tells of the halt.
    assert_eq!(whole.spool.records, whole.tables.iter().map(|(_, count)| count).sum::<u64>());
    assert!(whole.spool.segments > 2 && whole.spool.torn.is_none());
    assert_eq!(whole.spool.bytes, size_of(&data));
    assert_eq!((whole.manifest.readable, whole.cursors.readable), (true, true));

    let segments = data.segments();
    let first = OpenOptions::new().write(true).open(&segments[0]).unwrap();
    first.write_all_at(&[0xff; 10], 2_000).unwrap();
    let last = segments.iter().rfind(|path| fs::read(path).unwrap()[..8] != [0; 8]).unwrap();
    let bytes = fs::read(last).unwrap();
    // A record may end in zeros.
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 8;
    let torn = OpenOptions::new().write(true).open(last).unwrap();
    torn.write_all_at(&[7; 60], end).unwrap();
    let before = snapshot(data.path());
    let found = inspect::verify(data.path()).unwrap();
    assert_eq!(snapshot(data.path()), before, "it touches nothing");
    assert!(!found.is_sound());
    let [damage] = &found.spool.damaged[..] else { panic!("{found:?}") };
    assert_eq!(damage.file, segments[0].file_name().unwrap().to_str().unwrap());
    assert!(damage.bytes.contains(&2_000) && damage.bytes.contains(&2_009), "{damage:?}");
    let torn = found.spool.torn.clone().unwrap();
    assert!(torn.bytes.start < end && torn.bytes.end == end + 60, "{torn:?}");
    let lost = whole.spool.records - found.spool.records;
    assert!((1..=2).contains(&lost), "{lost} lost");
    // A spool that is looked at counts what is lost.
    let status = inspect::status(data.path()).unwrap();
    assert_eq!(status.damaged.len(), 1, "{status:?}");
    let lanes = || status.sinks.iter().flat_map(|sink| &sink.lanes);
    assert_eq!(lanes().map(|lane| lane.unaccounted()).sum::<i128>(), i128::from(lost));
}

fn size_of(data: &Data) -> u64 {
    data.segments()
        .iter()
        .filter(|path| fs::read(path).unwrap()[..8] != [0; 8])
        .map(|path| fs::metadata(path).unwrap().len())
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_looks_at_the_small_files_and_the_letters() {
    let (data, store) = (Data::new(), store());
    with_letters(&data, &store, 3).await.shutdown(SOON).await.unwrap();
    let whole = inspect::verify(data.path()).unwrap();
    assert_eq!((whole.dead_letters.records, whole.dead_letters.is_sound()), (3, true));
    assert_eq!((whole.cursors.broken, whole.manifest.broken), (0, 0));

    let damage = |path: &str, at: u64| {
        let file = OpenOptions::new().write(true).open(data.path().join(path)).unwrap();
        file.write_all_at(b"#", at).unwrap();
    };
    damage("spool/manifest", 40);
    let one = inspect::verify(data.path()).unwrap();
    let manifest = one.manifest;
    assert_eq!((manifest.broken, manifest.readable), (1, true), "one slot is enough");
    assert!(one.is_sound());
    damage("spool/manifest", 4096 + 40);
    let none = inspect::verify(data.path()).unwrap();
    assert_eq!((none.manifest.whole, none.manifest.broken, none.is_sound()), (0, 2, false));
    let status = inspect::status(data.path()).unwrap();
    assert_eq!(
        (status.stream, status.last_seq > 0),
        (None, true),
        "records are found all the same"
    );

    let letters = fs::read_dir(data.path().join("dead-letters")).unwrap().next().unwrap().unwrap();
    let name = letters.file_name().into_string().unwrap();
    damage(&format!("dead-letters/{name}"), 1024 + 50);
    assert_eq!(inspect::verify(data.path()).unwrap().dead_letters.damaged.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_written_can_be_looked_at() {
    let (data, store) = (Data::new(), store());
    with_letters(&data, &store, 2).await.shutdown(SOON).await.unwrap();
    let files: Vec<_> = snapshot(data.path()).into_keys().collect();
    for file in &files {
        fs::set_permissions(file, fs::Permissions::from_mode(0o400)).unwrap();
    }
    assert_eq!(inspect::status(data.path()).unwrap().dead_letters, 2);
    assert!(inspect::verify(data.path()).unwrap().is_sound());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_are_listed_beside_the_holder() {
    let (data, store) = (Data::new(), store());
    let ingest = with_letters(&data, &store, 4).await;
    let all = inspect::dead_letters(data.path(), &DeadLetterFilter::default()).unwrap();
    assert_eq!(all.iter().map(|letter| letter.id).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(all[2].record.as_ref().map(one), Some(tick(2)));
    assert_eq!((all[2].class, all[2].table), (Class::Conflict, Some(Table::Ticks)));
    assert_eq!(all, ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap());
    let two = DeadLetterFilter { limit: Some(2), ..DeadLetterFilter::default() };
    assert_eq!(inspect::dead_letters(data.path(), &two).unwrap().len(), 2);

    assert_eq!(ingest.replay(&two, true).await.unwrap().replayed, 2);
    assert_eq!(inspect::replayable(data.path(), &two).unwrap().replayed, 2);
    assert_eq!(ingest.replay(&two, false).await.unwrap().replayed, 2);
    let open = DeadLetterFilter { open: true, ..DeadLetterFilter::default() };
    let open = inspect::dead_letters(data.path(), &open).unwrap();
    assert_eq!(open.iter().map(|letter| letter.id).collect::<Vec<_>>(), [3, 4]);
    let replayed = inspect::dead_letters(data.path(), &DeadLetterFilter::ids([1])).unwrap();
    assert!(matches!(replayed[0].state, DeadState::Replayed { .. }));
    let all = inspect::replayable(data.path(), &DeadLetterFilter::default()).unwrap();
    assert_eq!((all.replayed, all.already, all.unreadable), (2, 2, 0));
    assert_eq!(ingest.replay(&two, false).await.unwrap().replayed, 2, "the next two");
    ingest.shutdown(SOON).await.unwrap();
    assert_eq!(stored(&store).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_sees_every_record_once_beside_the_holder() {
    let (data, store) = (Data::new(), store());
    let ingest = data.open(&[("a", &store)]).await;
    let mut follow = Follow::open(data.path(), 1).unwrap();
    assert!(follow.next_held().unwrap().is_none());
    let writer = ingest.clone();
    let writing = tokio::spawn(async move {
        for batch in 0..400_u64 {
            writer.append(ticks(batch * 100..(batch + 1) * 100)).await.unwrap();
        }
    });
    let mut last = 0;
    for number in 0..40_000 {
        let next = tokio::time::timeout(SOON, follow.next()).await.expect("it comes").unwrap();
        assert!(next.seq > last);
        last = next.seq;
        assert_eq!(one(&next.record), tick(number));
    }
    writing.await.unwrap();
    assert!(follow.next_held().unwrap().is_none());
    ingest.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_goes_on_with_the_next_holder() {
    let (data, store) = (Data::new(), store());
    let ingest = data.open(&[("a", &store)]).await;
    let first = ingest.append(ticks(0..10)).await.unwrap();
    ingest.shutdown(SOON).await.unwrap();
    let mut follow = Follow::open(data.path(), first.seqs().start + 4).unwrap();
    let mut told = Vec::new();
    while let Some(next) = follow.next_held().unwrap() {
        told.push(one(&next.record));
    }
    assert_eq!(told, (4..10).map(tick).collect::<Vec<_>>());

    // An append that is under way is not there yet, and is no damage: the next process cuts it.
    let segments = data.segments();
    let last = segments.iter().rfind(|path| fs::read(path).unwrap()[..8] != [0; 8]).unwrap();
    let bytes = fs::read(last).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 8;
    let torn = OpenOptions::new().write(true).open(last).unwrap();
    torn.write_all_at(&[9; 33], end as u64).unwrap();
    assert!(follow.next_held().unwrap().is_none());
    let ingest = data.open(&[("a", &store)]).await;
    assert!(follow.next_held().unwrap().is_none());
    ingest.append(ticks(10..12)).await.unwrap();
    for number in 10..12 {
        let next = tokio::time::timeout(SOON, follow.next()).await.expect("it comes").unwrap();
        assert_eq!(one(&next.record), tick(number));
    }
    ingest.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_survives_segments_that_go() {
    let (data, store) = (Data::new(), store());
    let ingest = data.open(&[("a", &store)]).await;
    ingest.append(ticks(0..10)).await.unwrap();
    let mut follow = Follow::open(data.path(), 1).unwrap();
    assert_eq!(one(&follow.next_held().unwrap().unwrap().record), tick(0));
    let first = data.segments()[0].clone();
    let mut sent = 10;
    let started = std::time::Instant::now();
    while first.exists() {
        assert!(started.elapsed() < SOON);
        let receipt = ingest.append(ticks(sent..sent + 1_000)).await.unwrap();
        receipt.applied().await.unwrap();
        sent += 1_000;
    }
    // Its own segment is read to the end, though it is gone; then whatever is there.
    let mut seen = vec![0];
    while let Some(next) = follow.next_held().unwrap() {
        let tick = one(&next.record);
        seen.push(tick.trade_id().unwrap().as_str().parse::<u64>().unwrap());
    }
    assert!(seen.is_sorted_by(|a, b| a < b));
    assert_eq!(seen[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(seen.last(), Some(&(sent - 1)));
    ingest.append(ticks(sent..sent + 1)).await.unwrap();
    let next = tokio::time::timeout(SOON, follow.next()).await.expect("it comes").unwrap();
    assert_eq!(one(&next.record), tick(sent));
    ingest.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_passes_damage() {
    let (data, store) = (Data::new(), store());
    halt(&store);
    let ingest = data.open(&[("a", &store)]).await;
    ingest.append(ticks(0..10)).await.unwrap();
    let bytes = fs::read(&data.segments()[0]).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1 - 1024;
    let file = OpenOptions::new().write(true).open(&data.segments()[0]).unwrap();
    file.write_all_at(&[0xee; 4], 1024 + used as u64 / 2).unwrap();
    let mut follow = Follow::open(data.path(), 1).unwrap();
    let mut told = Vec::new();
    while let Some(next) = follow.next_held().unwrap() {
        if next.table == Table::Ticks {
            told.push(one(&next.record));
        }
    }
    assert!((8..10).contains(&told.len()) && told.contains(&tick(0)) && told.contains(&tick(9)));
    ingest.shutdown(Duration::ZERO).await.unwrap();
}
