//! One spool feeds two embedded stores and the reference, over ways on which answers get lost: all three
//! have the same, each record once, and what conflicts is a dead letter of each.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tradekeep::models::{
    Records, Symbol, Table, Tick, TickFilter, Timestamp, Trade, TradeAction, TradeFilter, TradeId,
    TraderId, TradingMode,
};
use tradekeep::stores::{Chaos, LayerConfig, Layered, MemoryStore, RecordSink, SeriesStore};
use tradekeep::{Config, Tradekeep, Uuid};
use tradekeep_ingest::{Class, DeadLetterFilter, Ingest, IngestConfig, SinkConfig, SinkId};
use tradekeep_tests::seed;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn at(number: u64) -> Outcome<Timestamp> {
    Ok(Timestamp::from_nanos(1_723_075_200_000_000_000 + i64::try_from(number)? * 1_000_000)?)
}

fn tick(number: u64) -> Outcome<Tick> {
    Ok(Tick::builder(Symbol::new("BTC-USD")?, at(number)?)
        .trade_id(TradeId::new(number.to_string())?)
        .price(format!("61{}.{number}", number % 1_000).parse()?)
        .quantity("0.02".parse()?)
        .build()?)
}

/// Trade `number`, of which another `amount` is a conflict.
fn trade(number: u64, amount: i64) -> Outcome<Trade> {
    Ok(Trade::builder()
        .ts(at(number)?)
        .id(Uuid::from_u128(7 << 76 | 2 << 62 | u128::from(number) << 80))
        .trader_id(TraderId::new("arb-1")?)
        .mode(TradingMode::Paper)
        .action(TradeAction::Sell)
        .base_token(Symbol::new("SOL")?)
        .quote_token(Symbol::new("USDC")?)
        .base_amount(amount.into())
        .quote_amount("375.25".parse()?)
        .executed_price("150.1".parse()?)
        .build())
}

fn sink(name: &str, store: Arc<dyn RecordSink>, chaos: Chaos) -> SinkConfig {
    let layers = LayerConfig::default().with_chaos(chaos);
    SinkConfig {
        id: SinkId::of("test", "", name),
        name: name.into(),
        sink: Arc::new(Layered::new("test", store, layers)),
        tables: Table::ALL.to_vec(),
        from_now: false,
    }
}

async fn content(store: &dyn SeriesStore) -> Outcome<(Vec<Tick>, Vec<Trade>)> {
    let ticks = store.ticks(TickFilter::default()).all().await?;
    Ok((ticks, store.trades(TradeFilter::default()).all().await?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_change_nothing() -> Outcome {
    let seed = seed::from_env();
    let told = seed::Told::new("duckdb_spool", seed);
    let mut random = fastrand::Rng::with_seed(seed);
    let folders = [tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?];
    let open = async |place: usize| -> Outcome<Tradekeep> {
        let url = format!("duckdb://{}", folders[place].path().display());
        Ok(Tradekeep::open(&Config::from_url(&url)?).await?)
    };
    let (one, two, reference) = (open(0).await?, open(1).await?, Arc::new(MemoryStore::new()));
    let bad_way = |seed| {
        Chaos::seeded(seed)
            .with_failures(0.1)
            .with_lost_replies(0.2)
            .with_repeats(0.1)
            .with_delays(Duration::from_millis(2))
    };
    let sinks = vec![
        sink("one", one.store(), bad_way(seed)),
        sink("two", two.store(), Chaos::seeded(seed)),
        sink("reference", Arc::<MemoryStore>::clone(&reference), bad_way(!seed)),
    ];
    let config = IngestConfig::new(folders[2].path())
        .with_batch(100, Duration::from_millis(5))
        .with_max_batch(400);
    let ingest = Ingest::open(config, sinks).await?;
    let (mut conflicts, mut number) = (0, 0);
    for _ in 0..150 {
        // Now and then what was sent before is sent again.
        let from = if random.u8(0..4) == 0 { random.u64(0..=number) } else { number };
        let to = from + random.u64(1..200);
        number = number.max(to);
        let ticks: Vec<_> = (from..to).map(tick).collect::<Outcome<_>>()?;
        ingest.append(ticks).await?;
        let mut trades =
            (from..to.min(from + 9)).map(|n| trade(n, 1)).collect::<Outcome<Vec<_>>>()?;
        if random.u8(0..5) == 0 {
            trades.push(trade(from, 2)?);
            conflicts += 1;
        }
        ingest.append_at(&Records::Trades(trades), tradekeep_ingest::Level::Written).await?;
    }
    let stats = ingest.flush(Duration::from_secs(60)).await;
    assert_eq!(stats.pending(), 0, "{}: {stats:?}", told.advice());
    assert!(stats.lanes().all(|lane| lane.unaccounted() == 0), "{}: {stats:?}", told.advice());

    let expected = content(&*reference).await?;
    assert_eq!(expected.0.len() as u64, number, "{}", told.advice());
    for store in [&one, &two] {
        let found = content(&**store).await?;
        assert!(found == expected, "{}: stores differ", told.advice());
    }
    let letters = ingest.dead_letters(&DeadLetterFilter::default()).await?;
    assert!(letters.iter().all(|letter| letter.class == Class::Conflict));
    assert_eq!(letters.len(), 3 * conflicts, "{}", told.advice());
    ingest.shutdown(Duration::from_secs(5)).await?;
    one.shutdown().await?;
    two.shutdown().await?;
    Ok(())
}
