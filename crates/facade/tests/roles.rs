//! Roles in one store, and in several.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::sync::Arc;

use tradekeep::models::{
    Day, Fill, Latency, LatencyFilter, Market, Message, Metric, MetricFilter, Name, Order,
    OrderFilter, OrderType, Records, Side, SlippageFilter, SlippageSource, StreamId, Symbol,
    SystemEvent, SystemEventFilter, Table, Tick, Timestamp, Trade, TradeAction, TradeFilter,
    TraderId, TradingMode, Venue,
};
use tradekeep::stores::{
    Batch, Origin, PartitionAdmin, RecordList, RecordSink, RecordSinkExt, RecordSource, Stage,
    Token,
};
use tradekeep::{Config, ConfigFormat, ErrorKind, Role, Tradekeep};

fn ts() -> Timestamp {
    "2024-08-08T10:00:05Z".parse().unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn tick() -> Tick {
    let symbol = Symbol::new("SOL-USD").unwrap();
    let one = || "1".parse().unwrap();
    Tick::builder(symbol, ts()).price(one()).quantity(one()).build().unwrap()
}

fn trade(slippage: Option<&str>) -> Trade {
    Trade::builder()
        .ts(ts())
        .trader_id(TraderId::new("arb-1").unwrap())
        .mode(TradingMode::Paper)
        .action(TradeAction::Buy)
        .base_token(Symbol::new("SOL").unwrap())
        .quote_token(Symbol::new("USDC").unwrap())
        .base_amount("2".parse().unwrap())
        .quote_amount("300".parse().unwrap())
        .executed_price("150".parse().unwrap())
        .maybe_actual_slippage(slippage.map(|bps| bps.parse().unwrap()))
        .build()
}

fn order() -> Order {
    Order::builder()
        .ts(ts())
        .venue(Venue::new("polymarket").unwrap())
        .market(Market::new("0x1").unwrap())
        .side(Side::Buy)
        .order_type(OrderType::Limit)
        .quantity("100".parse().unwrap())
        .client_order_id(name("c-1"))
        .build()
}

/// One of each role.
fn records() -> [Records; 5] {
    let latency = Latency::new(ts(), name("router"), name("quote"), 1_000);
    let event = SystemEvent::info(ts(), Message::new("started").unwrap());
    [
        vec![tick()].into(),
        vec![trade(None)].into(),
        vec![order()].into(),
        vec![latency].into(),
        vec![event].into(),
    ]
}

async fn open(stores: &str) -> Tradekeep {
    let config = Config::parse(&format!("[stores]\n{stores}"), ConfigFormat::Toml).unwrap();
    Tradekeep::open(&config).await.unwrap()
}

/// Rows that each table has.
async fn rows(store: &Tradekeep) -> Vec<(Table, u64)> {
    let stats = store.table_stats().await.unwrap();
    assert!(stats.iter().map(|stats| &stats.table).eq(Table::ALL));
    stats.iter().filter(|stats| stats.rows > 0).map(|stats| (stats.table, stats.rows)).collect()
}

const EACH: [(Table, u64); 5] = [
    (Table::Ticks, 1),
    (Table::Trades, 1),
    (Table::Orders, 1),
    (Table::Latencies, 1),
    (Table::SystemEvents, 1),
];

#[tokio::test]
async fn every_role_answers_for_its_records() {
    // One store, two, and three of two kinds.
    for stores in [
        "series = 'memory://'",
        "series = 'duckdb://:memory:'",
        "series = 'memory://'\nexecutions = 'duckdb://:memory:'",
        "series = 'memory://'\nticks = 'duckdb://:memory:'\nmetrics = 'duckdb://:memory:'",
    ] {
        let store = open(stores).await;
        for records in records() {
            let batch = Batch::new(records);
            let ack = store.write(&batch).await.unwrap();
            assert_eq!((ack.inserted, ack.stage), (1, Stage::Applied), "{stores}");
            assert_eq!(store.settle(&[ack.token]).await.unwrap(), [Stage::Applied]);
            assert_eq!(store.save_batch(&batch).await.unwrap().duplicates, 1);
        }
        assert_eq!(rows(&store).await, EACH, "{stores}");
        assert_eq!(store.series().await.unwrap().len(), 1);
        assert_eq!(store.trades(TradeFilter::default()).all().await.unwrap().len(), 1);
        assert_eq!(store.orders(OrderFilter::default()).all().await.unwrap().len(), 1);
        assert_eq!(store.latencies(LatencyFilter::default()).all().await.unwrap().len(), 1);
        assert_eq!(store.system_events(SystemEventFilter::default()).all().await.unwrap().len(), 1);
        store.optimize().await.unwrap();

        let day: Day = ts().day();
        for table in [Table::Ticks, Table::Orders] {
            assert_eq!(store.partitions(table).await.unwrap()[0].day, day);
            assert_eq!(store.floor(table).await.unwrap(), None);
            store.set_floor(table, day.range().to()).await.unwrap();
            assert_eq!(store.floor(table).await.unwrap(), day.range().to());
            assert_eq!(store.drop_partitions(table, &[day]).await.unwrap(), 1);
        }
        let late = store.write(&Batch::new(vec![tick()].into())).await.unwrap_err();
        assert_eq!(late.kind, ErrorKind::Expired, "{stores}");
        assert_eq!(rows(&store).await.len(), 3, "{stores}");
        assert!(store.settle(&[Token(u64::MAX)]).await.is_err(), "{stores}");
        store.shutdown().await.unwrap();
        assert!(store.write(&Batch::new(vec![tick()].into())).await.is_err());
    }
}

#[tokio::test]
async fn several_tokens_are_settled_in_the_order_asked() {
    let store = open("series = 'memory://'\nexecutions = 'duckdb://:memory:'").await;
    let mut tokens = Vec::new();
    for records in records() {
        tokens.push(store.write(&Batch::new(records)).await.unwrap().token);
    }
    tokens.reverse();
    assert_eq!(store.settle(&tokens).await.unwrap(), [Stage::Applied; 5]);
    assert_eq!(tokens.iter().collect::<std::collections::HashSet<_>>().len(), 5);
}

#[tokio::test]
async fn watermarks_are_those_of_the_tables_store() {
    let store = open("series = 'memory://'\nexecutions = 'duckdb://:memory:'").await;
    let stream = StreamId::new("s").unwrap();
    for (records, seq) in [(vec![tick()].into(), 5), (vec![order()].into(), 7)] {
        let origin = Origin { stream: stream.clone(), epoch: 1, seqs: vec![seq] };
        store.write(&Batch::from_stream(records, origin).unwrap()).await.unwrap();
    }
    for (table, seq) in [(Table::Ticks, Some(5)), (Table::Orders, Some(7)), (Table::Trades, None)] {
        assert_eq!(store.watermark(&stream, 1, table).await.unwrap(), seq, "{table}");
        assert_eq!(store.durable_watermark(&stream, 1, table).await.unwrap(), seq, "{table}");
    }
}

#[tokio::test]
async fn numbers_about_trades_come_from_the_store_of_trades() {
    for stores in ["series = 'memory://'", "series = 'memory://'\ntrades = 'duckdb://:memory:'"] {
        let store = open(stores).await;
        let latency = Latency::new(ts(), name("router"), name("quote"), 1_000);
        let metric = Metric::new(ts(), name("slippage_bps"), 9.0);
        store.save(vec![latency]).await.unwrap();
        store.save(vec![metric]).await.unwrap();
        store.save(vec![trade(None)]).await.unwrap();
        let slippage = store.slippage(&SlippageFilter::default()).await.unwrap().unwrap();
        assert_eq!((slippage.source, slippage.numbers.avg), (SlippageSource::Metric, 9.0));

        store.save(vec![trade(Some("3.5"))]).await.unwrap();
        let slippage = store.slippage(&SlippageFilter::default()).await.unwrap().unwrap();
        assert_eq!((slippage.source, slippage.numbers.avg), (SlippageSource::Trades, 3.5));
        let summary = store.summary(tradekeep::models::TimeRange::ALL).await.unwrap();
        assert_eq!((summary.total_trades, summary.p99_latency_ns), (2, Some(1_000)), "{stores}");
        assert_eq!(summary.avg_slippage_bps, Some(3.5), "{stores}");
        let values = store.metric_stats(&MetricFilter::default()).await.unwrap().unwrap();
        assert_eq!(values.count, 1);
    }
}

#[tokio::test]
async fn records_of_any_kind_are_saved_directly() {
    let store = open("series = 'memory://'").await;
    let fill = Fill::builder()
        .ts(ts())
        .order_id(order().order_id)
        .venue(Venue::unknown())
        .market(Market::new("0x1").unwrap())
        .side(Side::Buy)
        .price("0.5".parse().unwrap())
        .quantity("50".parse().unwrap())
        .fee("0".parse().unwrap())
        .fee_currency(Symbol::new("USDC").unwrap())
        .build();
    assert_eq!(store.save(vec![fill.clone(), fill]).await.unwrap().inserted, 1);
    let event = SystemEvent::critical(ts(), Message::new("out of funds").unwrap());
    assert_eq!(store.save(vec![event]).await.unwrap().inserted, 1);
}

#[tokio::test]
async fn a_role_saves_records_of_others_in_their_stores() {
    // Each role in a store of its own.
    let folder = tempfile::tempdir().unwrap();
    let url = |role: Role| format!("{role} = 'duckdb://{}/{role}'\n", folder.path().display());
    let store = open(&format!("series = 'memory://'\n{}", Role::ALL.map(url).concat())).await;
    assert_eq!(store.health().await.stores.len(), Role::ALL.len());
    // For code that takes one role alone.
    let sink: Arc<dyn RecordSink> = store.store();
    let source: Arc<dyn RecordSource> = store.store();
    let partitions: Arc<dyn PartitionAdmin> = store.store();
    let orders = || RecordList::of(&*source, &OrderFilter::default()).all();
    let day = ts().day();
    for records in records() {
        let (table, batch) = (records.table(), Batch::new(records));
        let saved = [
            sink.save_batch(&batch).await.unwrap(),
            store.store().save_batch(&batch).await.unwrap(),
            store.save_batch(&batch).await.unwrap(),
        ];
        assert_eq!(saved.map(|saved| saved.inserted), [1, 0, 0], "{table}");
        assert_eq!(partitions.partitions(table).await.unwrap()[0].day, day, "{table}");
    }
    assert_eq!(rows(&store).await, EACH);
    assert_eq!(orders().await.unwrap().len(), 1);
    assert_eq!(partitions.drop_partitions(Table::Orders, &[day]).await.unwrap(), 1);
    assert_eq!(orders().await.unwrap(), []);
    // As with one store: who closes a role closes all.
    sink.close().await.unwrap();
    assert!(orders().await.is_err());
    assert!(store.trades(TradeFilter::default()).page().await.is_err());
}

#[tokio::test]
async fn a_folder_named_twice_is_opened_once() {
    let folder = tempfile::tempdir().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    let (data, other) = (data.display(), other.display());
    let store = open(&format!(
        "series = 'duckdb://{data}'\ntrades = 'duckdb://{data}/'\nevents = 'duckdb://{data}/.'\n\
         metrics = 'duckdb://{other}'"
    ))
    .await;
    let report = store.health().await;
    assert!(report.is_healthy(), "{report:?}");
    let roles: Vec<_> = report.stores.iter().map(|store| store.roles.clone()).collect();
    let shared = vec![Role::Ticks, Role::Trades, Role::Executions, Role::Events];
    assert_eq!(roles, [shared, vec![Role::Metrics]]);
    store.shutdown().await.unwrap();
    // Both can be opened again, by two that share nothing.
    for folder in [data.to_string(), other.to_string()] {
        let config = Config::from_url(&format!("duckdb://{folder}")).unwrap();
        Tradekeep::open(&config).await.unwrap().shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_leaves_the_others_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("file"));
    std::fs::write(&file, "no folder").unwrap();
    let (data, file) = (data.display(), file.display());
    let text = format!("[stores]\nseries = 'duckdb://{data}'\nevents = 'duckdb://{file}/x'");
    let store = Tradekeep::open(&Config::parse(&text, ConfigFormat::Toml).unwrap()).await.unwrap();
    assert!(store.series().await.unwrap().is_empty());
    let report = store.health().await;
    let healthy: Vec<_> = report.stores.iter().map(|store| store.health.is_healthy()).collect();
    assert_eq!(healthy, [true, false], "{report:?}");
    store.shutdown().await.unwrap();
}

#[tokio::test]
async fn health_and_shutdown_cover_every_role() {
    for url in ["memory://", "duckdb://:memory:"] {
        let store = Tradekeep::open(&Config::from_url(url).unwrap()).await.unwrap();
        let report = store.health().await;
        assert!(report.is_healthy(), "{url}");
        assert_eq!((report.stores.len(), &report.stores[0].roles[..]), (1, &Role::ALL[..]));
        store.shutdown().await.unwrap();
        assert!(!store.health().await.is_healthy(), "{url}");
    }
}
