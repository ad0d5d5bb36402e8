//! Cases of every operation: how its errors are called, and whether a store is there.

use tradekeep_models::{
    BucketQuery, CandleQuery, LatencyFilter, ListQuery, MetricFilter, MevFilter, SlippageFilter,
    StreamId, TimeRange, TradeFilter, new_id,
};

use super::{Store, interval, seconds, symbol, venue};
use crate::{ErrorKind, MemoryStore, Records, Result, Run, SeriesStore, Table};

super::list_cases!(operations:
    errors_name_the_store_and_the_operation,
    ping_answers_while_the_store_is_open,
);

/// Calls the operation of that name, of [`MemoryStore::OPERATIONS`], with next to nothing to do.
pub(crate) async fn call(store: &dyn SeriesStore, op: &str) -> Result<()> {
    let (all, metrics, latencies) =
        (TimeRange::ALL, MetricFilter::default(), LatencyFilter::default());
    let stream = StreamId::new("s").unwrap();
    let run = Run { stream: stream.clone(), first: 1, id: new_id() };
    match op {
        "ping" => store.ping().await,
        "write" => store.save(Records::empty(Table::Ticks)).await.map(drop),
        "settle" => store.settle(&[]).await.map(drop),
        "watermark" => store.watermark(&stream, 1, Table::Ticks).await.map(drop),
        "position" => store.position(Table::Ticks, &run).await.map(drop),
        "durable_watermark" => store.durable_watermark(&stream, 1, Table::Ticks).await.map(drop),
        "checkpoint" => store.checkpoint().await,
        "close" => store.close().await,
        "tick_candles" => {
            let query = CandleQuery::new(venue("v"), symbol("X"), interval("1m"));
            store.candles(query).page().await.map(drop)
        }
        "series" => store.series().await.map(drop),
        "performance" => store.performance(&TradeFilter::default()).await.map(drop),
        "metric_stats" => store.metric_stats(&metrics).await.map(drop),
        "metric_buckets" => {
            store.metric_buckets(BucketQuery::new(metrics, interval("1m"))).page().await.map(drop)
        }
        "latency_stats" => store.latency_stats(&latencies).await.map(drop),
        "latency_histogram" => store.latency_histogram(&latencies, &[1]).await.map(drop),
        "slippage" => store.slippage(&SlippageFilter::default()).await.map(drop),
        "mev_analysis" => store.mev_analysis(&MevFilter::default()).await.map(drop),
        "summary" => store.summary(all).await.map(drop),
        "partitions" => store.partitions(Table::Ticks).await.map(drop),
        "drop_partitions" => store.drop_partitions(Table::Ticks, &[]).await.map(drop),
        "floor" => store.floor(Table::Ticks).await.map(drop),
        "set_floor" => store.set_floor(Table::Ticks, None).await,
        "table_stats" => store.table_stats().await.map(drop),
        "optimize" => store.optimize().await,
        "health" => {
            store.health().await;
            Ok(())
        }
        // A page is called as its table.
        table => store.page(&ListQuery::of(table.parse().unwrap())).await.map(drop),
    }
}

async fn errors_name_the_store_and_the_operation(store: Store) {
    store.save(seconds(1)).await.unwrap();
    store.close().await.unwrap();
    let name = store.health().await.store;
    for op in MemoryStore::OPERATIONS {
        // To close again is fine, and what is wrong with a store is its health.
        if ["close", "health"].contains(op) {
            continue;
        }
        let error = call(&*store, op).await.expect_err(op);
        assert_eq!((error.store, error.op), (name, *op), "{error}");
        assert_eq!(error.kind, ErrorKind::Connection, "{error}");
    }
}

async fn ping_answers_while_the_store_is_open(store: Store) {
    store.ping().await.unwrap();
    store.save(seconds(1)).await.unwrap();
    store.ping().await.unwrap();
    store.close().await.unwrap();
    assert_eq!(store.ping().await.unwrap_err().kind, ErrorKind::Connection);
}
