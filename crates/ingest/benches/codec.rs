//! Records as the bytes of the spool, and back: a thousand of them at a time. One thread, no I/O.
//!
//! `cargo bench -p tradekeep-ingest`.
#![allow(clippy::expect_used, missing_docs, reason = "a bench")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tradekeep_ingest::bench::{encode, push};
use tradekeep_models::record::Record;
use tradekeep_models::{
    Decimal, Latency, Name, Records, Symbol, Tick, Timestamp, Trade, TradeAction, TraderId,
    TradingMode,
};

const COUNT: u32 = 1_000;

fn both_ways<R: Record>(c: &mut Criterion, record: &R)
where
    Records: From<Vec<R>>,
{
    let mut payload = Vec::new();
    encode(record, &mut payload).expect("a record");
    let mut group = c.benchmark_group(R::TABLE.as_str());
    group.throughput(Throughput::Elements(u64::from(COUNT)));
    group.bench_function("encode", |b| {
        let mut out = Vec::new();
        b.iter(|| {
            out.clear();
            (0..COUNT).try_for_each(|_| encode(record, &mut out))
        });
    });
    group.bench_function("decode", |b| {
        let read = |mut records: Records| {
            assert!((0..COUNT).all(|_| push(&mut records, &payload)));
            records
        };
        b.iter_batched(|| Records::empty(R::TABLE), read, BatchSize::SmallInput);
    });
    group.finish();
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).expect("a symbol")
}

fn tick(ts: Timestamp) -> Tick {
    let tick = Tick::builder(symbol("BTC-USD"), ts).price(decimal("61810.25"));
    tick.quantity(decimal("0.02000001")).build().expect("a tick")
}

fn trade(ts: Timestamp) -> Trade {
    Trade::builder()
        .ts(ts)
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

fn codec(c: &mut Criterion) {
    let ts: Timestamp = "2024-08-08T10:00:05.25Z".parse().expect("a time");
    let name = |text: &str| Name::new(text).expect("a name");
    both_ways(c, &tick(ts));
    both_ways(c, &trade(ts));
    both_ways(c, &Latency::new(ts, name("router"), name("quote"), 1_250_000));
}

criterion_group!(benches, codec);
criterion_main!(benches);
