//! Ticks in, candles out, and a trade of our own, no server:
//! `cargo run -p tradekeep --example basic_usage`.

use std::error::Error;

use tradekeep::formats::SampleMarket;
use tradekeep::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Tradekeep::open(&Config::from_url("duckdb://:memory:")?).await?;

    // A made-up day of three symbols; the same seed makes the same day.
    let ticks: Vec<_> = SampleMarket::new(7, "2024-08-08".parse()?).take(50_000).collect();
    let saved = store.save(ticks.clone()).await?;
    println!("{} ticks stored", saved.inserted);

    // Sending them again adds nothing.
    let again = store.save(ticks).await?;
    println!("{} stored again, {} known already", again.inserted, again.duplicates);

    for series in store.series().await? {
        println!("{} on {}: {} ticks", series.symbol, series.venue, series.count);
    }

    let hours = CandleQuery::new(Venue::new("demo")?, Symbol::new("BTC-USD")?, "1h".parse()?);
    for candle in store.candles(hours).all().await? {
        let price = |p: Option<tradekeep::models::Decimal>| p.map_or("-".into(), |p| p.to_string());
        println!("{} close {:>9} volume {}", candle.open_ts, price(candle.close), candle.volume);
    }

    // A trade of our own; that it was confirmed is a new version of it.
    let sent = Trade::builder()
        .ts("2024-08-08T10:00:05Z".parse()?)
        .trader_id(TraderId::new("arb-1")?)
        .mode(TradingMode::Live)
        .action(TradeAction::Buy)
        .base_token(Symbol::new("SOL")?)
        .quote_token(Symbol::new("USDC")?)
        .base_amount("2.5".parse()?)
        .quote_amount("375.25".parse()?)
        .executed_price("150.1".parse()?)
        .status(TradeStatus::Submitted)
        .build();
    let confirmed = Trade { version: 1, status: TradeStatus::Confirmed, ..sent.clone() };
    store.save(vec![sent.clone(), confirmed]).await?;
    let found = store.trade(sent.id).await?.ok_or("the trade is not there")?;
    println!("trade of {} {}: {}", found.base_amount, found.base_token, found.status);
    assert_eq!(found.status, TradeStatus::Confirmed);
    assert_eq!(store.trade_history(sent.id).all().await?.len(), 2);

    store.shutdown().await?;
    Ok(())
}
