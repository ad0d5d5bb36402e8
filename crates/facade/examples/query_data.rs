//! What a trading system asks of its own records: `cargo run -p tradekeep --example query_data`.

use std::error::Error;

use tradekeep::formats::SampleActivity;
use tradekeep::{
    Config, Day, ExecutionStoreExt, ListQuery, MevFilter, OrderFilter, OrderStatus, RecordSinkExt,
    Symbol, TimeRange, TradeFilter, TradeStoreExt, Tradekeep,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Tradekeep::open(&Config::from_url("duckdb://:memory:")?).await?;
    let day: Day = "2024-08-08".parse()?;
    fill(&store, day).await?;

    // By token, by request, by range of time; newest first.
    let newest = store.trades_by_token(Symbol::new("SOL")?, 3).await?;
    for trade in &newest {
        println!(
            "{} {} {} SOL at {}",
            trade.ts, trade.action, trade.base_amount, trade.executed_price
        );
    }
    let morning = TimeRange::new(day.range().from(), Some("2024-08-08T12:00:00Z".parse()?))?;
    println!("{} trades before noon", store.trades_in(morning).await?.len());

    // Page by page: what is stored now is neither repeated nor missed.
    let mut query = ListQuery::new(TradeFilter { range: morning, ..TradeFilter::default() });
    query.limit = 500;
    let (mut pages, mut rows) = (0, 0);
    loop {
        let page = store.trades(&query).await?;
        (pages, rows) = (pages + 1, rows + page.items.len());
        match page.next {
            None => break,
            after => query.after = after,
        }
    }
    println!("{rows} trades in {pages} pages");
    assert_eq!(rows, store.trades_in(morning).await?.len());

    // An order in all its versions, and what was filled of it.
    let filter = OrderFilter { status: Some(OrderStatus::Filled), ..OrderFilter::default() };
    let filled = store.orders(filter).page().await?;
    let order = filled.items.first().ok_or("no order was filled")?;
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
    let sink = store.sink();
    sink.save(activity.trades().into()).await?;
    sink.save(activity.orders().into()).await?;
    sink.save(activity.fills().into()).await?;
    sink.save(activity.latencies().into()).await?;
    sink.save(activity.mev_events().into()).await?;
    Ok(())
}
