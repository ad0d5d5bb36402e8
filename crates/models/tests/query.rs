//! Pages, cursors and fills.
#![allow(clippy::unwrap_used, reason = "test code")]

use proptest::prelude::*;
use tradekeep_models::record::Value;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, Condition, Cursor, GapFill, ListQuery, Page, Symbol, Table,
    Tick, TickFilter, TimeRange, Timestamp, Venue, strategies,
};

fn ticks_at(seconds: &[i64]) -> Vec<Tick> {
    let tick = |s: &i64| {
        Tick::builder(Symbol::new("X").unwrap(), Timestamp::from_units(*s, 1_000_000_000).unwrap())
            .price((10 + s).into())
            .quantity(1.into())
            .build()
            .unwrap()
    };
    seconds.iter().map(tick).collect()
}

/// What a store does: candles of the ticks that it asks for, one more than the limit.
fn answer(query: &CandleQuery, ticks: &[Tick]) -> Page<Candle, CandleCursor> {
    let range = query.ticks().range;
    let mut found =
        Candle::from_ticks(query.interval, ticks.iter().filter(|t| range.contains(t.ts())))
            .unwrap();
    found.truncate(query.limit + 1);
    query.page(found)
}

fn query(interval: &str, fill: GapFill) -> CandleQuery {
    let mut query =
        CandleQuery::new(Venue::unknown(), Symbol::new("X").unwrap(), interval.parse().unwrap());
    query.fill = fill;
    query
}

fn seconds(from: Option<i64>, to: Option<i64>) -> TimeRange {
    let at = |s: i64| Timestamp::from_units(s, 1_000_000_000).unwrap();
    TimeRange::new(from.map(at), to.map(at)).unwrap()
}

fn shape(candles: &[Candle]) -> Vec<(i64, u64, Option<String>)> {
    let second = |c: &Candle| c.open_ts.as_nanos() / 1_000_000_000;
    candles.iter().map(|c| (second(c), c.count, c.close.map(|p| p.to_string()))).collect()
}

#[test]
fn fills_between_the_candles() {
    let ticks = ticks_at(&[10, 13]);
    let close = |n: i64| Some(n.to_string());
    let page = answer(&query("1s", GapFill::None), &ticks);
    assert_eq!(shape(&page.items), [(10, 1, close(20)), (13, 1, close(23))]);
    let page = answer(&query("1s", GapFill::Previous), &ticks);
    assert_eq!(
        shape(&page.items),
        [(10, 1, close(20)), (11, 0, close(20)), (12, 0, close(20)), (13, 1, close(23))]
    );
    assert_eq!(page.items[1].open, page.items[0].close, "all four prices are the last close");
    let page = answer(&query("1s", GapFill::Zero), &ticks);
    assert_eq!(
        shape(&page.items),
        [(10, 1, close(20)), (11, 0, None), (12, 0, None), (13, 1, close(23))]
    );
}

#[test]
fn fills_to_the_ends_of_the_range() {
    let ticks = ticks_at(&[10]);
    let mut zero = query("1s", GapFill::Zero);
    zero.range = seconds(Some(9), Some(12));
    assert_eq!(
        shape(&answer(&zero, &ticks).items),
        [(9, 0, None), (10, 1, Some("20".into())), (11, 0, None)]
    );
    let mut previous = CandleQuery { fill: GapFill::Previous, ..zero.clone() };
    assert_eq!(shape(&answer(&previous, &ticks).items).len(), 2, "not before the first candle");
    previous.range = seconds(Some(11), Some(14));
    assert!(answer(&previous, &ticks).items.is_empty(), "nothing to fill from");
    zero.range = seconds(Some(11), Some(14));
    assert_eq!(answer(&zero, &ticks).items.len(), 3);
}

#[test]
fn a_range_holds_the_candles_that_open_in_it_whole() {
    let ticks = ticks_at(&[59, 60, 90, 119, 120]);
    let mut minutes = query("1m", GapFill::None);
    minutes.range = seconds(Some(30), Some(90));
    let counts: Vec<_> = answer(&minutes, &ticks).items.iter().map(|c| c.count).collect();
    assert_eq!(counts, [3], "the candle of 60 s to 120 s, and all of it");
}

#[test]
fn cursors_are_text_that_comes_back() {
    let tick = ticks_at(&[5]).remove(0);
    let cursor = Cursor::at(&tick, false);
    let query = ListQuery { after: Some(cursor.clone()), ..ListQuery::of(Table::Ticks) };
    assert_eq!(query.cursor(&cursor.to_string()).unwrap(), cursor);
    assert!(query.validate().is_ok() && !query.is_behind_cursor(&tick));
    assert!(query.is_behind_cursor(&ticks_at(&[6])[0]));
    for text in ["", "x", "dGljazE", &cursor.to_string()[1..]] {
        assert_eq!(query.cursor(text).unwrap_err().field, "cursor", "{text:?}");
        assert!(text.parse::<CandleCursor>().is_err());
    }
    for close in [None, Some("-1.5".parse().unwrap())] {
        let cursor = CandleCursor { open_ts: tick.ts(), close };
        assert_eq!(cursor.to_string().parse::<CandleCursor>().unwrap(), cursor);
    }
}

#[test]
fn limits_are_checked() {
    let ticks = ListQuery::new(&TickFilter::default());
    assert!(ticks.validate().is_ok());
    for limit in [0, 10_001] {
        let error = ListQuery { limit, ..ticks.clone() }.validate().unwrap_err();
        assert_eq!(error.field, "limit");
    }
}

#[test]
fn conditions_are_about_columns_of_the_table() {
    let is = |column, value| Condition::AnyOf { columns: vec![column], values: vec![value] };
    let label = Condition::Label { name: "a".into(), value: "b".into() };
    let refused = |table, condition| {
        let query = ListQuery { conditions: vec![condition], ..ListQuery::of(table) };
        query.validate().map_err(|error| error.to_string())
    };
    assert_eq!(refused(Table::Ticks, is("venue", Value::Text("v".into()))), Ok(()));
    assert_eq!(refused(Table::Metrics, label.clone()), Ok(()));
    let none = Err("condition: ticks have no column of that name".to_owned());
    assert_eq!(refused(Table::Ticks, label), none);
    assert_eq!(refused(Table::Ticks, is("1; drop table ticks", Value::Int(1))), none);
    assert_eq!(
        refused(Table::Orders, is("order_id", Value::Text("x".into()))),
        Err("condition: order_id of orders is of type uuid".to_owned())
    );
}

proptest! {
    #[test]
    fn pages_of_any_size_are_the_whole_answer(
        at in prop::collection::btree_set(0i64..60, 0..20),
        fill in 0usize..3,
        limit in 1usize..8,
        from in prop::option::of(0i64..30),
        to in prop::option::of(30i64..70),
    ) {
        let ticks = ticks_at(&at.into_iter().collect::<Vec<_>>());
        let mut query = query("2s", [GapFill::None, GapFill::Previous, GapFill::Zero][fill]);
        query.range = seconds(from, to);
        let whole = answer(&query, &ticks);
        prop_assert!(whole.next.is_none());
        query.limit = limit;
        let mut paged = Vec::new();
        loop {
            let page = answer(&query, &ticks);
            prop_assert!(page.items.len() <= limit);
            paged.extend(page.items);
            match page.next {
                Some(next) => query.after = Some(next.to_string().parse().unwrap()),
                None => break,
            }
        }
        prop_assert_eq!(shape(&paged), shape(&whole.items));
    }

    #[test]
    fn minutes_roll_up_to_days(ticks in strategies::ticks(60)) {
        let one_series = |t: &Tick| t.symbol().as_str() == "BTC-USD" && t.venue().as_str() == "binance";
        let mut ticks: Vec<_> = ticks.into_iter().filter(one_series).collect();
        ticks.sort_by(|a, b| a.order().cmp(&b.order()));
        let minutes = Candle::from_ticks("1m".parse().unwrap(), &ticks).unwrap();
        for wide in ["1h", "1d", "1w", "1M"] {
            let interval = wide.parse().unwrap();
            prop_assert_eq!(
                Candle::roll_up(interval, minutes.clone()).unwrap(),
                Candle::from_ticks(interval, &ticks).unwrap()
            );
        }
    }
}
