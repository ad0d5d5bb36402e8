//! Ticks and trades that come without end.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tradekeep::Uuid;
use tradekeep::models::{
    Symbol, Tick, Timestamp, Trade, TradeAction, TradeId, TraderId, TradingMode,
};
use tradekeep_ingest::Ingest;

fn at(number: u64) -> Timestamp {
    let nanos = i64::try_from(number).unwrap() * 1_001;
    Timestamp::from_nanos(1_723_075_200_000_000_000 + nanos).unwrap()
}

pub(crate) fn tick(number: u64) -> Tick {
    Tick::builder(
        Symbol::new(["BTC-USD", "ETH-USD"][usize::from(number.is_multiple_of(5))]).unwrap(),
        at(number),
    )
    .trade_id(TradeId::new(number.to_string()).unwrap())
    .price(format!("61{}.{number}", number % 1_000).parse().unwrap())
    .quantity("0.02".parse().unwrap())
    .build()
    .unwrap()
}

pub(crate) fn trade(number: u64) -> Trade {
    Trade::builder()
        .ts(at(number))
        .id(Uuid::from_u128(7 << 76 | 2 << 62 | u128::from(number) << 80 | u128::from(number)))
        .trader_id(TraderId::new("arb-1").unwrap())
        .mode(TradingMode::Live)
        .action(TradeAction::Buy)
        .base_token(Symbol::new("SOL").unwrap())
        .quote_token(Symbol::new("USDC").unwrap())
        .base_amount(number.to_string().parse().unwrap())
        .quote_amount("375.25".parse().unwrap())
        .executed_price("150.1".parse().unwrap())
        .build()
}

/// What was fed: ticks and trades from 0 on, each append with its first number in the spool.
#[derive(Debug, Default)]
pub(crate) struct Fed {
    /// Where in the spool each tick is, by its number; likewise trades.
    pub(crate) ticks: Vec<u64>,
    pub(crate) trades: Vec<u64>,
    /// When each append of ticks began, and how long it took.
    pub(crate) took: Vec<(Instant, Duration)>,
}

impl Fed {
    /// The ticks, each with its number in the spool; likewise trades.
    pub(crate) fn sent_ticks(&self) -> impl Iterator<Item = (u64, Tick)> {
        self.ticks.iter().copied().zip((0..).map(tick))
    }

    pub(crate) fn sent_trades(&self) -> impl Iterator<Item = (u64, Trade)> {
        self.trades.iter().copied().zip((0..).map(trade))
    }

    /// The time that 99 of 100 appends, of those that began so, stayed below.
    pub(crate) fn p99(&self, of: impl Fn(Instant) -> bool) -> Duration {
        let began = self.took.iter().filter(|(began, _)| of(*began));
        let mut took: Vec<_> = began.map(|(_, took)| *took).collect();
        took.sort_unstable();
        took[(took.len() * 99).div_ceil(100) - 1]
    }
}

/// Appends `ticks` ticks and a tenth of that in trades, again and again.
#[derive(Debug)]
pub(crate) struct Feeder {
    stop: watch::Sender<bool>,
    task: JoinHandle<Fed>,
}

impl Feeder {
    /// Every 10 ms.
    pub(crate) fn start(ingest: &Ingest, ticks: u64) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(feed(ingest.clone(), ticks, stopped));
        Self { stop, task }
    }

    /// Ends with what is being appended.
    pub(crate) async fn stop(self) -> Fed {
        self.stop.send_replace(true);
        self.task.await.unwrap()
    }
}

async fn feed(ingest: Ingest, ticks: u64, stopped: watch::Receiver<bool>) -> Fed {
    let mut fed = Fed::default();
    let mut beat = tokio::time::interval(Duration::from_millis(10));
    while !*stopped.borrow() {
        beat.tick().await;
        append(&ingest, &mut fed, ticks, ticks / 10).await;
    }
    fed
}

/// Appends so many more.
pub(crate) async fn append(ingest: &Ingest, fed: &mut Fed, ticks: u64, trades: u64) {
    let (from, began) = (fed.ticks.len() as u64, Instant::now());
    let new: Vec<_> = (from..from + ticks).map(tick).collect();
    let receipt = ingest.append(new).await.unwrap();
    fed.took.push((began, began.elapsed()));
    fed.ticks.extend(receipt.seqs());
    let from = fed.trades.len() as u64;
    let new: Vec<_> = (from..from + trades).map(trade).collect();
    fed.trades.extend(ingest.append(new).await.unwrap().seqs());
}
