//! Cases of candles as venues and files tell them.

use tradekeep_models::{StoredCandle, StoredCandleFilter};

use super::{Store, at, between, name, symbol, venue};

super::list_cases!(stored_candles:
    a_correction_is_answered_alone_and_the_history_keeps_both,
    sources_and_intervals_are_told_apart,
    stored_candles_are_filtered_by_all_parts,
    they_are_not_the_candles_of_ticks,
);

/// A minute of `what` on `v`, as `klines` tells it.
fn candle(what: &str, minute: i64, close: i64) -> StoredCandle {
    StoredCandle::builder()
        .ts(at(60 * minute, 0))
        .venue(venue("v"))
        .symbol(symbol(what))
        .interval("1m".parse().unwrap())
        .source(name("klines"))
        .open(10.into())
        .high(close.max(10).into())
        .low(close.min(10).into())
        .close(close.into())
        .volume(3.into())
        .build()
}

async fn all(store: &Store, filter: StoredCandleFilter) -> Vec<StoredCandle> {
    store.stored_candles(filter).all().await.unwrap()
}

async fn a_correction_is_answered_alone_and_the_history_keeps_both(store: Store) {
    let first = candle("BTC", 1, 11);
    let corrected = StoredCandle { version: 1, ..candle("BTC", 1, 12) };
    store.save(vec![first.clone()]).await.unwrap();
    store.save(vec![corrected.clone(), first.clone()]).await.unwrap();
    let found = all(&store, StoredCandleFilter::default()).await;
    assert_eq!(found, std::slice::from_ref(&corrected));
    let history = store.stored_candles(StoredCandleFilter::default()).history();
    assert_eq!(history.all().await.unwrap(), [first, corrected]);
}

async fn sources_and_intervals_are_told_apart(store: Store) {
    let minute = candle("BTC", 1, 11);
    // Of one length, and two things.
    let seconds = StoredCandle { interval: "60s".parse().unwrap(), ..minute.clone() };
    let other = StoredCandle { source: name("vendor"), ..minute.clone() };
    store.save(vec![minute.clone(), seconds.clone(), other.clone()]).await.unwrap();
    assert_eq!(all(&store, StoredCandleFilter::default()).await, [minute, other, seconds]);
}

async fn stored_candles_are_filtered_by_all_parts(store: Store) {
    let rows: Vec<_> = (0..4).map(|n| candle("BTC", n, 10 + n)).collect();
    store.save([rows.clone(), vec![candle("ETH", 1, 9)]].concat()).await.unwrap();
    let filter = StoredCandleFilter {
        venue: Some(venue("v")),
        symbol: Some(symbol("BTC")),
        interval: Some("1m".parse().unwrap()),
        source: Some(name("klines")),
        range: between(60, 180),
    };
    assert_eq!(all(&store, filter.clone()).await, rows[1..3]);
    for none in [
        StoredCandleFilter { venue: Some(venue("w")), ..filter.clone() },
        StoredCandleFilter { symbol: Some(symbol("btc")), ..filter.clone() },
        StoredCandleFilter { interval: Some("60s".parse().unwrap()), ..filter.clone() },
        StoredCandleFilter { source: Some(name("vendor")), ..filter },
    ] {
        assert_eq!(all(&store, none).await, []);
    }
}

async fn they_are_not_the_candles_of_ticks(store: Store) {
    store.save(vec![candle("BTC", 1, 11)]).await.unwrap();
    assert_eq!(store.series().await.unwrap(), []);
    let minutes =
        tradekeep_models::CandleQuery::new(venue("v"), symbol("BTC"), "1m".parse().unwrap());
    assert_eq!(store.candles(minutes).all().await.unwrap(), []);
}
