//! Materialized views of candles.

use tradekeep_models::{Candle, CandleQuery, Symbol, Tick, Timestamp, Venue};
use tradekeep_questdb_store::QuestDbStore;
use tradekeep_store_traits::{
    CandleViews, ErrorKind, PartitionAdmin, Probe, RecordSinkExt, Table, TickStore,
};

use crate::Test;
use crate::support::{LONG, LOOK, Scratch, run};

pub(crate) const TESTS: &[Test] =
    &[("views_have_the_candles_of_their_last_refresh", |url| run(url, views))];

/// Every 7 s of three days, so that no two are of one moment.
fn ticks() -> Vec<Tick> {
    let tick = |n: i64| {
        let ts = Timestamp::from_nanos((1_723_075_200 + n * 7) * 1_000_000_000).unwrap();
        let draft = Tick::builder(Symbol::new("X").unwrap(), ts).venue(Venue::new("v").unwrap());
        draft.price((100 + n % 17).into()).quantity((1 + n % 5).into()).build().unwrap()
    };
    (0..3 * 86_400 / 7).map(tick).collect()
}

fn query(interval: &str) -> CandleQuery {
    let (venue, symbol) = (Venue::new("v").unwrap(), Symbol::new("X").unwrap());
    CandleQuery::new(venue, symbol, interval.parse().unwrap())
}

/// Waits until a view has what is computed.
async fn equal(store: &QuestDbStore, interval: &str) -> Vec<Candle> {
    let expected = store.candle_page(&query(interval)).await.unwrap();
    let waiting = async {
        while store.view_candles(&query(interval)).await.unwrap() != expected {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.unwrap();
    expected.items
}

async fn views(scratch: Scratch) {
    let url = format!("{}&table_prefix={}&candle_views=15m,1d", scratch.url, scratch.prefix);
    let config = tradekeep_questdb_store::QuestDbConfig::from_url(&url).unwrap();
    let store = QuestDbStore::connect(config.clone()).await.unwrap();
    store.save(ticks()).await.unwrap();
    assert_eq!(equal(&store, "15m").await.len(), 3 * 96);
    let days = equal(&store, "1d").await;
    assert_eq!(days.len(), 3);
    let error = store.view_candles(&query("1h")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");

    // A day that goes leaves them invalid for the server: they are made anew.
    assert!(store.drop_partitions(Table::Ticks, &[days[0].open_ts.day()]).await.unwrap() > 0);
    assert_eq!(equal(&store, "1d").await, days[1..]);
    assert!(store.health().await.is_healthy());
    // Unless it went behind our back.
    let day = days[1].open_ts.day();
    scratch.execute(&[&format!("ALTER TABLE \"{{}}ticks\" DROP PARTITION LIST '{day}'")]).await;
    let waiting = async {
        while store.health().await.is_healthy() {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.unwrap();
    let health = store.health().await;
    assert!(health.writable && health.troubles[0].remedy.starts_with("REFRESH"), "{health:?}");
    QuestDbStore::new(config).unwrap().drop_tables().await.unwrap();
}
