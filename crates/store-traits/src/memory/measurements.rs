//! Measurements, and the numbers about them, by the functions of the model.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tradekeep_models::{
    BucketCursor, BucketQuery, Decimal, Latency, LatencyFilter, LatencyNumbers, LatencyStats,
    Metric, MetricBucket, MetricFilter, MevAnalysis, MevEvent, MevFilter, Name, Page,
    SlippageFilter, SlippageSource, SlippageStats, Summary, TimeRange, Trade, ValueStats,
};

use super::tables::{Held, Tables};
use super::{MemoryStore, invalid, too_large};
use crate::{MetricStore, Result};

#[async_trait]
impl MetricStore for MemoryStore {
    async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>> {
        Ok(values(&self.enter("metric_stats").await?.tables, filter))
    }

    async fn bucket_page(&self, query: &BucketQuery) -> Result<Page<MetricBucket, BucketCursor>> {
        query.validate().map_err(invalid("metric_buckets"))?;
        let filter = MetricFilter { range: query.row_range(), ..query.filter.clone() };
        let state = self.enter("metric_buckets").await?;
        let mut buckets: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        for metric in Metric::rows(&state.tables).matching(&filter) {
            buckets.entry(query.interval.index(metric.ts)).or_default().push(metric.value);
        }
        let numbers = |(index, values)| {
            let open_ts = query.interval.start(index)?;
            Some(MetricBucket::new(open_ts, ValueStats::of(values)?))
        };
        Ok(query.page(buckets.into_iter().filter_map(numbers).take(query.limit + 1).collect()))
    }

    async fn latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>> {
        let state = self.enter("latency_stats").await?;
        let mut groups: BTreeMap<(&Name, &Name), Vec<&Latency>> = BTreeMap::new();
        for latency in Latency::rows(&state.tables).matching(filter) {
            groups.entry((&latency.service, &latency.operation)).or_default().push(latency);
        }
        let numbers = |((service, operation), all): ((&Name, &Name), Vec<&Latency>)| {
            let count = all.len() as u64;
            let took = succeeded(all);
            let successes = took.len() as u64;
            LatencyStats::builder()
                .service(service.clone())
                .operation(operation.clone())
                .failures(count - successes)
                .successes(successes)
                .maybe_numbers(LatencyNumbers::of(took))
                .build()
        };
        Ok(groups.into_iter().map(numbers).collect())
    }

    async fn latency_histogram(
        &self,
        filter: &LatencyFilter,
        bounds_ns: &[u64],
    ) -> Result<Vec<u64>> {
        LatencyNumbers::check_bounds(bounds_ns).map_err(invalid("latency_histogram"))?;
        let state = self.enter("latency_histogram").await?;
        let mut counts = vec![0; bounds_ns.len() + 1];
        for latency in succeeded(Latency::rows(&state.tables).matching(filter)) {
            counts[bounds_ns.partition_point(|bound| *bound <= latency)] += 1;
        }
        Ok(counts)
    }

    async fn slippage(&self, filter: &SlippageFilter) -> Result<Option<SlippageStats>> {
        Ok(slippage_of(&self.enter("slippage").await?.tables, filter))
    }

    async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis> {
        let state = self.enter("mev_analysis").await?;
        MevAnalysis::of(MevEvent::rows(&state.tables).matching(filter))
            .map_err(too_large("mev_analysis"))
    }

    async fn summary(&self, range: TimeRange) -> Result<Summary> {
        let tables = &self.enter("summary").await?.tables;
        let slippage = SlippageFilter { range, token: None };
        let latencies = LatencyFilter { range, ..LatencyFilter::default() };
        let took = succeeded(Latency::rows(tables).matching(&latencies));
        let numbers = LatencyNumbers::of(took);
        let events = MevFilter { range, ..MevFilter::default() };
        let (avoided, suffered): (Vec<_>, Vec<_>) =
            MevEvent::rows(tables).matching(&events).partition(|event| event.avoided);
        Ok(Summary::builder()
            .total_trades(Trade::rows(tables).matching(&slippage.trades()).count() as u64)
            .maybe_avg_latency_ns(numbers.map(|numbers| numbers.avg_ns))
            .maybe_p99_latency_ns(numbers.map(|numbers| numbers.p99_ns))
            .maybe_avg_slippage_bps(
                slippage_of(tables, &slippage).map(|slippage| slippage.numbers.avg),
            )
            .mev_avoided(avoided.len() as u64)
            .mev_suffered(suffered.len() as u64)
            .build())
    }
}

fn values(tables: &Tables, filter: &MetricFilter) -> Option<ValueStats> {
    ValueStats::of(Metric::rows(tables).matching(filter).map(|metric| metric.value).collect())
}

/// How long those took that succeeded.
fn succeeded<'a>(latencies: impl IntoIterator<Item = &'a Latency>) -> Vec<u64> {
    let done = latencies.into_iter().filter(|latency| latency.success);
    done.map(|latency| latency.latency_ns).collect()
}

/// Slippage of our trades where they have any, else of the metric.
fn slippage_of(tables: &Tables, filter: &SlippageFilter) -> Option<SlippageStats> {
    let trades = Trade::rows(tables).matching(&filter.trades());
    let measured = trades.filter_map(|trade| trade.actual_slippage).map(Decimal::to_f64).collect();
    let of_trades =
        ValueStats::of(measured).map(|numbers| SlippageStats::new(SlippageSource::Trades, numbers));
    of_trades.or_else(|| {
        let numbers = values(tables, &filter.metric())?;
        Some(SlippageStats::new(SlippageSource::Metric, numbers))
    })
}
