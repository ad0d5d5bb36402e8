//! Cases of [`TickStore`](crate::TickStore) on ticks: exact, in order, in pages.

use tradekeep_models::{
    Decimal, ListQuery, RecordFilter, Side, Tick, TickFilter, TimeRange, TimeUnit, Timestamp, Told,
    TradeId,
};

use super::{
    Store, at, draft, everything, in_order, page_of, pages, seconds, symbol, tick, time, venue,
};
use crate::{ErrorKind, TickSeries};

super::list_cases!(ticks:
    empty_store_answers_nothing,
    every_field_comes_back,
    absent_stays_absent,
    decimals_come_back_exactly,
    every_nanosecond_comes_back,
    hostile_text_comes_back,
    ordered_by_ts_sequence_key,
    sequences_order_as_numbers,
    filters_by_venue_and_symbol,
    ranges_are_half_open,
    pages_cover_everything_once,
    pages_cut_inside_equal_times,
    new_rows_do_not_disturb_pages,
    full_last_page_has_no_cursor,
    limit_out_of_range_is_invalid_input,
    series_are_counted,
    series_tell_how_ticks_were_told,
    filters_by_how_they_were_told,
    answers_follow_the_data,
    empty_store_is_healthy,
);

async fn all(store: &Store, filter: TickFilter) -> Vec<Tick> {
    store.ticks(filter).all().await.unwrap()
}

/// Saves `ticks` and expects just them back, in order.
async fn round_trip(store: &Store, ticks: Vec<Tick>) {
    store.save(ticks.clone()).await.unwrap();
    assert_eq!(all(store, everything()).await, in_order(ticks));
}

async fn empty_store_answers_nothing(store: Store) {
    let page = store.ticks(everything()).page().await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    assert_eq!(store.series().await.unwrap(), []);
}

async fn every_field_comes_back(store: Store) {
    let full = |n: i64| {
        draft(at(n, 987_654_321))
            .trade_id(TradeId::new(format!("id-{n}")).unwrap())
            .received_ts(at(n - 2, 1))
            .sequence(n * 1_000)
            .side(if n % 2 == 0 { Side::Buy } else { Side::Sell })
            .aggregated(n % 3 == 0)
            .build()
            .unwrap()
    };
    round_trip(&store, (0..10).map(full).collect()).await;
}

async fn absent_stays_absent(store: Store) {
    round_trip(&store, vec![draft(at(1, 0)).build().unwrap()]).await;
    let stored = all(&store, everything()).await.remove(0);
    assert_eq!((stored.trade_id(), stored.received_ts(), stored.side()), (None, None, None));
}

async fn decimals_come_back_exactly(store: Store) {
    let exact = [
        ("0.000000000000000001", "1"),
        ("99999999999999999999.999999999999999999", "1"),
        ("-37.63", "1.5"),
        ("0", "0"),
        ("1", "99999999999999999999.999999999999999999"),
        ("123456789.123456789012345678", "0.00003844"),
        ("0.3", "0.333333333333333333"),
    ];
    let ticks = exact.iter().zip(0..).map(|((p, q), n)| tick(at(n, 0), p, q)).collect();
    round_trip(&store, ticks).await;
    let stored = all(&store, everything()).await;
    let notional: Decimal = "0.0999999999999999999".parse().unwrap_or_default();
    assert_eq!(notional, Decimal::ZERO, "19 places do not fit");
    // 0.3 x 0.333333333333333333 = 0.0999999999999999999, a tie away from 0.1 by one place.
    assert_eq!(stored[6].notional().to_string(), "0.1");
}

async fn every_nanosecond_comes_back(store: Store) {
    let times = [0, 1, 2, 999, 1_000, 1_001, 1_723_075_200_123_456_789];
    let mut ticks: Vec<_> =
        times.iter().map(|&n| draft(Timestamp::from_nanos(n).unwrap()).build().unwrap()).collect();
    ticks.push(draft(Timestamp::MAX).received_ts(Timestamp::MIN).build().unwrap());
    round_trip(&store, ticks).await;
}

async fn hostile_text_comes_back(store: Store) {
    let long = "x".repeat(64);
    let texts = [
        "'; drop table ticks; --",
        "\"q\"",
        "a,b=c d\\",
        "币安🚀",
        "%",
        "$1",
        "NULL",
        "null",
        &long,
    ];
    let ticks = texts
        .iter()
        .zip(0..)
        .map(|(text, n)| {
            Tick::builder(symbol(text), at(n, 0))
                .venue(venue(text))
                .price(1.into())
                .quantity(1.into())
                .trade_id(TradeId::new(text).unwrap())
                .build()
                .unwrap()
        })
        .collect();
    round_trip(&store, ticks).await;
    for text in texts {
        let filter =
            TickFilter { venue: Some(venue(text)), symbol: Some(symbol(text)), ..everything() };
        assert_eq!(all(&store, filter).await.len(), 1, "{text}");
    }
}

async fn ordered_by_ts_sequence_key(store: Store) {
    let numbered = |second, sequence: i64, id: &str| {
        draft(at(second, 0)).sequence(sequence).trade_id(TradeId::new(id).unwrap()).build().unwrap()
    };
    let mut ticks =
        vec![numbered(2, 1, "a"), numbered(1, 9, "b"), numbered(1, 2, "c"), numbered(1, -3, "d")];
    // Equal time and sequence: the key decides, negative keys first.
    ticks.extend((0..20).map(|n| numbered(1, 2, &format!("k{n}"))));
    let sorted = in_order(ticks.clone());
    assert!(sorted.iter().any(|t| t.key().0 < 0) && sorted.iter().any(|t| t.key().0 > 0));
    round_trip(&store, ticks).await;
}

async fn sequences_order_as_numbers(store: Store) {
    let numbers = [9, 10, 99, 100, 1 << 60, (1 << 60) + 1, i64::MAX];
    let ticks = numbers
        .iter()
        .rev()
        .map(|n| draft(at(1, 0)).trade_id(TradeId::new(n.to_string()).unwrap()).build().unwrap())
        .collect();
    round_trip(&store, ticks).await;
    let stored: Vec<_> = all(&store, everything()).await.iter().map(Tick::sequence).collect();
    assert_eq!(stored, numbers);
}

async fn filters_by_venue_and_symbol(store: Store) {
    let on = |v: &str, s: &str| {
        Tick::builder(symbol(s), at(1, 0))
            .venue(venue(v))
            .price(1.into())
            .quantity(1.into())
            .build()
            .unwrap()
    };
    let ticks = vec![on("v", "X"), on("v", "Y"), on("w", "X"), on("V", "X"), on("v", "x")];
    store.save(ticks.clone()).await.unwrap();
    for filter in [
        everything(),
        TickFilter { venue: Some(venue("v")), ..everything() },
        TickFilter { symbol: Some(symbol("X")), ..everything() },
        TickFilter { venue: Some(venue("v")), symbol: Some(symbol("X")), ..everything() },
        TickFilter { symbol: Some(symbol("Z")), ..everything() },
    ] {
        let expected = ticks.iter().filter(|tick| filter.matches(tick)).cloned().collect();
        assert_eq!(all(&store, filter).await, in_order(expected));
    }
}

async fn ranges_are_half_open(store: Store) {
    let ticks: Vec<_> = (0..5).map(|n| draft(at(0, n)).build().unwrap()).collect();
    store.save(ticks.clone()).await.unwrap();
    for (from, to, expected) in [
        (Some(1), Some(3), 1..3),
        (None, Some(3), 0..3),
        (Some(3), None, 3..5),
        (Some(2), Some(2), 2..2),
        (Some(0), Some(5), 0..5),
    ] {
        let range = TimeRange::new(from.map(|n| at(0, n)), to.map(|n| at(0, n))).unwrap();
        let found = all(&store, TickFilter { range, ..everything() }).await;
        assert_eq!(found, ticks[expected], "{from:?}..{to:?}");
    }
}

async fn pages_cover_everything_once(store: Store) {
    store.save(seconds(100)).await.unwrap();
    for limit in [1, 7, 50, 99, 100, 101] {
        let mut query = ListQuery::new(&everything());
        query.limit = limit;
        assert_eq!(pages::<Tick>(&store, query).await, seconds(100), "pages of {limit}");
    }
}

async fn pages_cut_inside_equal_times(store: Store) {
    let mut ticks: Vec<_> = (0..30)
        .map(|n| {
            draft(at(n / 10, 0))
                .sequence(i64::from(n % 3 == 0))
                .occurrence(n.try_into().unwrap())
                .build()
                .unwrap()
        })
        .collect();
    // The same trade on another venue: equal time, sequence and key.
    let id = TradeId::new("1").unwrap();
    let twin = |v: &str| draft(at(1, 0)).venue(venue(v)).trade_id(id.clone()).build().unwrap();
    ticks.extend([twin("v"), twin("w")]);
    store.save(ticks.clone()).await.unwrap();
    for limit in 1..5 {
        let mut query = ListQuery::new(&everything());
        query.limit = limit;
        assert_eq!(pages::<Tick>(&store, query).await, in_order(ticks.clone()), "pages of {limit}");
    }
}

async fn new_rows_do_not_disturb_pages(store: Store) {
    store.save(seconds(20)).await.unwrap();
    let mut query = ListQuery::new(&everything());
    query.limit = 10;
    let first = page_of::<Tick>(&store, &query).await.unwrap();
    let early = tick(at(-5, 0), "1", "1");
    let late = tick(at(50, 0), "1", "1");
    store.save(vec![early, late.clone()]).await.unwrap();
    query.after = first.next;
    query.limit = 100;
    let rest = page_of::<Tick>(&store, &query).await.unwrap().items;
    assert_eq!([first.items, rest].concat(), [seconds(20), vec![late]].concat());
}

async fn full_last_page_has_no_cursor(store: Store) {
    store.save(seconds(10)).await.unwrap();
    let mut query = ListQuery::new(&everything());
    query.limit = 10;
    assert_eq!(page_of::<Tick>(&store, &query).await.unwrap().next, None);
    query.limit = 9;
    let page = page_of::<Tick>(&store, &query).await.unwrap();
    assert_eq!(page.items.len(), 9);
    query.after = page.next;
    assert!(query.after.is_some(), "a cut answer says so");
    assert_eq!(page_of::<Tick>(&store, &query).await.unwrap().items, seconds(10)[9..]);
}

async fn limit_out_of_range_is_invalid_input(store: Store) {
    for limit in [0, 10_001, usize::MAX] {
        let mut query = ListQuery::new(&everything());
        query.limit = limit;
        let error = page_of::<Tick>(&store, &query).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
        assert!(error.to_string().contains("limit"), "{error}");
    }
}

async fn series_are_counted(store: Store) {
    let other = draft(time("2024-08-10")).venue(venue("a")).build().unwrap();
    store.save([seconds(10), vec![other]].concat()).await.unwrap();
    let series = |name: &str, count, first_ts, last_ts| TickSeries {
        venue: venue(name),
        symbol: symbol("X"),
        count,
        first_ts,
        last_ts,
        unit: TimeUnit::Seconds,
        aggregated: 0,
    };
    let other = time("2024-08-10");
    assert_eq!(
        store.series().await.unwrap(),
        [series("a", 1, other, other), series("v", 10, at(0, 0), at(9, 0))]
    );
}

/// A tick at nanoseconds behind a second, of a symbol.
fn told(name: &str, nanos: i64, aggregated: bool) -> Tick {
    let tick = Tick::builder(symbol(name), at(0, nanos)).venue(venue("v")).aggregated(aggregated);
    tick.price(1.into()).quantity(1.into()).build().unwrap()
}

async fn series_tell_how_ticks_were_told(store: Store) {
    store
        .save(vec![
            told("MS", 0, false),
            told("MS", 5_000_000, false),
            told("US", 5_000_000, true),
            told("US", 5_001_000, true),
            told("NS", 0, false),
            told("NS", 1, true),
        ])
        .await
        .unwrap();
    let series = store.series().await.unwrap();
    let series: Vec<_> =
        series.iter().map(|one| (one.symbol.as_str(), one.unit, one.aggregated)).collect();
    assert_eq!(
        series,
        [("MS", TimeUnit::Millis, 0), ("NS", TimeUnit::Nanos, 1), ("US", TimeUnit::Micros, 2)]
    );
}

async fn filters_by_how_they_were_told(store: Store) {
    let of = |nanos| told("X", nanos, false);
    let (second, milli, micro, nano) = (of(0), of(2_000_000), of(3_000), of(4));
    let sum = told("X", 5_000_000, true);
    let ticks = [&second, &milli, &micro, &nano, &sum].map(Clone::clone);
    store.save(ticks.to_vec()).await.unwrap();
    for (unit, aggregated, unlike) in [
        (TimeUnit::Seconds, false, vec![&milli, &micro, &nano, &sum]),
        (TimeUnit::Millis, false, vec![&second, &micro, &nano, &sum]),
        (TimeUnit::Micros, false, vec![&second, &milli, &nano, &sum]),
        (TimeUnit::Nanos, false, vec![&second, &milli, &micro, &sum]),
        (TimeUnit::Millis, true, vec![&second, &milli, &micro, &nano]),
    ] {
        let told = Told { unit, aggregated };
        let found = all(&store, TickFilter { unlike: Some(told), ..everything() }).await;
        assert_eq!(found, in_order(unlike.into_iter().cloned().collect()), "{told:?}");
    }
}

async fn answers_follow_the_data(store: Store) {
    // The same questions before and after: a plan kept from an empty table must not answer later
    // (DuckDB 1.5.6 gives `h` for `binance` when a prepared GROUP BY is run again).
    let ask = async |count| {
        let series = store.series().await.unwrap();
        let names: Vec<_> = series.iter().map(|s| (s.venue.as_str(), s.symbol.as_str())).collect();
        assert_eq!(names, vec![("binance", "BTC-USD"); usize::from(count > 0)]);
        assert_eq!(all(&store, everything()).await.len(), count);
        let filter = TickFilter { symbol: Some(symbol("BTC-USD")), ..everything() };
        assert_eq!(all(&store, filter).await.len(), count);
    };
    ask(0).await;
    for n in 1..4i32 {
        let tick = Tick::builder(symbol("BTC-USD"), at(i64::from(n), 0)).venue(venue("binance"));
        let tick = tick.price(i64::from(n).into()).quantity(1.into()).build().unwrap();
        store.save(vec![tick]).await.unwrap();
        ask(usize::try_from(n).unwrap()).await;
    }
}

async fn empty_store_is_healthy(store: Store) {
    let health = store.health().await;
    assert!(health.is_healthy(), "{health:?}");
}
