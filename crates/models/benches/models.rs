//! What every record passes: decimals, a row and back, candles of ticks. One thread, no I/O.
//!
//! `cargo bench -p tradekeep-models`
#![allow(clippy::expect_used, missing_docs, reason = "a bench")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tradekeep_models::record::Record;
use tradekeep_models::{
    Candle, Decimal, Interval, Metric, Name, Side, Symbol, Tick, Timestamp, Trade, TradeAction,
    TraderId, TradingMode, Venue,
};

const TICKS: i64 = 10_000;

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_nanos(1_723_111_205_000_000_000 + millis * 1_000_000).expect("a time")
}

/// One every 100 ms, at prices that move by cents.
fn ticks() -> Vec<Tick> {
    let (symbol, venue) = (Symbol::new("BTC-USD"), Venue::new("coinbase"));
    let (symbol, venue) = (symbol.expect("a symbol"), venue.expect("a venue"));
    let tick = |number: i64| {
        let price = format!("618{}.{:02}", 10 + number % 80, number % 100);
        Tick::builder(symbol.clone(), at(number * 100))
            .venue(venue.clone())
            .price(decimal(&price))
            .quantity(decimal("0.02000001"))
            .side(Side::Buy)
            .build()
            .expect("a tick")
    };
    (0..TICKS).map(tick).collect()
}

fn trade() -> Trade {
    let symbol = |text| Symbol::new(text).expect("a symbol");
    Trade::builder()
        .ts(at(0))
        .trader_id(TraderId::new("arb-1").expect("a trader"))
        .mode(TradingMode::Live)
        .action(TradeAction::Buy)
        .base_token(symbol("SOL"))
        .quote_token(symbol("USDC"))
        .base_amount(decimal("2.5"))
        .quote_amount(decimal("375.25"))
        .executed_price(decimal("150.1"))
        .build()
}

fn metric() -> Metric {
    Metric::new(at(0), Name::new("lag_ms").expect("a name"), 45.3)
}

fn decimals(c: &mut Criterion) {
    let mut group = c.benchmark_group("decimal");
    let (price, quantity) = (decimal("61837.63"), decimal("0.02000001"));
    group.bench_function("parse", |b| b.iter(|| black_box("61837.63").parse::<Decimal>()));
    group.bench_function("to_string", |b| b.iter(|| black_box(price).to_string()));
    group.bench_function("add", |b| b.iter(|| black_box(price).add(black_box(quantity))));
    group.bench_function("mul_round", |b| {
        b.iter(|| black_box(price).mul_round(black_box(quantity)));
    });
    group.bench_function("div_round", |b| {
        b.iter(|| black_box(price).div_round(black_box(quantity)));
    });
    group.finish();
}

/// Into the values of its columns and out of them, as stores and the spool have records.
fn row_and_back<R: Record>(c: &mut Criterion, record: &R) {
    c.benchmark_group("row").bench_function(R::TABLE.as_str(), |b| {
        b.iter(|| {
            let row = (0..R::COLUMNS.len()).map(|column| black_box(record).value(column));
            R::from_row(row.collect())
        });
    });
}

fn rows(c: &mut Criterion) {
    row_and_back(c, &ticks()[0]);
    row_and_back(c, &trade());
    row_and_back(c, &metric());
}

fn candles(c: &mut Criterion) {
    let ticks = ticks();
    let minute: Interval = "1m".parse().expect("an interval");
    let mut group = c.benchmark_group("candle");
    group.throughput(Throughput::Elements(ticks.len() as u64));
    group.bench_function("from_ticks", |b| {
        b.iter(|| Candle::from_ticks(minute, black_box(&ticks)));
    });
    group.finish();
}

criterion_group!(benches, decimals, rows, candles);
criterion_main!(benches);
