//! Records that survive the end of their process: a child appends and dies without a word, and what it
//! was given receipts for is in the store once: `cargo run -p tradekeep --example ingest`.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Duration;

use tradekeep::prelude::*;

/// Names the child's data folder to it.
const FOLDER: &str = "TRADEKEEP_EXAMPLE_FOLDER";
const BATCH: i64 = 100;
const BATCHES: i64 = 50;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Ok(folder) = std::env::var(FOLDER) {
        return child(&folder).await;
    }
    let folder = tempfile::tempdir()?;
    let output = Command::new(std::env::current_exe()?)
        .env(FOLDER, folder.path())
        .stderr(Stdio::null())
        .output()?;
    let receipts = String::from_utf8(output.stdout)?;
    let receipted: i64 = receipts.lines().last().ok_or("no receipt")?.parse()?;
    println!("the child ended by {}, with receipts for {receipted} ticks", output.status);
    assert!(!output.status.success() && receipted == BATCH * BATCHES);

    let store = open(folder.path().to_str().ok_or("the folder's name is no text")?).await?;
    let ingest = store.ingest().await?;
    println!("{} of them wait in the spool", ingest.stats().pending());

    // Whoever does not know what was taken sends it all again: identity keeps records single.
    for batch in 0..BATCHES {
        ingest.append(ticks(batch)?).await?;
    }
    let stats = ingest.flush(Duration::from_secs(30)).await;
    println!("{} pending, {} dead letters", stats.pending(), stats.dead_letters);
    assert_eq!((stats.pending(), stats.dead_letters), (0, 0));

    let series = store.series().await?;
    let first = series.first().ok_or("nothing is stored")?;
    println!("{} ticks of {} are stored", first.count, first.symbol);
    assert_eq!(i64::try_from(first.count)?, receipted);
    let range = TimeRange::new(None, Some(at(3)?))?;
    let earliest = TickFilter { range, ..TickFilter::default() };
    for tick in store.ticks(earliest).all().await? {
        println!("  {} {} at {}", tick.ts(), tick.quantity(), tick.price());
    }

    // First what delivers, then what it delivers to.
    ingest.shutdown(Duration::from_secs(5)).await?;
    store.shutdown().await?;
    Ok(())
}

/// Appends, tells of each receipt, and dies in the midst of delivery.
async fn child(folder: &str) -> Result<(), Box<dyn Error>> {
    let store = open(folder).await?;
    let ingest = store.ingest().await?;
    for batch in 0..BATCHES {
        let receipt = ingest.append(ticks(batch)?).await?; // in the spool: survives this process
        if batch == BATCHES / 2 {
            receipt.synced().await?; // on the disk: survives a loss of power
        }
        println!("{}", (batch + 1) * BATCH);
    }
    std::process::abort();
}

async fn open(folder: &str) -> Result<Tradekeep, Box<dyn Error>> {
    Ok(Tradekeep::open(&Config::from_url(&format!("duckdb://{folder}"))?).await?)
}

fn at(number: i64) -> Result<Timestamp, Box<dyn Error>> {
    let start: Timestamp = "2024-08-08T10:00:00Z".parse()?;
    Ok(Timestamp::from_nanos(start.as_nanos() + number * 1_000_000)?)
}

fn ticks(batch: i64) -> Result<Vec<Tick>, Box<dyn Error>> {
    let (venue, symbol) = (Venue::new("coinbase")?, Symbol::new("BTC-USD")?);
    let numbers = batch * BATCH..(batch + 1) * BATCH;
    let tick = |number: i64| -> Result<Tick, Box<dyn Error>> {
        let tick = Tick::builder(symbol.clone(), at(number)?)
            .venue(venue.clone())
            .trade_id(TradeId::new(number.to_string())?)
            .price("61837.63".parse()?)
            .quantity("0.02".parse()?);
        Ok(tick.build()?)
    };
    numbers.map(tick).collect()
}
