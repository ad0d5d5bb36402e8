//! Numbers about several records.

use tradekeep_models::{
    BucketCursor, BucketQuery, LatencyFilter, LatencyNumbers, LatencyStats, MetricBucket,
    MetricFilter, MevAnalysis, MevFilter, Page, PerformanceSummary, SlippageFilter, SlippageSource,
    SlippageStats, Summary, Table, TimeRange, TradeFilter, ValueStats,
};
use tradekeep_store_traits::sql::answers::{self, SummaryRows};
use tradekeep_store_traits::sql::most_below;
use tradekeep_store_traits::{Failure, Inner};

use crate::QuestDbStore;
use crate::sql::{Conditions, stats};

impl QuestDbStore {
    /// The latest states of the trades that pass `filter`.
    async fn trades(&self, filter: &TradeFilter) -> Inner<Conditions<'_>> {
        Ok(self.dialect.latest(filter, self.versions(Table::Trades).await?))
    }
}

pub(crate) async fn metrics(
    store: &QuestDbStore,
    filter: &MetricFilter,
) -> Inner<Option<ValueStats>> {
    let sql = stats::values(store.dialect.rows(filter), "value");
    answers::value_stats(&store.only_row(&sql).await?)
}

pub(crate) async fn buckets(
    store: &QuestDbStore,
    query: &BucketQuery,
) -> Inner<Page<MetricBucket, BucketCursor>> {
    query.validate().map_err(Failure::invalid)?;
    let filter = MetricFilter { range: query.row_range(), ..query.filter.clone() };
    let sql = stats::buckets(store.dialect.rows(&filter), query.interval, query.limit + 1);
    Ok(query.page(answers::buckets(query, store.ask(&sql).await?)?))
}

pub(crate) async fn latencies(
    store: &QuestDbStore,
    filter: &LatencyFilter,
) -> Inner<Vec<LatencyStats>> {
    answers::latency_stats(store.ask(&stats::latencies(store.dialect.rows(filter))).await?)
}

pub(crate) async fn histogram(
    store: &QuestDbStore,
    filter: &LatencyFilter,
    bounds_ns: &[u64],
) -> Inner<Vec<u64>> {
    LatencyNumbers::check_bounds(bounds_ns).map_err(Failure::invalid)?;
    let sql = stats::histogram(store.dialect.rows(filter), &most_below(bounds_ns));
    answers::histogram(bounds_ns.len(), store.ask(&sql).await?)
}

pub(crate) async fn slippage(
    store: &QuestDbStore,
    filter: &SlippageFilter,
) -> Inner<Option<SlippageStats>> {
    let sql = stats::values(store.trades(&filter.trades()).await?, "actual_slippage");
    let of_trades = answers::decimal_stats(&store.only_row(&sql).await?)?;
    let (source, numbers) = match of_trades {
        Some(numbers) => (SlippageSource::Trades, Some(numbers)),
        None => (SlippageSource::Metric, metrics(store, &filter.metric()).await?),
    };
    Ok(numbers.map(|numbers| SlippageStats::new(source, numbers)))
}

pub(crate) async fn mev(store: &QuestDbStore, filter: &MevFilter) -> Inner<MevAnalysis> {
    answers::mev_analysis(store.ask(&stats::mev(store.dialect.rows(filter))).await?)
}

pub(crate) async fn summary(store: &QuestDbStore, range: TimeRange) -> Inner<Summary> {
    let slippage = SlippageFilter { range, token: None };
    let trades = store.only_row(&stats::slipped(store.trades(&slippage.trades()).await?)).await?;
    let metric_bps = if answers::has_no_slippage(&trades)? {
        metrics(store, &slippage.metric()).await?.map(|numbers| numbers.avg)
    } else {
        None
    };
    let filter = LatencyFilter { range, ..LatencyFilter::default() };
    let latencies = store.only_row(&stats::all_latencies(store.dialect.rows(&filter))).await?;
    let filter = MevFilter { range, ..MevFilter::default() };
    let mev = store.only_row(&stats::avoided(store.dialect.rows(&filter))).await?;
    answers::summary(&SummaryRows { trades, latencies, mev, metric_bps })
}

pub(crate) async fn performance(
    store: &QuestDbStore,
    filter: &TradeFilter,
) -> Inner<PerformanceSummary> {
    answers::performance(store.ask(&stats::performance(store.trades(filter).await?)).await?)
}

pub(crate) async fn approx_latencies(
    store: &QuestDbStore,
    filter: &LatencyFilter,
) -> Inner<Vec<LatencyStats>> {
    answers::latency_stats(store.ask(&stats::approx_latencies(store.dialect.rows(filter))).await?)
}
