use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn small(groups: usize, rows: usize) -> Occurrences {
    Occurrences::with_limits(Limits { groups, rows, series: 4 }, OF_TICKS)
}

/// Counts a row of kind `kind` at `ts`: ordinal and occurrence.
fn count(seen: &mut Occurrences, symbol: &str, ts: i64, kind: i64) -> Result<(u32, u32), String> {
    let (venue, symbol) = (Venue::unknown(), Symbol::new(symbol).unwrap());
    let ts = Timestamp::from_nanos(ts).unwrap();
    seen.count(&venue, &symbol, ts, Some(TickKey(kind)))
        .map(|counted| (counted.ordinal, counted.occurrence))
        .map_err(|error| error.to_string())
}

#[test]
fn equal_rows_are_told_apart() {
    let mut seen = Occurrences::default();
    assert_eq!(count(&mut seen, "A", 1, 7), Ok((0, 0)));
    assert_eq!(count(&mut seen, "A", 1, 7), Ok((1, 1)));
    assert_eq!(count(&mut seen, "A", 1, 8), Ok((2, 0)));
    assert_eq!(count(&mut seen, "A", 1, 7), Ok((3, 2)));
    assert_eq!(count(&mut seen, "B", 1, 7), Ok((0, 0)));
    assert_eq!(count(&mut seen, "A", 2, 7), Ok((0, 0)));
    assert_eq!(count(&mut seen, "A", 1, 8), Ok((4, 1)));
}

#[test]
fn rows_with_a_key_of_their_own_only_count() {
    let mut seen = Occurrences::default();
    let (venue, symbol) = (Venue::unknown(), Symbol::new("A").unwrap());
    for ordinal in 0..3 {
        let counted = seen.count(&venue, &symbol, Timestamp::MIN, None).unwrap();
        assert_eq!((counted.ordinal, counted.occurrence), (ordinal, 0));
    }
}

#[test]
fn ordered_files_of_any_length_are_counted() {
    for times in [(0..100).collect::<Vec<_>>(), (0..100).rev().collect()] {
        let mut seen = small(3, 100);
        for ts in times {
            assert_eq!(count(&mut seen, "A", ts, 7), Ok((0, 0)), "{ts}");
            assert_eq!(count(&mut seen, "A", ts, 7), Ok((1, 1)), "{ts}");
        }
        assert!(seen.window.len() <= 3 && seen.index.is_none());
    }
}

#[test]
fn what_may_have_been_counted_is_refused() {
    let mut seen = small(2, 100);
    for ts in [10, 20, 30, 40] {
        count(&mut seen, "A", ts, 7).unwrap();
    }
    let refused =
        Err("ts: is out of time order by more than 2 distinct times: sort the file by time".into());
    assert_eq!(count(&mut seen, "A", 10, 7), refused);
    assert_eq!(count(&mut seen, "A", 15, 7), refused);
    assert_eq!(count(&mut seen, "A", 5, 7), Ok((0, 0)));
    assert_eq!(count(&mut seen, "A", 40, 7), Ok((1, 1)));
    // Its times are its own.
    assert_eq!(count(&mut seen, "B", 15, 7), Ok((0, 0)));
}

#[test]
fn rows_at_one_time_are_bounded_too() {
    let mut seen = small(10, 4);
    for kind in 0..5 {
        assert_eq!(count(&mut seen, "A", 1, kind).map(|p| p.1), Ok(0), "{kind}");
    }
    assert_eq!(
        count(&mut seen, "A", 1, 5),
        Err("ts: is shared by more than 4 different rows: give them a trade_id".into())
    );
    assert_eq!(count(&mut seen, "A", 2, 5), Ok((0, 0)));
    assert_eq!(seen.rows, 1);
    // An old group that is still in use outlives newer ones.
    for (ts, kind) in [(3, 1), (3, 2), (4, 3), (2, 5), (4, 4), (2, 6)] {
        count(&mut seen, "A", ts, kind).unwrap();
    }
    assert_eq!(count(&mut seen, "A", 2, 5), Ok((3, 2)));
}

#[test]
fn names_are_bounded() {
    let mut seen = small(10, 10);
    for symbol in ["A", "B", "C", "D"] {
        count(&mut seen, symbol, 1, 1).unwrap();
    }
    assert!(count(&mut seen, "E", 1, 1).unwrap_err().contains("4 symbols"));
    assert_eq!(count(&mut seen, "A", 1, 1), Ok((1, 1)));
}

proptest! {
    #[test]
    fn counts_agree_with_a_plain_map_or_are_refused(
        rows in proptest::collection::vec((0usize..3, 0i64..12, 0i64..4), 0..200),
        groups in 1usize..20,
        most in 1usize..20,
    ) {
        let mut seen = small(groups, most);
        let mut counts: HashMap<(usize, i64, i64), u32> = HashMap::new();
        for (symbol, ts, kind) in rows {
            if let Ok((_, n)) = count(&mut seen, ["A", "B", "C"][symbol], ts, kind) {
                let expected = counts.entry((symbol, ts, kind)).or_default();
                prop_assert_eq!(n, *expected);
                *expected += 1;
            }
            prop_assert!(seen.window.len() <= groups);
            prop_assert!(seen.index.as_ref().is_none_or(|index| index.len() == seen.window.len()));
            let kinds = seen.window.iter().map(|slot| slot.group.kinds.len());
            prop_assert_eq!(seen.rows, kinds.sum::<usize>());
        }
    }
}
