//! One trade told in two units of time, and several told as one: each is stored once, whichever way round they come.
#![allow(clippy::unwrap_used, reason = "test code")]

use tradekeep::formats::{ReadOptions, RecordReader};
use tradekeep::models::{Side, Symbol, Tick, TickBuilder, TickFilter, Timestamp, TradeId, Venue};
use tradekeep::{Config, ImportSummary, Met, TickDoor, Tradekeep};

async fn store(url: &str) -> Tradekeep {
    Tradekeep::open(&Config::from_url(url).unwrap()).await.unwrap()
}

/// A trade at so many microseconds behind a second.
fn draft(id: &str, micros: i64) -> TickBuilder {
    let ts = Timestamp::from_nanos(1_735_689_600_000_000_000 + micros * 1_000).unwrap();
    Tick::builder(Symbol::new("X").unwrap(), ts)
        .venue(Venue::new("v").unwrap())
        .trade_id(TradeId::new(id).unwrap())
        .price(93_000.into())
        .quantity("0.5".parse().unwrap())
        .side(Side::Buy)
}

fn tick(id: &str, micros: i64) -> Tick {
    draft(id, micros).build().unwrap()
}

/// What a door makes of `more` before a store that has `stored`.
async fn check(stored: Vec<Tick>, more: &[Tick]) -> Vec<(usize, Met)> {
    let keep = store("memory://").await;
    keep.save(stored).await.unwrap();
    TickDoor::default().check(&*keep.store(), more).await.unwrap()
}

#[tokio::test]
async fn a_trade_is_the_same_as_far_as_the_coarser_unit_goes() {
    let (fine, coarse) = (tick("7", 10_866), tick("7", 10_000));
    let same = vec![(0, Met::Same)];
    assert_eq!(check(vec![fine.clone()], std::slice::from_ref(&coarse)).await, same);
    assert_eq!(check(vec![coarse.clone()], std::slice::from_ref(&fine)).await, same);
    assert_eq!(check(vec![tick("7", 0)], std::slice::from_ref(&fine)).await, same, "in seconds");
    for other in [tick("7", 11_000), tick("7", 9_000), tick("8", 10_000), tick("7", 10_865)] {
        assert_eq!(check(vec![other], std::slice::from_ref(&fine)).await, [], "another trade");
    }
    let other = draft("7", 10_000).venue(Venue::new("w").unwrap()).build().unwrap();
    assert_eq!(check(vec![other], std::slice::from_ref(&fine)).await, [], "another series");
    // Among others, one told as of a whole millisecond by chance.
    let more: Vec<_> = (0..50).map(|n| tick(&n.to_string(), 20_000 + n * 7)).collect();
    let more = [more, vec![coarse]].concat();
    assert_eq!(check(vec![fine.clone(), tick("x", 90_000)], &more).await, [(50, Met::Same)]);
}

#[tokio::test]
async fn a_side_that_is_not_told_is_no_difference_and_another_price_is_a_conflict() {
    let stored = || vec![tick("7", 10_866)];
    let without = draft("7", 10_000).side(None).build().unwrap();
    assert_eq!(check(stored(), &[without]).await, [(0, Met::Same)]);
    let other = draft("7", 10_000).price(1.into()).build().unwrap();
    let [(0, Met::Conflict(why))] = &check(stored(), &[other]).await[..] else { panic!("none") };
    assert!(why.contains("price") && why.contains("--map trade_id=COLUMN+COLUMN"), "{why}");
}

#[tokio::test]
async fn what_comes_in_is_held_against_itself_too() {
    let keep = store("memory://").await;
    let mut door = TickDoor::default();
    // In one go.
    let twice = [tick("1", 10_866), tick("1", 10_000), tick("2", 10_000), tick("2", 10_001)];
    assert_eq!(door.check(&*keep.store(), &twice).await.unwrap(), [(1, Met::Same), (3, Met::Same)]);
    // One after the other: what was stored meanwhile was told otherwise.
    keep.save(vec![tick("5", 50_000)]).await.unwrap();
    let mut door = TickDoor::default();
    assert_eq!(door.check(&*keep.store(), &[tick("6", 60_000)]).await.unwrap(), []);
    keep.save(vec![tick("6", 60_000)]).await.unwrap();
    assert_eq!(door.check(&*keep.store(), &[tick("6", 60_007)]).await.unwrap(), [(0, Met::Same)]);
}

#[tokio::test]
async fn several_as_one_are_never_beside_the_single_ones() {
    let sum = |micros| draft("900", micros).aggregated(true).build().unwrap();
    let single = || vec![tick("1", 10), tick("2", 5_000_030)];
    for micros in [20, 5_000_030, 900_000_000, -900_000_000] {
        let met = check(single(), &[sum(micros), sum(micros + 1)]).await;
        let [(0, Met::OtherKind(why)), (1, Met::OtherKind(_))] = &met[..] else {
            panic!("{micros}: {met:?}")
        };
        assert!(why.contains("v X has single trades") && why.contains("--venue"), "{why}");
        let met = check(vec![sum(10), sum(30)], &[tick("1", micros)]).await;
        assert!(matches!(&met[..], [(0, Met::OtherKind(_))]), "{micros}: {met:?}");
    }
    // One after the other, and both in one go: the first kind stays.
    let keep = store("memory://").await;
    let mut door = TickDoor::default();
    assert_eq!(door.check(&*keep.store(), &[tick("1", 10)]).await.unwrap(), []);
    let met = door.check(&*keep.store(), &[tick("1", 20), sum(30)]).await.unwrap();
    assert!(matches!(&met[..], [(1, Met::OtherKind(_))]), "{met:?}");
    let other = draft("900", 40).aggregated(true).venue(Venue::new("v-aggregated").unwrap());
    let other = other.build().unwrap();
    assert_eq!(door.check(&*keep.store(), &[other]).await.unwrap(), [], "the remedy");
}

#[tokio::test]
async fn what_cannot_be_told_is_said() {
    let keep = store("memory://").await;
    let nameless = |micros| draft("1", micros).trade_id(None).build().unwrap();
    keep.save((0..10).map(|n| nameless(n * 1_000)).collect::<Vec<_>>()).await.unwrap();
    let mut door = TickDoor::default();
    let more: Vec<_> = (0..10).map(|n| nameless(n * 1_000 + 7)).collect();
    assert_eq!(door.check(&*keep.store(), &more).await.unwrap(), []);
    let note = door.note().unwrap();
    assert!(note.contains("milliseconds") && note.contains("trade_id"), "{note}");
}

async fn import(keep: &Tradekeep, text: &str) -> ImportSummary {
    let text = std::io::Cursor::new(text.to_owned());
    let options = ReadOptions::default();
    let reader = RecordReader::<Tick>::open(Box::new(text), options).unwrap();
    tradekeep::import(&*keep.store(), reader, |_| Ok(()), |_| {}).await.unwrap()
}

/// So many trades, told in a unit.
fn csv(trades: i64, unit: i64) -> String {
    let mut text = "ts,symbol,trade_id,price,quantity\n".to_owned();
    for n in 0..trades {
        let ts = 1_735_689_600_000_000_000 + n * 1_234_567_000;
        let ts = Timestamp::from_nanos(ts / unit * unit).unwrap();
        text += &format!("{ts},X,{n},1,1\n");
    }
    text
}

#[tokio::test]
async fn files_in_two_units_are_one_series_whichever_way_round() {
    for url in ["memory://", "duckdb://:memory:"] {
        for (first, second) in [(1_000, 1_000_000), (1_000_000, 1_000), (1_000_000_000, 1_000)] {
            let keep = store(url).await;
            assert_eq!(import(&keep, &csv(4_000, first)).await.imported, 4_000);
            // Not all of the second were in the first.
            let summary = import(&keep, &csv(5_000, second)).await;
            assert_eq!((summary.imported, summary.duplicates), (1_000, 4_000), "{url}");
            // Told again, in both: none is new, though the series is now in two units.
            for unit in [first, second] {
                let summary = import(&keep, &csv(4_000, unit)).await;
                assert_eq!((summary.imported, summary.duplicates), (0, 4_000), "{url}");
            }
            let all = keep.ticks(TickFilter::default()).all().await.unwrap();
            assert_eq!(all.len(), 5_000);
        }
    }
}
