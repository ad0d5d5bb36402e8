//! Claim: of 300,000 orders in a million states the latest 100 are answered within 50 ms by DuckDB and 100 ms by
//! QuestDB, and a batch of 1,000 orders or fills costs at most 10 ms more where a million of them are within the
//! duplicate window than where nothing is looked for there.
//!
//! Workload: 300,000 orders whose states are 100 ms apart, without versions, and a million fills. `latest`: the newest
//! 100 orders, the median of 15. `batch`: 1,000 states of new and older orders, and 1,000 new fills, written to a store with a
//! window of 48 hours and to another with none; each figure is the median of 15 batches. The first two, which read what
//! is within the window, are told apart.
//!
//! Command: `cargo bench -p tradekeep-benches --bench states`

use std::sync::Arc;
use std::time::{Duration, Instant};

use tradekeep_benches::{Outcome, percentile, rows};
use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{
    Fill, Market, Name, Order, OrderFilter, OrderStatus, OrderType, Side, Symbol, Timestamp,
    TraderId, Venue,
};
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_store_traits::{DUPLICATE_WINDOW, Records, SeriesStore};
use tradekeep_test_servers::questdb::Questdb;
use uuid::Uuid;

const CHUNK: usize = 10_000;
const RUNS: usize = 15;
const BATCH: usize = 1_000;
const NONE: Duration = Duration::ZERO;

fn at(n: usize) -> Outcome<Timestamp> {
    Ok(Timestamp::from_nanos(1_723_075_200_000_000_000 + i64::try_from(n)? * 100_000_000)?)
}

/// An id that says nothing of its time, as those that are made of a venue's.
fn id(kind: u64, n: usize) -> Uuid {
    let mixed = (n as u64 + kind).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Uuid::from_u64_pair(mixed, mixed.rotate_left(31) ^ kind)
}

/// States of orders, each with 3 or 4 of them.
fn orders(first: usize, count: usize) -> Outcome<Vec<Order>> {
    let statuses = [OrderStatus::Pending, OrderStatus::Open, OrderStatus::Filled];
    (first..first + count)
        .map(|n| {
            let number = n * 3 / 10;
            Ok(Order::builder()
                .ts(at(n)?)
                .order_id(id(1, number))
                .trader_id(TraderId::new(format!("trader-{}", number % 7))?)
                .venue(Venue::new("polymarket")?)
                .market(Market::new(format!("market-{}", number % 10))?)
                .side(Side::Buy)
                .order_type(OrderType::Limit)
                .quantity(100.into())
                .status(statuses[n % 3])
                .client_order_id(Name::new(format!("client-order-{number}"))?)
                .build()
                .with_price("0.52".parse()?))
        })
        .collect()
}

fn fills(first: usize, count: usize) -> Outcome<Vec<Fill>> {
    (first..first + count)
        .map(|n| {
            Ok(Fill::builder()
                .ts(at(n)?)
                .fill_id(id(2, n))
                .order_id(id(1, n * 3 / 10))
                .venue(Venue::new("polymarket")?)
                .market(Market::new(format!("market-{}", n % 10))?)
                .side(Side::Buy)
                .price("0.52".parse()?)
                .quantity(100.into())
                .fee("0.1".parse()?)
                .fee_currency(Symbol::new("USDC")?)
                .build())
        })
        .collect()
}

async fn timed(store: &dyn SeriesStore, records: impl Into<Records> + Send) -> Outcome<Duration> {
    let records = records.into();
    let (count, since) = (records.len() as u64, Instant::now());
    let saved = store.save(records).await?;
    if saved.inserted != count {
        return Err(format!("{} of {count} are new", saved.inserted).into());
    }
    Ok(since.elapsed())
}

/// The median time of a batch, and the longest of the first two, which read what is within the window.
async fn batches<R: Send>(
    store: &dyn SeriesStore,
    from: usize,
    make: impl Fn(usize, usize) -> Outcome<Vec<R>>,
) -> Outcome<[Duration; 2]>
where
    Vec<R>: Into<Records>,
{
    let mut times = Vec::new();
    for run in 0..RUNS + 2 {
        times.push(timed(store, make(from + run * BATCH, BATCH)?).await?);
    }
    Ok([percentile(&times[2..], 50), percentile(&times[..2], 100)])
}

/// Fills a store, opens it again and times it: a page, a batch of orders, a batch of fills.
async fn run(
    open: impl AsyncFn() -> Outcome<Arc<dyn SeriesStore>>,
    rows: usize,
) -> Outcome<(Duration, [[Duration; 2]; 2])> {
    let store = open().await?;
    for first in (0..rows).step_by(CHUNK) {
        let count = CHUNK.min(rows - first);
        store.save(orders(first, count)?).await?;
        store.save(fills(first, count)?).await?;
    }
    store.close().await?;
    let store = open().await?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let since = Instant::now();
        let found = store.orders(OrderFilter::default()).limit(100).page().await?.items.len();
        if found != 100 {
            return Err(format!("{found} orders").into());
        }
        times.push(since.elapsed());
    }
    let store = store.as_ref();
    let written = [batches(store, rows, orders).await?, batches(store, rows, fills).await?];
    store.close().await?;
    Ok((percentile(&times, 50), written))
}

async fn compare(
    name: &str,
    bar: u64,
    rows: usize,
    open: impl AsyncFn(Duration) -> Outcome<Arc<dyn SeriesStore>>,
) -> Outcome {
    let (page, looking) = run(async || open(DUPLICATE_WINDOW).await, rows).await?;
    let (_, not) = run(async || open(NONE).await, rows).await?;
    println!("{name}, {rows} states of {} orders and {rows} fills", rows * 3 / 10);
    println!("  latest 100 orders        {page:>8.2?} (bar {bar} ms)");
    for (what, ([took, first], [without, _])) in
        ["orders", "fills"].iter().zip(looking.iter().zip(&not))
    {
        let more = took.saturating_sub(*without);
        println!(
            "  batch of 1,000 {what:<8}  {took:>8.2?}  without a look {without:>8.2?}  more {more:>8.2?} \
             (bar 10 ms)  first two at most {first:.2?}"
        );
    }
    Ok(())
}

async fn duckdb(rows: usize) -> Outcome {
    let folder = tempfile::tempdir()?;
    compare("DuckDB", 50, rows, async |window: Duration| {
        let folder = folder.path().join(window.as_secs().to_string());
        let config = DuckDbConfig::new(folder).with_duplicate_window(window);
        Ok(Arc::new(DuckDbStore::connect(config).await?) as Arc<dyn SeriesStore>)
    })
    .await
}

async fn questdb(url: &str, rows: usize) -> Outcome {
    let config = QuestDbConfig::from_url(url)?.with_write_timeout(Duration::from_secs(60));
    compare("QuestDB", 100, rows, async |window: Duration| {
        let prefix = format!("w{}_", window.as_secs());
        let config = config.clone().with_duplicate_window(window).with_table_prefix(prefix);
        Ok(Arc::new(QuestDbStore::connect(config).await?) as Arc<dyn SeriesStore>)
    })
    .await
}

fn main() -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let rows = rows(1_000_000);
    runtime.block_on(duckdb(rows))?;
    let server = Questdb::start_for_bench()?;
    runtime.block_on(questdb(&server.url(), rows))?;
    Ok(server.stop()?)
}
