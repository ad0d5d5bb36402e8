//! Strategies for property tests: values over the whole range of each type, and records that collide.
//!
//! Identities are of small spaces, so that versions, repeats and conflicts happen, and what is filtered
//! by has few common values among hostile ones. What analyses add up in doubles has few binary places:
//! its sums are exact in any order.

mod executions;
mod measurements;
mod values;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

pub use executions::{fill, order, position, trade};
pub use measurements::{latency, metric, mev_event, node_health, system_event};
pub use values::{crowded_timestamp, float, json, labels, message, name, text, uuid};

use crate::{Decimal, Interval, Side, StoredCandle, Symbol, Tick, Timestamp, TradeId, Venue};

/// Any decimal, small ones with few places as likely as extremes.
pub fn decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (-1_000_000i64..1_000_000, 0u32..=8).prop_map(|(mantissa, scale)| (mantissa.into(), scale)),
        (Decimal::MIN.scaled()..=Decimal::MAX.scaled()).prop_map(|scaled| (scaled, Decimal::SCALE)),
    ]
    .prop_filter_map("fits", |(mantissa, scale)| Decimal::from_parts(mantissa, scale).ok())
}

/// A price or quantity whose product with another fits: below 10^9, up to 18 places.
pub fn amount() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (0i64..1_000_000_000, 0u32..=8).prop_map(|(mantissa, scale)| (mantissa.into(), scale)),
        (0i128..10i128.pow(27)).prop_map(|scaled| (scaled, Decimal::SCALE)),
    ]
    .prop_filter_map("fits", |(mantissa, scale)| Decimal::from_parts(mantissa, scale).ok())
}

/// Any moment.
pub fn timestamp() -> impl Strategy<Value = Timestamp> {
    (0..=Timestamp::MAX.as_nanos()).prop_filter_map("fits", |n| Timestamp::from_nanos(n).ok())
}

/// A moment of few days, so that buckets and equal times happen.
pub fn near_timestamp() -> impl Strategy<Value = Timestamp> {
    let start = 1_723_075_200_000_000_000i64; // 2024-08-08
    prop_oneof![
        (0i64..300).prop_map(move |n| start + n * 1_000_000_000),
        (0i64..3 * 86_400_000).prop_map(move |n| start + n * 1_000_000 + n % 7),
    ]
    .prop_filter_map("fits", |n| Timestamp::from_nanos(n).ok())
}

/// Any symbol, hostile text included.
pub fn symbol() -> impl Strategy<Value = Symbol> {
    prop_oneof!["[A-Z]{3,5}-USD", "[!-~]{1,64}", "\\PC{1,16}"]
        .prop_filter_map("valid", |text: String| Symbol::new(text).ok())
}

/// A tick of one of three symbols on one of two venues within a few days.
pub fn tick() -> impl Strategy<Value = Tick> {
    let ids = option::of(prop_oneof!["[0-9]{1,6}", "[a-f0-9]{4}"]);
    (
        (0usize..3, 0usize..2, near_timestamp(), ids),
        (amount(), amount(), option::of(prop::bool::ANY), option::of(near_timestamp()), 0u32..3),
    )
        .prop_filter_map(
            "valid",
            |((symbol, venue, ts, id), (price, quantity, buy, received, n))| {
                let symbol = Symbol::new(["BTC-USD", "ETH-USD", "SOL'USD\""][symbol]).ok()?;
                let side = buy.map(|buy| if buy { Side::Buy } else { Side::Sell });
                Tick::builder(symbol, ts)
                    .venue(Venue::new(["binance", "coinbase"][venue]).ok()?)
                    .trade_id(id.and_then(|id| TradeId::new(id).ok()))
                    .received_ts(received)
                    .price(price)
                    .quantity(quantity)
                    .side(side)
                    .occurrence(n)
                    .aggregated(n == 2)
                    .build()
                    .ok()
            },
        )
}

/// Up to `most` such ticks, in no order, repeats included.
pub fn ticks(most: usize) -> impl Strategy<Value = Vec<Tick>> {
    vec(tick(), 0..=most)
}

/// A candle of one of few series, and its corrections. Its prices are any, in the order that candles have.
pub fn stored_candle() -> impl Strategy<Value = StoredCandle> {
    let series = (text(&["coinbase", "é"]), text(&["BTC-USD", "\"'"]), text(&["klines", "vendor"]));
    let interval = proptest::sample::select(vec!["1m", "60s", "1d"]);
    let prices = [decimal(), decimal(), decimal(), decimal()];
    let more = (amount(), option::of(decimal()), option::of(0u64..1 << 60), option::of(decimal()));
    (crowded_timestamp(), series, interval, 0u32..2, prices, more).prop_filter_map(
        "an interval",
        |(ts, (venue, symbol, source), interval, version, mut prices, more)| {
            prices.sort_unstable();
            let ([low, open, close, high], (volume, notional, count, vwap)) = (prices, more);
            let interval: Interval = interval.parse().ok()?;
            Some(StoredCandle {
                ts,
                venue,
                symbol,
                interval,
                source,
                version,
                open,
                high,
                low,
                close,
                volume,
                notional,
                count,
                vwap,
            })
        },
    )
}
