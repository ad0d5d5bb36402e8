//! Rows full of canaries, a store whose driver quotes them, and all that can be heard of both.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tradekeep::models::{
    StreamId, Symbol, Table, Tick, Timestamp, Trade, TradeAction, TradeId, TraderId, TradingMode,
    Venue,
};
use tradekeep::stores::{
    Ack, Act, Batch, Capabilities, Failure, MemoryStore, RecordSink, Stage, Token,
};
use tradekeep::{ErrorKind, StoreError, Uuid};
use tradekeep_ingest::{
    DeadLetter, DeadLetterFilter, Ingest, IngestConfig, IngestError, SinkConfig, SinkId, inspect,
};
use tradekeep_tests::canary::{self, DECIMAL, Logs, SECRET, VALUE};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Everything is there by then; the clock is paused.
pub(crate) const SOON: Duration = Duration::from_secs(3600);

/// What this process logs and measures.
#[derive(Debug)]
struct Heard {
    logs: Logs,
    metrics: PrometheusHandle,
}

fn heard() -> &'static Heard {
    static HEARD: OnceLock<Heard> = OnceLock::new();
    HEARD.get_or_init(|| {
        let logs = Logs::default();
        let watched = logs.watch_process();
        let recorder = PrometheusBuilder::new().install_recorder();
        match (watched, recorder) {
            (Ok(()), Ok(metrics)) => Heard { logs, metrics },
            outcome => panic!("somebody else listens: {outcome:?}"),
        }
    })
}

/// Tick `number`, whose every text and price is a canary.
pub(crate) fn tick(number: u64) -> Outcome<Tick> {
    let nanos = 1_723_075_200_000_000_000 + i64::try_from(number)? * 1_000_000;
    Ok(Tick::builder(Symbol::new(VALUE)?, Timestamp::from_nanos(nanos)?)
        .venue(Venue::new(VALUE)?)
        .trade_id(TradeId::new(format!("{VALUE}-{number}"))?)
        .price(DECIMAL.parse()?)
        .quantity(1.into())
        .build()?)
}

pub(crate) fn ticks(numbers: std::ops::Range<u64>) -> Outcome<Vec<Tick>> {
    numbers.map(tick).collect()
}

/// A trade of so much, whose every free text is a canary.
pub(crate) fn trade(amount: &str) -> Outcome<Trade> {
    Ok(Trade::builder()
        .ts(tick(0)?.ts())
        .id(Uuid::from_u128(7 << 76 | 2 << 62))
        .trader_id(TraderId::new(VALUE)?)
        .mode(TradingMode::Paper)
        .action(TradeAction::Sell)
        .base_token(Symbol::new(VALUE)?)
        .quote_token(Symbol::new("USDC")?)
        .base_amount(amount.parse()?)
        .quote_amount(DECIMAL.parse()?)
        .executed_price(DECIMAL.parse()?)
        .build())
}

/// What a driver says, and a store keeps as the source of its error.
pub(crate) fn driver() -> io::Error {
    io::Error::other(format!("db://me:{SECRET}@host refuses ({VALUE}, {DECIMAL})"))
}

/// A store's error, which obeys the contract: only its source quotes.
pub(crate) fn error(kind: ErrorKind, act: Act) -> StoreError {
    Failure::new(kind, "the driver refuses")
        .with_act(act)
        .with_source(driver())
        .at("quoting", "write")
}

type Script = dyn FnMut(&Batch) -> Option<StoreError> + Send;

/// A store that refuses as a test says.
pub(crate) struct Quoting {
    script: Mutex<Box<Script>>,
    memory: MemoryStore,
}

impl Quoting {
    pub(crate) fn new(
        script: impl FnMut(&Batch) -> Option<StoreError> + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { script: Mutex::new(Box::new(script)), memory: MemoryStore::new() })
    }

    /// From now on it takes everything.
    pub(crate) fn mend(&self) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(|_| None);
    }
}

#[async_trait::async_trait]
impl RecordSink for Quoting {
    fn capabilities(&self, table: Table) -> Capabilities {
        self.memory.capabilities(table)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.memory.ping().await
    }

    async fn write(&self, batch: &Batch) -> Result<Ack, StoreError> {
        let refused = (self.script.lock().unwrap_or_else(PoisonError::into_inner))(batch);
        match refused {
            Some(error) => Err(error),
            None => self.memory.write(batch).await,
        }
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>, StoreError> {
        self.memory.settle(tokens).await
    }

    async fn position(
        &self,
        table: Table,
        run: &tradekeep_store_traits::Run,
    ) -> Result<tradekeep_store_traits::Position, StoreError> {
        self.memory.position(table, run).await
    }

    async fn watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> Result<Option<u64>, StoreError> {
        self.memory.watermark(stream, epoch, table).await
    }

    async fn durable_watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> Result<Option<u64>, StoreError> {
        self.watermark(stream, epoch, table).await
    }

    async fn checkpoint(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

pub(crate) fn sink(name: &str, store: Arc<dyn RecordSink>) -> SinkConfig {
    SinkConfig {
        id: SinkId::of("quoting", "", name),
        name: format!("quoting://{name}"),
        sink: store,
        tables: Table::ALL.to_vec(),
        from_now: false,
    }
}

pub(crate) fn config(data: &Path) -> IngestConfig {
    heard();
    IngestConfig::new(data).with_segment_bytes(264 << 10).with_batch(100, Duration::from_millis(5))
}

pub(crate) async fn open(data: &Path, sinks: Vec<SinkConfig>) -> Result<Ingest, IngestError> {
    Ingest::open(config(data), sinks).await
}

/// All that can be heard, by now, of the way in whose folder is `data`, dead letters without their
/// records.
pub(crate) async fn everything(ingest: &Ingest, data: &Path) -> Outcome<String> {
    // Long enough that gauges are set, and cursors saved.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let stats = ingest.stats();
    let mut text = format!("{stats:#?}\n{}\n", serde_json::to_string(&stats)?);
    for mut letter in letters(ingest).await? {
        letter.record = None;
        writeln!(text, "{letter:?}")?;
    }
    writeln!(text, "{:?}\n{:?}", inspect::status(data)?, inspect::verify(data)?)?;
    writeln!(text, "{ingest:?}\n{}", heard().metrics.render())?;
    writeln!(text, "{}", heard().logs.text())?;
    Ok(text)
}

pub(crate) async fn letters(ingest: &Ingest) -> Outcome<Vec<DeadLetter>> {
    Ok(ingest.dead_letters(&DeadLetterFilter::default()).await?)
}

/// There are so many letters, for this reason, and each of them shows its record, canaries and all.
pub(crate) async fn assert_kept(ingest: &Ingest, count: usize, reason: &str) -> Outcome {
    let letters = letters(ingest).await?;
    assert_eq!(letters.len(), count);
    for letter in letters {
        assert_eq!(letter.reason, reason);
        let shown = format!("{:?}", letter.record);
        assert!(canary::find(shown.as_bytes()).is_some(), "a letter without its record");
    }
    Ok(())
}

/// Each of `told` was heard, and no canary.
#[track_caller]
pub(crate) fn assert_clean(text: &str, told: &[&str]) {
    canary::assert_absent(text.as_bytes());
    for told in told {
        assert!(text.contains(told), "nothing is said of {told:?}");
    }
}
