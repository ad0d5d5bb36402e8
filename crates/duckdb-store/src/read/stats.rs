//! Numbers about records.

use duckdb::Connection;
use tradekeep_models::{
    BucketCursor, BucketQuery, LatencyFilter, LatencyStats, MetricBucket, MetricFilter,
    MevAnalysis, MevFilter, Page, PerformanceSummary, SlippageFilter, SlippageSource,
    SlippageStats, Summary, Table, TimeRange, TradeFilter, ValueStats,
};
use tradekeep_store_traits::Inner;
use tradekeep_store_traits::sql::answers::{self, SummaryRows};
use tradekeep_store_traits::sql::{Sql, most_below, only_row};

use super::ask;
use super::states::may_be_several;
use crate::rows::Cells;
use crate::sql::stats as sql;

fn one(connection: &Connection, sql: Sql) -> Inner<Cells> {
    only_row(ask(connection, sql)?)
}

pub(crate) fn metrics(connection: &Connection, filter: &MetricFilter) -> Inner<Option<ValueStats>> {
    answers::value_stats(&one(connection, sql::metrics(filter))?)
}

pub(crate) fn buckets(
    connection: &Connection,
    query: &BucketQuery,
) -> Inner<Page<MetricBucket, BucketCursor>> {
    let found = ask(connection, sql::buckets(query))?;
    Ok(query.page(answers::buckets(query, found)?))
}

pub(crate) fn latencies(
    connection: &Connection,
    filter: &LatencyFilter,
) -> Inner<Vec<LatencyStats>> {
    answers::latency_stats(ask(connection, sql::latencies(filter))?)
}

pub(crate) fn histogram(
    connection: &Connection,
    filter: &LatencyFilter,
    bounds: &[u64],
) -> Inner<Vec<u64>> {
    let found = ask(connection, sql::histogram(filter, &most_below(bounds)))?;
    answers::histogram(bounds.len(), found)
}

pub(crate) fn slippage(
    connection: &Connection,
    filter: &SlippageFilter,
) -> Inner<Option<SlippageStats>> {
    let states = may_be_several(connection, Table::Trades)?;
    let found = one(connection, sql::slippage(&filter.trades(), states))?;
    if let Some(numbers) = answers::decimal_stats(&found)? {
        return Ok(Some(SlippageStats::new(SlippageSource::Trades, numbers)));
    }
    let numbers = metrics(connection, &filter.metric())?;
    Ok(numbers.map(|numbers| SlippageStats::new(SlippageSource::Metric, numbers)))
}

pub(crate) fn mev(connection: &Connection, filter: &MevFilter) -> Inner<MevAnalysis> {
    answers::mev_analysis(ask(connection, sql::mev(filter))?)
}

pub(crate) fn summary(connection: &Connection, range: TimeRange) -> Inner<Summary> {
    let states = may_be_several(connection, Table::Trades)?;
    let slippage = SlippageFilter { range, token: None };
    let trades = one(connection, sql::slipped(&slippage.trades(), states))?;
    let metric_bps = if answers::has_no_slippage(&trades)? {
        metrics(connection, &slippage.metric())?.map(|numbers| numbers.avg)
    } else {
        None
    };
    answers::summary(&SummaryRows {
        trades,
        latencies: one(connection, sql::all_latencies(range))?,
        mev: one(connection, sql::avoided(range))?,
        metric_bps,
    })
}

pub(crate) fn performance(
    connection: &Connection,
    filter: &TradeFilter,
) -> Inner<PerformanceSummary> {
    let states = may_be_several(connection, Table::Trades)?;
    answers::performance(ask(connection, sql::performance(filter, states))?)
}
