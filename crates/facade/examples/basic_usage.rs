//! Ticks in, candles out, no server: `cargo run -p tradekeep --example basic_usage`.

use std::error::Error;

use tradekeep::formats::SampleMarket;
use tradekeep::{CandleQuery, Config, RecordSinkExt, Symbol, TickStoreExt, Tradekeep, Venue};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Tradekeep::open(&Config::from_url("duckdb://:memory:")?).await?;

    // A made-up day of three symbols; the same seed makes the same day.
    let ticks: Vec<_> = SampleMarket::new(7, "2024-08-08".parse()?).take(50_000).collect();
    let saved = store.sink().save_ticks(ticks.clone()).await?;
    println!("{} ticks stored", saved.inserted);

    // Sending them again adds nothing.
    let again = store.sink().save_ticks(ticks).await?;
    println!("{} stored again, {} known already", again.inserted, again.duplicates);

    for series in store.ticks().series().await? {
        println!("{} on {}: {} ticks", series.symbol, series.venue, series.count);
    }

    let hours = CandleQuery::new(Venue::new("demo")?, Symbol::new("BTC-USD")?, "1h".parse()?);
    for candle in store.ticks().all_candles(hours).await? {
        let price = |p: Option<tradekeep::Decimal>| p.map_or("-".into(), |p| p.to_string());
        println!("{} close {:>9} volume {}", candle.open_ts, price(candle.close), candle.volume);
    }
    store.shutdown().await?;
    Ok(())
}
