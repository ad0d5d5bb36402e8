//! Claim: what tradekeep reads of QuestDB takes at most 1.15 times what the same SQL takes by a bare
//! tokio-postgres.
//!
//! Workload: 1 M ticks of one symbol, 200,000 trades, 500,000 metrics and latencies. `ticks`: 10,000 ticks
//! from the middle on; `candles`: all one-minute candles; `trades`: the newest 100 of a trader; `values`:
//! count, mean and exact percentiles of a metric; `latencies`: the same for each operation;
//! `performance`: what all trades gained. The bare client prepares each statement once, and reads the same
//! columns into tuples. Each figure is the median of 11 runs, of as many as fit a second where those are more,
//! the sides taking turns run by run.
//!
//! Command: `cargo bench -p tradekeep-benches --bench questdb_queries`

use std::future::Future;
use std::time::{Duration, Instant};

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};
use tradekeep_benches::{
    Outcome, latencies, metrics, percentile, questdb_client as client, rows, ticks, trades,
};
use tradekeep_models::{
    CandleQuery, LatencyFilter, MetricFilter, Name, Symbol, TickFilter, TimeRange, Timestamp,
    TradeFilter, TraderId, Venue,
};
use tradekeep_pg_common::numeric::scaled;
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_store_traits::{RecordSinkExt, Records, SeriesStore};
use tradekeep_test_servers::questdb::Questdb;
use uuid::Uuid;

const RUNS: usize = 11;
const SHORTEST: Duration = Duration::from_secs(1);
const PAGE: usize = 10_000;
const ROUNDS: usize = 3;

/// A value as a user of the bare client has it. Of NUMERIC, which drivers round, it is the number x 10^18.
#[derive(Debug)]
#[allow(dead_code, reason = "made, not looked at")]
enum Cell {
    Int(Option<i64>),
    Text(Option<String>),
    Float(Option<f64>),
    Decimal(Option<i128>),
    Uuid(Option<Uuid>),
    Bool(Option<bool>),
}

/// A value's bytes.
struct Raw<'a>(&'a [u8]);

impl<'a> tokio_postgres::types::FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// What a user of the bare client would make of a row.
fn tuple(row: &Row) -> Outcome<Vec<Cell>> {
    let mut cells = Vec::with_capacity(row.len());
    for (place, column) in row.columns().iter().enumerate() {
        cells.push(match *column.type_() {
            Type::INT8 => Cell::Int(row.try_get(place)?),
            Type::VARCHAR | Type::TEXT => Cell::Text(row.try_get(place)?),
            Type::FLOAT8 => Cell::Float(row.try_get(place)?),
            Type::BOOL => Cell::Bool(row.try_get(place)?),
            Type::UUID => {
                let raw: Option<Raw<'_>> = row.try_get(place)?;
                Cell::Uuid(raw.map(|raw| Uuid::from_slice(raw.0)).transpose()?)
            }
            Type::NUMERIC => {
                let raw: Option<Raw<'_>> = row.try_get(place)?;
                let number = raw.map(|raw| scaled(raw.0)).transpose();
                Cell::Decimal(number.map_err(|error| format!("{error:?}"))?)
            }
            _ => return Err(format!("a column is of type {}", column.type_()).into()),
        });
    }
    Ok(cells)
}

/// A statement of the bare client, and what is bound to it.
struct Bare<'a> {
    client: &'a Client,
    statement: Statement,
    values: Vec<Box<dyn ToSql + Sync>>,
}

impl<'a> Bare<'a> {
    async fn new(
        client: &'a Client,
        sql: &str,
        values: Vec<(Type, Box<dyn ToSql + Sync>)>,
    ) -> Outcome<Self> {
        let (types, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        Ok(Self { client, statement: client.prepare_typed(sql, &types).await?, values })
    }

    async fn run(&self) -> Outcome<usize> {
        let values: Vec<&(dyn ToSql + Sync)> = self.values.iter().map(|value| &**value).collect();
        let rows = self.client.query(&self.statement, &values).await?;
        let tuples: Vec<_> = rows.iter().map(tuple).collect::<Outcome<_>>()?;
        Ok(tuples.len())
    }
}

fn int(number: i64) -> (Type, Box<dyn ToSql + Sync>) {
    (Type::INT8, Box::new(number))
}

fn text(text: &'static str) -> (Type, Box<dyn ToSql + Sync>) {
    (Type::VARCHAR, Box::new(text))
}

/// Both sides of a query, in turns.
async fn compare<F, Running>(name: &str, bare: &Bare<'_>, ours: F) -> Outcome<f64>
where
    F: Fn() -> Running,
    Running: Future<Output = Outcome<usize>>,
{
    let (mut theirs_took, mut ours_took) = (Vec::new(), Vec::new());
    // The server compiles what it runs.
    let mut found = (bare.run().await?, ours().await?);
    let since = Instant::now();
    while theirs_took.len() < RUNS || since.elapsed() < SHORTEST {
        let began = Instant::now();
        found.0 = bare.run().await?;
        theirs_took.push(began.elapsed());
        let began = Instant::now();
        found.1 = ours().await?;
        ours_took.push(began.elapsed());
    }
    let (bare, ours) = (percentile(&theirs_took, 50), percentile(&ours_took, 50));
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!(
        "{name:<12} bare {:>9.2?} ({} rows)  tradekeep {:>9.2?} ({})  ratio {ratio:.3}",
        bare, found.0, ours, found.1
    );
    Ok(ratio)
}

async fn fill(store: &QuestDbStore, count: usize) -> Outcome {
    for first in (0..count).step_by(100_000) {
        store.save(ticks(first, 100_000.min(count - first))?).await?;
    }
    store.save(Records::Trades(trades(0, count / 5)?)).await?;
    store.save(Records::Metrics(metrics(0, count / 2)?)).await?;
    store.save(Records::Latencies(latencies(0, count / 2)?)).await?;
    Ok(())
}

const VALUES: &str = "SELECT count(), ksum(v::double), min(v), max(v), \
    last_not_null(CASE WHEN rn = (n * 50 + 99) / 100 THEN v END), \
    last_not_null(CASE WHEN rn = (n * 95 + 99) / 100 THEN v END), \
    last_not_null(CASE WHEN rn = (n * 99 + 99) / 100 THEN v END) \
  FROM (SELECT v, row_number() OVER () rn, count(*) OVER () n FROM (\
    SELECT t.\"value\" v FROM \"metrics\" t WHERE t.\"name\" = $1 AND t.\"value\" IS NOT NULL ORDER BY v))";

const LATENCIES: &str = "SELECT service, operation, \
    coalesce(sum(CASE WHEN v IS NULL THEN 1 ELSE 0 END), 0), count(v), \
    coalesce(sum(v / 1000000000), 0), coalesce(sum(v % 1000000000), 0), min(v), max(v), \
    last_not_null(CASE WHEN rn = (n * 500 + 999) / 1000 THEN v END), \
    last_not_null(CASE WHEN rn = (n * 950 + 999) / 1000 THEN v END), \
    last_not_null(CASE WHEN rn = (n * 990 + 999) / 1000 THEN v END), \
    last_not_null(CASE WHEN rn = (n * 999 + 999) / 1000 THEN v END) \
  FROM (SELECT service, operation, v, \
      row_number() OVER (PARTITION BY service, operation, success) rn, \
      count(*) OVER (PARTITION BY service, operation, success) n FROM (\
      SELECT t.service, t.operation, t.success, CASE WHEN t.success THEN t.latency_ns END v \
      FROM \"latencies\" t ORDER BY v)) \
  GROUP BY service, operation";

const RANGE: &str = "SELECT t.\"venue\", t.\"symbol\", t.\"ts\"::long, t.\"key\", t.\"sequence\", \
    t.\"trade_id\", t.\"received_ts\"::long, t.\"price\", t.\"quantity\", t.\"notional\", t.\"side\" \
  FROM \"ticks\" t WHERE t.\"venue\" = $1 AND t.\"symbol\" = $2 AND t.ts >= $3::timestamp_ns \
  ORDER BY t.ts LIMIT $4";

const CANDLES: &str = "SELECT bucket, first(price), max(price), min(price), last(price), sum(quantity), \
    sum(notional), count() FROM (\
      SELECT t.ts::long / 60000000000 bucket, t.price, t.quantity, t.notional FROM \"ticks\" t \
      WHERE t.\"venue\" = $1 AND t.\"symbol\" = $2 ORDER BY t.ts, t.sequence, t.\"key\") \
  GROUP BY bucket ORDER BY bucket LIMIT $3";

const PERFORMANCE: &str = "SELECT base_token, quote_token, status, count(), \
    coalesce(sum(transaction_fee / 1000000000), 0), coalesce(sum(transaction_fee % 1000000000), 0), \
    coalesce(sum(priority_fee / 1000000000), 0), coalesce(sum(priority_fee % 1000000000), 0), \
    sum(quote_amount), \
    sum(CASE WHEN action = 'buy' THEN base_amount ELSE 0::decimal(38,18) END), \
    sum(CASE WHEN action = 'sell' THEN base_amount ELSE 0::decimal(38,18) END), \
    sum(CASE WHEN action = 'buy' THEN quote_amount ELSE 0::decimal(38,18) END), \
    sum(CASE WHEN action = 'sell' THEN quote_amount ELSE 0::decimal(38,18) END), \
    coalesce(sum(transfer_fees), 0::decimal(38,18)), last(executed_price) FROM (\
      SELECT t.base_token, t.quote_token, t.status, t.action, t.base_amount, t.quote_amount, \
        t.transaction_fee, t.priority_fee, t.transfer_fees, t.executed_price FROM \
        (SELECT * FROM \"trades\" LATEST ON ts PARTITION BY id) t \
      WHERE t.status = 'confirmed' OR t.status = 'failed' \
      ORDER BY t.ts, t.id::varchar) \
  GROUP BY base_token, quote_token, status";

/// The columns of a trade, times as nanoseconds.
fn trade_columns() -> String {
    use tradekeep_models::record::{Kind, Record};
    let columns = tradekeep_models::Trade::COLUMNS.iter().map(|column| match column.kind {
        Kind::Time => format!("t.\"{}\"::long", column.name),
        _ => format!("t.\"{}\"", column.name),
    });
    columns.collect::<Vec<_>>().join(", ")
}

async fn round(store: &dyn SeriesStore, client: &Client, middle: Timestamp) -> Outcome<Vec<f64>> {
    let (venue, symbol) = (Venue::new("binance")?, Symbol::new("BTCUSDT")?);
    let pair = || [text("binance"), text("BTCUSDT")];
    let mut ratios = Vec::new();

    let values = pair().into_iter().chain([int(middle.as_nanos()), int(PAGE as i64 + 1)]);
    let bare = Bare::new(client, RANGE, values.collect()).await?;
    let filter = TickFilter {
        venue: Some(venue.clone()),
        symbol: Some(symbol.clone()),
        range: TimeRange::new(middle, None)?,
        ..TickFilter::default()
    };
    let found = || async { Ok(store.ticks(filter.clone()).page().await?.items.len()) };
    ratios.push(compare("ticks", &bare, found).await?);

    let bare =
        Bare::new(client, CANDLES, pair().into_iter().chain([int(10_001)]).collect()).await?;
    let query = CandleQuery::new(venue, symbol, "1m".parse()?);
    let found = || async { Ok(store.candles(query.clone()).page().await?.items.len()) };
    ratios.push(compare("candles", &bare, found).await?);

    let sql = format!(
        "SELECT {} FROM (SELECT * FROM \"trades\" LATEST ON ts PARTITION BY id) t \
         WHERE t.\"trader_id\" = $1 ORDER BY t.ts DESC LIMIT $2",
        trade_columns()
    );
    let bare = Bare::new(client, &sql, vec![text("trader-3"), int(101)]).await?;
    let trader_id = Some(TraderId::new("trader-3")?);
    let filter = TradeFilter { trader_id, ..TradeFilter::default() };
    let found = || async { Ok(store.trades(filter.clone()).limit(100).page().await?.items.len()) };
    ratios.push(compare("trades", &bare, found).await?);

    let bare = Bare::new(client, VALUES, vec![text("metric_3")]).await?;
    let filter = MetricFilter { name: Some(Name::new("metric_3")?), ..MetricFilter::default() };
    let values = || async { Ok(usize::from(store.metric_stats(&filter).await?.is_some())) };
    ratios.push(compare("values", &bare, values).await?);

    let bare = Bare::new(client, LATENCIES, Vec::new()).await?;
    let filter = LatencyFilter::default();
    let operations = || async { Ok(store.latency_stats(&filter).await?.len()) };
    ratios.push(compare("latencies", &bare, operations).await?);

    let bare = Bare::new(client, PERFORMANCE, Vec::new()).await?;
    let filter = TradeFilter::default();
    let gained = || async { Ok(usize::try_from(store.performance(&filter).await?.trades)?) };
    ratios.push(compare("performance", &bare, gained).await?);
    Ok(ratios)
}

fn main() -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let server = Questdb::start_for_bench()?;
    let count = rows(1_000_000);
    let worst = runtime.block_on(async {
        let config =
            QuestDbConfig::from_url(&server.url())?.with_write_timeout(Duration::from_secs(60));
        let store = QuestDbStore::connect(config).await?;
        fill(&store, count).await?;
        let client = client(server.ports()).await?;
        let middle = ticks(count / 2, 1)?[0].ts();
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(round(&store, &client, middle).await?);
        }
        let medians = (0..rounds[0].len()).map(|query| {
            let mut ratios: Vec<_> = rounds.iter().map(|round| round[query]).collect();
            ratios.sort_by(f64::total_cmp);
            ratios[ROUNDS / 2]
        });
        Ok::<_, Box<dyn std::error::Error>>(medians.fold(0.0, f64::max))
    })?;
    println!("the worst median ratio of {ROUNDS} rounds: {worst:.3} (bar 1.15)");
    Ok(server.stop()?)
}
