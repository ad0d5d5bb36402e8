//! Keys: the same file gives the same ones, equal rows differ, named sources differ.

use std::collections::BTreeSet;

use tradekeep_formats::ReadOptions;
use tradekeep_models::{Tick, TickKey};

use crate::ticks;

const EQUAL_ROWS: &str = "\
ts,symbol,price,qty,side
1700000001,B,1.50,2,buy
1700000001,B,1.5,2.0,buy
1700000001,B,1.5,2,sell
1700000001,B,1.5,2,buy
1700000002,B,1.5,2,buy
";

fn keys(ticks: &[Tick]) -> Vec<TickKey> {
    ticks.iter().map(Tick::key).collect()
}

#[test]
fn equal_rows_are_counted() {
    let rows = ticks(EQUAL_ROWS, &ReadOptions::default());
    let (price, quantity, side) = (rows[0].price(), rows[0].quantity(), rows[0].side());
    let key = |n| TickKey::from_content(price, quantity, side, n, None);
    assert_eq!(rows[0].key(), key(0));
    assert_eq!(rows[1].key(), key(1));
    assert_eq!(rows[3].key(), key(2));
    assert_eq!(rows[4].key(), key(0));
    let distinct: BTreeSet<_> = rows.iter().map(|tick| (tick.ts(), tick.key())).collect();
    assert_eq!(distinct.len(), 5);
    let sequences: Vec<_> = rows.iter().map(Tick::sequence).collect();
    assert_eq!(sequences, [0, 1, 2, 3, 0]);
}

#[test]
fn reading_again_gives_the_same() {
    let plain = ReadOptions::default();
    assert_eq!(ticks(EQUAL_ROWS, &plain), ticks(EQUAL_ROWS, &plain));
    let named = ReadOptions { source: Some("second feed".into()), ..plain.clone() };
    let again = ticks(EQUAL_ROWS, &named);
    assert_eq!(again, ticks(EQUAL_ROWS, &named));
    let distinct: BTreeSet<_> = [ticks(EQUAL_ROWS, &plain), again]
        .iter()
        .flatten()
        .map(|tick| (tick.ts(), tick.key()))
        .collect();
    assert_eq!(distinct.len(), 10);
}

#[test]
fn trade_ids_need_no_counting() {
    let file = "ts,symbol,price,qty,trade_id\n1700000001,B,1,2,7\n1700000001,B,1,2,7\n1700000001,B,1,2,x\n1700000001,B,1,2,y\n";
    let options = ReadOptions { source: Some("a".into()), ..ReadOptions::default() };
    let rows = ticks(file, &options);
    let id = |n: usize| TickKey::from_trade_id(rows[n].trade_id().unwrap());
    assert_eq!(keys(&rows), [id(0), id(0), id(2), id(3)]);
    let sequences: Vec<_> = rows.iter().map(Tick::sequence).collect();
    assert_eq!(sequences, [7, 7, 0, 1]);
}
