//! What a trading system asks of its own records: `cargo run -p tradekeep --example query_data`.

use std::error::Error;

use tradekeep::formats::SampleActivity;
use tradekeep::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Tradekeep::open(&Config::from_url("duckdb://:memory:")?).await?;
    let day: Day = "2024-08-08".parse()?;
    fill(&store, day).await?;

    // By token, by range of time; newest first.
    let of_sol = TradeFilter { token: Some(Symbol::new("SOL")?), ..TradeFilter::default() };
    for trade in store.trades(of_sol).limit(3).all().await? {
        println!(
            "{} {} {} SOL at {}",
            trade.ts, trade.action, trade.base_amount, trade.executed_price
        );
    }
    let morning = TimeRange::new(day.range().from(), Some("2024-08-08T12:00:00Z".parse()?))?;
    let in_the_morning = TradeFilter { range: morning, ..TradeFilter::default() };
    let all = store.trades(in_the_morning.clone()).all().await?;
    println!("{} trades before noon", all.len());

    // Page by page: what is stored now is neither repeated nor missed.
    let mut list = store.trades(in_the_morning).limit(500);
    let (mut pages, mut rows) = (0, 0);
    loop {
        let page = list.clone().page().await?;
        (pages, rows) = (pages + 1, rows + page.items.len());
        let Some(next) = page.next else { break };
        list = list.after(next);
    }
    println!("{rows} trades in {pages} pages");
    assert_eq!(rows, all.len());

    // An order in all its versions, and what was filled of it.
    let filter = OrderFilter { status: Some(OrderStatus::Filled), ..OrderFilter::default() };
    let order = store.orders(filter).first().await?.ok_or("no order was filled")?;
    for version in store.order_history(order.order_id).all().await? {
        println!("order {} at {}: {}", order.client_order_id, version.ts, version.status);
    }
    for fill in store.fills_of(order.order_id).all().await? {
        println!("  filled {} at {}", fill.quantity, fill.price);
    }

    // Numbers, each computed in the store.
    for pair in store.performance(&TradeFilter::default()).await?.pairs {
        println!(
            "{}/{}: {} trades, P&L {}",
            pair.base_token, pair.quote_token, pair.trades, pair.pnl
        );
    }
    let mev = store.mev_analysis(&MevFilter::default()).await?;
    println!(
        "MEV: {} avoided, {} suffered, {} USD lost",
        mev.avoided, mev.suffered, mev.total_loss_usd
    );
    let summary = store.summary(day.range()).await?;
    let p99 = summary.p99_latency_ns.ok_or("nothing succeeded")?;
    println!("{} trades, p99 of latencies {p99} ns", summary.total_trades);
    assert_eq!(summary.mev_avoided, mev.avoided);
    store.shutdown().await?;
    Ok(())
}

/// A made-up day of a trading system; the same seed makes the same day.
async fn fill(store: &Tradekeep, day: Day) -> Result<(), Box<dyn Error>> {
    let activity = SampleActivity::new(7, day);
    store.save(activity.trades()).await?;
    store.save(activity.orders()).await?;
    store.save(activity.fills()).await?;
    store.save(activity.latencies()).await?;
    store.save(activity.mev_events()).await?;
    Ok(())
}
