//! Cases of [`TickStore`](crate::TickStore) on candles.

use tradekeep_models::{Candle, CandleQuery, GapFill, Tick, TimeRange, TradeId};

use super::{Store, at, draft, interval, symbol, tick, time, venue};
use crate::ErrorKind;

super::list_cases!(candles:
    no_ticks_no_candles,
    open_high_low_close_and_sums,
    equal_times_open_and_close_by_sequence_then_key,
    one_nanosecond_before_the_end_is_inside,
    buckets_of_every_width,
    vwap_is_half_even_of_exact_sums,
    no_volume_no_vwap,
    other_series_stay_out,
    late_tick_corrects_its_candle,
    range_holds_whole_candles_that_open_in_it,
    empty_buckets_absent_previous_or_zero,
    pages_cover_everything_once,
    filled_pages_cover_everything_once,
    minutes_roll_up_to_days,
    agree_with_the_model,
    sum_that_does_not_fit_is_an_error,
    limit_out_of_range_is_invalid_input,
);

fn query(width: &str) -> CandleQuery {
    CandleQuery::new(venue("v"), symbol("X"), interval(width))
}

async fn candles(store: &Store, query: CandleQuery) -> Vec<Candle> {
    store.candles(query).all().await.unwrap()
}

/// `open high low close volume notional count vwap`, for short expectations.
fn row(candle: &Candle) -> String {
    let price = |p: Option<tradekeep_models::Decimal>| p.map_or("-".into(), |p| p.to_string());
    format!(
        "{} {} {} {} {} {} {} {}",
        price(candle.open),
        price(candle.high),
        price(candle.low),
        price(candle.close),
        candle.volume,
        candle.notional,
        candle.count,
        price(candle.vwap)
    )
}

fn rows(candles: &[Candle]) -> Vec<String> {
    candles.iter().map(row).collect()
}

async fn no_ticks_no_candles(store: Store) {
    for fill in [GapFill::None, GapFill::Previous, GapFill::Zero] {
        let page = store.candles(CandleQuery { fill, ..query("1m") }).page().await.unwrap();
        assert!(page.items.is_empty() && page.next.is_none());
    }
}

async fn open_high_low_close_and_sums(store: Store) {
    let ticks = vec![
        tick(at(59, 0), "12", "4"),
        tick(at(1, 0), "10", "1"),
        tick(at(2, 0), "13.5", "2"),
        tick(at(3, 0), "-9", "0.5"),
    ];
    store.save(ticks).await.unwrap();
    let found = candles(&store, query("1m")).await;
    assert_eq!(rows(&found), ["10 13.5 -9 12 7.5 80.5 4 10.733333333333333333"]);
    let candle = &found[0];
    assert_eq!(
        (candle.open_ts, &candle.venue, &candle.symbol),
        (at(0, 0), &venue("v"), &symbol("X"))
    );
    assert_eq!(candle.interval, interval("1m"));
}

async fn equal_times_open_and_close_by_sequence_then_key(store: Store) {
    let priced = |price: i64, sequence: i64| {
        draft(at(1, 0)).price(price.into()).sequence(sequence).build().unwrap()
    };
    store.save(vec![priced(5, 10), priced(6, 9), priced(7, 11)]).await.unwrap();
    let found = candles(&store, query("1s")).await;
    assert_eq!(rows(&found), ["6 7 5 7 3 18 3 6"]);
    // Arrival does not matter, numbers do: 2 comes before 9.
    store.save(vec![priced(8, 2)]).await.unwrap();
    assert_eq!(rows(&candles(&store, query("1s")).await), ["8 8 5 7 4 26 4 6.5"]);
    // Equal sequences: the key.
    let keyed: Vec<Tick> = (0..10)
        .map(|n| draft(at(5, 0)).price((100 + n).into()).sequence(1).build().unwrap())
        .collect();
    let first = keyed.iter().min_by_key(|t| t.key()).unwrap().price();
    let last = keyed.iter().max_by_key(|t| t.key()).unwrap().price();
    store.save(keyed).await.unwrap();
    let found = candles(&store, query("1s")).await;
    assert_eq!((found[1].open, found[1].close), (Some(first), Some(last)));
}

async fn one_nanosecond_before_the_end_is_inside(store: Store) {
    let ticks =
        vec![tick(at(60, -1), "1", "1"), tick(at(60, 0), "2", "1"), tick(at(60, 1), "3", "1")];
    store.save(ticks).await.unwrap();
    let counts: Vec<_> = candles(&store, query("1m")).await.iter().map(|c| c.count).collect();
    assert_eq!(counts, [1, 2]);
}

async fn buckets_of_every_width(store: Store) {
    store.save(vec![tick(time("2024-08-08T17:34:56.789Z"), "1", "1")]).await.unwrap();
    store.save(vec![tick(time("1970-01-01T00:00:00Z"), "1", "1")]).await.unwrap();
    for (width, open) in [
        ("1s", "2024-08-08T17:34:56Z"),
        ("7m", "2024-08-08T17:30:00Z"),
        ("15m", "2024-08-08T17:30:00Z"),
        ("4h", "2024-08-08T16:00:00Z"),
        ("1d", "2024-08-08T00:00:00Z"),
        ("1w", "2024-08-05T00:00:00Z"),
        ("2w", "2024-07-29T00:00:00Z"),
        ("1M", "2024-08-01T00:00:00Z"),
        ("3M", "2024-07-01T00:00:00Z"),
        ("12M", "2024-01-01T00:00:00Z"),
    ] {
        let found = candles(&store, query(width)).await;
        let opens: Vec<_> = found.iter().map(|candle| candle.open_ts).collect();
        assert_eq!(opens, [time("1970-01-01"), time(open)], "{width}");
    }
}

async fn vwap_is_half_even_of_exact_sums(store: Store) {
    // 10.000…005 / 2 is a tie at 18 places: 5.000…002, not …003.
    let ticks = vec![tick(at(1, 0), "10.000000000000000005", "1"), tick(at(2, 0), "0", "1")];
    store.save(ticks).await.unwrap();
    let ticks =
        vec![tick(at(61, 0), "1", "1"), tick(at(62, 0), "1", "1"), tick(at(63, 0), "0", "1")];
    store.save(ticks).await.unwrap();
    let found = candles(&store, query("1m")).await;
    let vwap = |n: usize| found[n].vwap.unwrap().to_string();
    assert_eq!((vwap(0), vwap(1)), ("5.000000000000000002".into(), "0.666666666666666667".into()));
}

async fn no_volume_no_vwap(store: Store) {
    store.save(vec![tick(at(1, 0), "5", "0")]).await.unwrap();
    assert_eq!(rows(&candles(&store, query("1m")).await), ["5 5 5 5 0 0 1 -"]);
}

async fn other_series_stay_out(store: Store) {
    let own = tick(at(1, 0), "1", "1");
    let elsewhere = draft(at(1, 0)).venue(venue("w")).build().unwrap();
    let other = Tick::builder(symbol("Y"), at(1, 0)).venue(venue("v"));
    let other = other.price(9.into()).quantity(9.into()).build().unwrap();
    store.save(vec![own, elsewhere, other]).await.unwrap();
    assert_eq!(rows(&candles(&store, query("1m")).await), ["1 1 1 1 1 1 1 1"]);
}

async fn late_tick_corrects_its_candle(store: Store) {
    store.save(vec![tick(at(30, 0), "10", "1"), tick(at(90, 0), "20", "1")]).await.unwrap();
    assert_eq!(candles(&store, query("1m")).await.len(), 2);
    store.save(vec![tick(at(10, 0), "12", "3")]).await.unwrap();
    let found = candles(&store, query("1m")).await;
    assert_eq!(rows(&found), ["12 12 10 10 4 46 2 11.5", "20 20 20 20 1 20 1 20"]);
}

async fn range_holds_whole_candles_that_open_in_it(store: Store) {
    let ticks = [59, 60, 90, 119, 120].map(|second| tick(at(second, 0), "1", "1"));
    store.save(ticks.to_vec()).await.unwrap();
    for (from, to, expected) in [
        (Some(30), Some(90), vec![3]),
        (Some(60), Some(120), vec![3]),
        (Some(61), None, vec![1]),
        (None, Some(61), vec![1, 3]),
        (Some(60), Some(60), vec![]),
    ] {
        let range = TimeRange::new(from.map(|s| at(s, 0)), to.map(|s| at(s, 0))).unwrap();
        let found = candles(&store, CandleQuery { range, ..query("1m") }).await;
        let counts: Vec<_> = found.iter().map(|candle| candle.count).collect();
        assert_eq!(counts, expected, "{from:?}..{to:?}");
    }
}

async fn empty_buckets_absent_previous_or_zero(store: Store) {
    store.save(vec![tick(at(10, 0), "1", "1"), tick(at(12, 0), "2", "1")]).await.unwrap();
    let range = TimeRange::new(at(9, 0), at(14, 0)).unwrap();
    let filled = |fill| candles(&store, CandleQuery { fill, range, ..query("1s") });
    let (first, last) = ("1 1 1 1 1 1 1 1", "2 2 2 2 1 2 1 2");
    assert_eq!(rows(&filled(GapFill::None).await), [first, last]);
    assert_eq!(
        rows(&filled(GapFill::Previous).await),
        [first, "1 1 1 1 0 0 0 -", last, "2 2 2 2 0 0 0 -"]
    );
    let zero = "- - - - 0 0 0 -";
    assert_eq!(rows(&filled(GapFill::Zero).await), [zero, first, zero, last, zero]);
}

fn scattered() -> Vec<Tick> {
    // Made by a fixed rule: 400 ticks over three days, many of them close together.
    (0..400i64)
        .map(|n| {
            let second = (n * 7_919) % 259_200 / (1 + n % 5 * 40);
            draft(at(second, n % 3))
                .price((90 + n * 31 % 20).into())
                .quantity((1 + n % 4).into())
                .trade_id(TradeId::new(n.to_string()).unwrap())
                .build()
                .unwrap()
        })
        .collect()
}

async fn pages_cover_everything_once(store: Store) {
    store.save(scattered()).await.unwrap();
    let whole = candles(&store, query("1h")).await;
    for limit in [1, 7, whole.len()] {
        assert_eq!(candles(&store, CandleQuery { limit, ..query("1h") }).await, whole);
    }
}

async fn filled_pages_cover_everything_once(store: Store) {
    store.save(scattered()).await.unwrap();
    for fill in [GapFill::Previous, GapFill::Zero] {
        let range = TimeRange::new(at(-7_200, 0), at(300_000, 0)).unwrap();
        let query = CandleQuery { fill, range, ..query("1h") };
        let whole = candles(&store, query.clone()).await;
        assert!(whole.iter().any(|candle| candle.count == 0));
        for limit in [1, 7] {
            assert_eq!(candles(&store, CandleQuery { limit, ..query.clone() }).await, whole);
        }
    }
}

async fn minutes_roll_up_to_days(store: Store) {
    store.save(scattered()).await.unwrap();
    let minutes = candles(&store, query("1m")).await;
    for wide in ["1h", "1d", "1w", "1M"] {
        let rolled = Candle::roll_up(interval(wide), minutes.clone()).unwrap();
        assert_eq!(candles(&store, query(wide)).await, rolled, "{wide}");
    }
}

async fn agree_with_the_model(store: Store) {
    let ticks = super::in_order(scattered());
    store.save(ticks.clone()).await.unwrap();
    for width in ["1s", "13s", "1m", "7m", "1h", "5h", "1d", "1w", "1M"] {
        let model = Candle::from_ticks(interval(width), &ticks).unwrap();
        assert_eq!(candles(&store, query(width)).await, model, "{width}");
    }
}

async fn sum_that_does_not_fit_is_an_error(store: Store) {
    let huge = |second| tick(at(second, 0), "0.1", "60000000000000000000");
    store.save(vec![huge(1), huge(2)]).await.unwrap();
    let error = store.candles(query("1m")).page().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Query, "{error}");
    assert_eq!(candles(&store, query("1s")).await.len(), 2, "each alone fits");
}

async fn limit_out_of_range_is_invalid_input(store: Store) {
    for limit in [0, 10_001] {
        let error = store.candles(CandleQuery { limit, ..query("1m") }).page().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
    }
}
