//! What the side-by-side benches share: made ticks, the raw client's set-up, and figures.
//!
//! Each bench is a program that prints a table; run one with `cargo bench -p tradekeep-benches
//! --bench NAME`. `TRADEKEEP_BENCH_ROWS` makes it smaller.

use std::env;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use arrow::array::RecordBatch;
use duckdb::{Config, Connection};
use tradekeep_models::{
    Latency, Metric, Name, Side, Symbol, Tick, Timestamp, Trade, TradeAction, TradeId, TraderId,
    TradingMode, Venue,
};
use tradekeep_test_servers::questdb::{PG_PASSWORD, PG_USER, Ports};
use uuid::Uuid;

/// What a bench answers.
pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Rows to work on: `TRADEKEEP_BENCH_ROWS`, else `usual`.
pub fn rows(usual: usize) -> usize {
    env::var("TRADEKEEP_BENCH_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// `count` ticks of one symbol from number `first` on, in time order, 250 us apart.
///
/// # Errors
/// Never for numbers that fit the years to 2261.
pub fn ticks(first: usize, count: usize) -> Outcome<Vec<Tick>> {
    let (venue, symbol) = (Venue::new("binance")?, Symbol::new("BTCUSDT")?);
    let start = 1_723_075_200_000_000_000i64;
    (first..first + count)
        .map(|n| {
            let n = i64::try_from(n)?;
            Ok(Tick::builder(symbol.clone(), Timestamp::from_nanos(start + n * 250_000)?)
                .venue(venue.clone())
                .trade_id(TradeId::new(n.to_string())?)
                .price(format!("{}.{:02}", 61_000 + n / 97 % 900, n % 100).parse()?)
                .quantity(format!("0.{:05}", 1 + n * 7_919 % 99_999).parse()?)
                .side(if n % 3 == 0 { Side::Sell } else { Side::Buy })
                .build()?)
        })
        .collect()
}

/// `count` of our own trades from number `first` on, in time order, 50 ms apart: ten tokens, seven
/// traders.
///
/// # Errors
/// Never for numbers that fit the years to 2261.
pub fn trades(first: usize, count: usize) -> Outcome<Vec<Trade>> {
    let quote = Symbol::new("USDC")?;
    let trade = |n: usize| {
        let ts = at(n, 50_000_000)?;
        let id = Uuid::from_u128(
            u128::from(ts.as_nanos().unsigned_abs() / 1_000_000) << 80
                | 7 << 76
                | 2 << 62
                | n as u128,
        );
        Ok(Trade::builder()
            .ts(ts)
            .id(id)
            .trader_id(TraderId::new(format!("trader-{}", n % 7))?)
            .mode(if n.is_multiple_of(3) { TradingMode::Live } else { TradingMode::Paper })
            .action(if n.is_multiple_of(2) { TradeAction::Buy } else { TradeAction::Sell })
            .base_token(Symbol::new(format!("TOKEN{}", n % 10))?)
            .quote_token(quote.clone())
            .base_amount(format!("{}.{:03}", 1 + n % 50, n % 1000).parse()?)
            .quote_amount(format!("{}.{:02}", 150 + n % 5000, n % 100).parse()?)
            .executed_price(format!("150.{:02}", n % 100).parse()?)
            .transaction_fee(5_000)
            .priority_fee(n as u64 % 100_000)
            .actual_slippage(format!("{}.5", n % 30).parse()?)
            .tx_signature(Name::new(format!("{:064x}", n * 7_919))?)
            .request_id(Name::new(format!("request-{n}"))?)
            .latency_ns(1_000_000 + n as u64 % 977 * 10_000)
            .build())
    };
    (first..first + count).map(trade).collect()
}

/// `count` metrics of ten names from number `first` on, 50 ms apart.
///
/// # Errors
/// Never for numbers that fit the years to 2261.
pub fn metrics(first: usize, count: usize) -> Outcome<Vec<Metric>> {
    let metric = |n: usize| {
        let name = Name::new(format!("metric_{}", n % 10))?;
        let value = f64::from(u32::try_from(n * 7_919 % 100_003)?) / 7.0;
        let metric = Metric::new(at(n, 50_000_000)?, name, value);
        Ok(metric.with_label("venue", format!("v{}", n / 10 % 4))?)
    };
    (first..first + count).map(metric).collect()
}

/// `count` latencies of four services with five operations each from number `first` on, 50 ms apart.
///
/// # Errors
/// Never for numbers that fit the years to 2261.
pub fn latencies(first: usize, count: usize) -> Outcome<Vec<Latency>> {
    let latency = |n: usize| {
        let service = Name::new(format!("service-{}", n % 4))?;
        let operation = Name::new(format!("operation-{}", n % 5))?;
        let took = 100_000 + (n * 7_919 % 100_003) as u64 * 100;
        Ok(Latency::new(at(n, 50_000_000)?, service, operation, took))
    };
    (first..first + count).map(latency).collect()
}

fn at(n: usize, step: i64) -> Outcome<Timestamp> {
    Ok(Timestamp::from_nanos(1_723_075_200_000_000_000 + i64::try_from(n)? * step)?)
}

/// A connection to a bench's own QuestDB, of which the store knows nothing.
///
/// # Errors
/// When nobody listens there.
pub async fn questdb_client(ports: Ports) -> Outcome<tokio_postgres::Client> {
    let settings = format!(
        "host=127.0.0.1 port={} user={PG_USER} password={PG_PASSWORD} dbname=qdb",
        ports.pg
    );
    let (client, connection) = tokio_postgres::connect(&settings, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// One batch by the bare crate: its rows and its watermark, in one transaction.
///
/// # Errors
/// When DuckDB refuses it.
pub fn raw_batch(
    connection: &mut Connection,
    table: &str,
    batch: RecordBatch,
    last: usize,
) -> Outcome {
    let transaction = connection.transaction()?;
    let mut appender = transaction.appender(table)?;
    appender.append_record_batch(batch)?;
    appender.flush()?;
    drop(appender);
    let moved = "UPDATE ingest_watermark SET last_seq = ? \
                 WHERE stream = 's' AND epoch = 1 AND table_name = ?";
    transaction.execute(moved, (last, table))?;
    Ok(transaction.commit()?)
}

/// Time of each batch.
pub type Times = Vec<Duration>;

/// Prints one side's times, and answers its rate in millions of rows a second.
pub fn report(name: &str, batch: usize, times: &Times) -> f64 {
    let rate = rate(times.len() * batch, times.iter().sum());
    let longest = times.iter().max().copied().unwrap_or_default();
    println!(
        "{name:<18} {rate:>6.3} M rows/s   p50 {:>7.1?}  p99 {:>7.1?}  longest {longest:>7.1?}",
        percentile(times, 50),
        percentile(times, 99),
    );
    rate
}

/// DuckDB by its own crate, with the settings that tradekeep uses.
///
/// # Errors
/// When DuckDB cannot open it.
pub fn raw(file: &Path) -> Outcome<Connection> {
    let config = Config::default().with("checkpoint_threshold", "128MB")?;
    Ok(Connection::open_with_flags(file, config)?)
}

/// The time below which `percent` of `times` lie.
#[must_use]
pub fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// Millions of rows a second.
#[must_use]
pub fn rate(rows: usize, time: Duration) -> f64 {
    u32::try_from(rows).map_or(f64::NAN, f64::from) / time.as_secs_f64() / 1e6
}
