//! One spool feeds an embedded DuckDB and a QuestDB: every read of both answers the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tradekeep::models::record::Record;
use tradekeep::models::{
    BucketQuery, CandleQuery, GapFill, Interval, LatencyFilter, ListQuery, MetricFilter, MevFilter,
    Records, SlippageFilter, Table, TickFilter, TimeRange, TradeFilter, strategies,
};
use tradekeep::stores::{Act, MemoryStore, RecordSinkExt, SeriesStore};
use tradekeep::{Config, ErrorKind, Tradekeep};
use tradekeep_ingest::{DeadLetterFilter, Ingest, IngestConfig};
use tradekeep_questdb_store::QuestDbStore;

use crate::Sharing;
use crate::tables::{LONG, Tables, run, sink};

pub(crate) const SHARING: &[Sharing] =
    &[("one_spool_feeds_duckdb_and_questdb_alike", |tables| run(both(tables)))];

/// Up to so many records of new identities that contradict none before them: what a store does about others
/// is its own.
async fn made<S>(strategy: S, most: usize) -> Records
where
    S: Strategy<Value: Record>,
    Records: From<Vec<S::Value>>,
{
    let mut runner = TestRunner::deterministic();
    let records = proptest::collection::vec(strategy, most..=most);
    let records = records.new_tree(&mut runner).unwrap().current();
    let (one_by_one, mut kept) = (MemoryStore::new(), Vec::new());
    for record in records {
        match one_by_one.save(Records::from(vec![record.clone()])).await {
            Ok(saved) => kept.extend((saved.inserted == 1).then_some(record)),
            Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error}"),
        }
    }
    // A batch is compared with what is stored within its range of time: all together have the widest.
    while let Err(error) = MemoryStore::new().save(Records::from(kept.clone())).await {
        let Act::BadRows(bad) = error.act else { panic!("{error}") };
        let mut indexes = 0..;
        kept.retain(|_| indexes.next().is_some_and(|n| bad.iter().all(|row| row.index != n)));
    }
    kept.into()
}

async fn everything() -> Vec<Records> {
    use strategies as any;
    vec![
        made(any::tick(), 800).await,
        made(any::trade(), 200).await,
        made(any::order(), 300).await,
        made(any::fill(), 200).await,
        made(any::position(), 300).await,
        made(any::metric(), 300).await,
        made(any::latency(), 300).await,
        made(any::mev_event(), 300).await,
        made(any::system_event(), 300).await,
        made(any::node_health(), 300).await,
        made(any::stored_candle(), 300).await,
    ]
}

async fn both(tables: &Tables) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("duckdb://{}", folder.path().join("duck").display());
    let duck = Tradekeep::open(&Config::from_url(&url).unwrap()).await.unwrap();
    let quest: Arc<dyn SeriesStore> = Arc::new(QuestDbStore::new(tables.config()).unwrap());
    let sinks = vec![sink("duckdb", duck.store()), sink("questdb", Arc::clone(&quest) as _)];
    let ingest = Ingest::open(IngestConfig::new(folder.path()), sinks).await.unwrap();
    let mut sent = 0;
    for records in everything().await {
        assert!(records.len() > 50, "{} {}", records.len(), records.table());
        sent += records.len() as u64;
        ingest.append(records).await.unwrap();
    }
    let stats = ingest.flush(LONG).await;
    assert_eq!(stats.pending(), 0, "{stats:#?}");
    let letters = ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap();
    let letters: BTreeSet<_> =
        letters.into_iter().map(|it| (it.sink_name, it.table, it.reason)).collect();
    assert!(letters.is_empty(), "{letters:#?}");
    assert!(stats.lanes().all(|lane| lane.unaccounted() == 0), "{stats:#?}");
    ingest.shutdown(LONG).await.unwrap();
    let rows = lists(&*duck, &*quest).await;
    // Each list was read whole in four ways, two of them without old versions.
    assert!(rows > 2 * sent, "{rows} rows were compared, of {sent} records");
    numbers(&*duck, &*quest).await;
    candles(&*duck, &*quest).await;
    duck.shutdown().await.unwrap();
}

/// Compares a list in every page, in both orders, with and without history; answers its rows.
async fn list(duck: &dyn SeriesStore, quest: &dyn SeriesStore, table: Table) -> u64 {
    let mut rows = 0;
    for (newest_first, history) in [(false, false), (false, true), (true, false), (true, true)] {
        let limit = 83;
        let mut query = ListQuery { newest_first, history, limit, ..ListQuery::of(table) };
        loop {
            let page = duck.page(&query).await.unwrap();
            assert_eq!(quest.page(&query).await.unwrap(), page, "{query:?}");
            rows += page.records.len() as u64;
            let Some(next) = page.next else { break };
            query.after = Some(next);
        }
    }
    assert!(rows > 0, "{table}");
    rows
}

async fn lists(duck: &dyn SeriesStore, quest: &dyn SeriesStore) -> u64 {
    let ticks = duck.ticks(TickFilter::default()).all().await.unwrap()
        == quest.ticks(TickFilter::default()).all().await.unwrap();
    assert!(ticks, "ticks differ");
    let mut rows = 0;
    for table in Table::ALL {
        rows += list(duck, quest, *table).await;
    }
    rows
}

/// Compares what two stores answer. A sum may fit no decimal: of both, then.
macro_rules! same {
    ($duck:expr, $quest:expr, $read:ident($($given:expr),*)) => {
        assert_eq!(
            $quest.$read($($given),*).await.map_err(|error| error.kind),
            $duck.$read($($given),*).await.map_err(|error| error.kind),
            stringify!($read)
        )
    };
}

async fn numbers(duck: &dyn SeriesStore, quest: &dyn SeriesStore) {
    same!(duck, quest, performance(&TradeFilter::default()));
    let page = duck.trades(TradeFilter::default()).page().await.unwrap();
    let mut told = 0;
    for trade in page.items.iter().step_by(5) {
        let filter = TradeFilter { id: Some(trade.id), ..TradeFilter::default() };
        told += usize::from(quest.performance(&filter).await.is_ok());
        same!(duck, quest, performance(&filter));
    }
    assert!(told > 5, "hardly any of these sums is one: {told}");
    same!(duck, quest, metric_stats(&MetricFilter::default()));
    same!(duck, quest, latency_stats(&LatencyFilter::default()));
    same!(duck, quest, latency_histogram(&LatencyFilter::default(), &[10, 1_000, 30_000]));
    same!(duck, quest, slippage(&SlippageFilter::default()));
    same!(duck, quest, mev_analysis(&MevFilter::default()));
    same!(duck, quest, summary(TimeRange::ALL));
    same!(duck, quest, series());
    let interval = "1h".parse::<Interval>().unwrap();
    let filter = MetricFilter::default();
    let buckets = BucketQuery { filter, interval, limit: 1_000, after: None };
    same!(duck, quest, bucket_page(&buckets));
}

async fn candles(duck: &dyn SeriesStore, quest: &dyn SeriesStore) {
    for series in duck.series().await.unwrap() {
        for (interval, fill) in
            [("1m", GapFill::None), ("1h", GapFill::Previous), ("1d", GapFill::Zero)]
        {
            let query = CandleQuery {
                venue: series.venue.clone(),
                symbol: series.symbol.clone(),
                interval: interval.parse().unwrap(),
                range: TimeRange::ALL,
                fill,
                limit: 500,
                after: None,
            };
            let all = duck.candles(query.clone()).all().await.unwrap();
            assert!(!all.is_empty());
            assert_eq!(quest.candles(query).all().await.unwrap(), all, "{interval}");
        }
    }
}
