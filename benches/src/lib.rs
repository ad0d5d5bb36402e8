//! What the side-by-side benches share: made ticks, the raw client's set-up, and figures.
//!
//! Each bench is a program that prints a table; run one with `cargo bench -p tradekeep-benches
//! --bench NAME`. `TRADEKEEP_BENCH_ROWS` makes it smaller.

use std::env;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use duckdb::{Config, Connection};
use tradekeep_models::{Side, Symbol, Tick, Timestamp, TradeId, Venue};

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
