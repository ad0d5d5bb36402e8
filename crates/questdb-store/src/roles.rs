//! Measurements: lists of them, and the numbers about them.

use async_trait::async_trait;
use tokio_postgres::Row;
use tradekeep_models::{
    BucketCursor, BucketQuery, LatencyFilter, LatencyNumbers, LatencyStats, MetricBucket,
    MetricFilter, MevAnalysis, MevFilter, Page, SlippageStats, Summary, Symbol, Table, TimeRange,
    Timestamp, ValueStats,
};
use tradekeep_store_traits::{MetricStore, Result, StoreError};

use super::numbers::spread;
use crate::rows::Cells;
use crate::sql::{Conditions, Sql, stats};
use crate::{QuestDbStore, STORE};

#[async_trait]
impl MetricStore for QuestDbStore {
    async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>> {
        self.metric_numbers("metric_stats", filter).await
    }

    async fn bucket_page(&self, query: &BucketQuery) -> Result<Page<MetricBucket, BucketCursor>> {
        const OP: &str = "metric_buckets";
        query.validate().map_err(|error| StoreError::invalid(STORE, OP, &error))?;
        let filter = MetricFilter { range: query.row_range(), ..query.filter.clone() };
        let rows = Conditions::of(&filter, &self.table(Table::Metrics));
        let bucket = |row: &Row| -> Result<Option<MetricBucket>> {
            let row = Cells::of(OP, row);
            let open_ts = query.interval.start(row.int(0)?).unwrap_or(Timestamp::MIN);
            let stats = spread(row, 1, |column| row.float(column))?;
            Ok(stats.map(|stats| MetricBucket { open_ts, stats }))
        };
        let found = self.ask(OP, &stats::buckets(rows, query.interval, query.limit + 1)).await?;
        let buckets = found.iter().filter_map(|row| bucket(row).transpose());
        Ok(query.page(buckets.collect::<Result<_>>()?))
    }

    async fn latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>> {
        let rows = Conditions::of(filter, &self.table(Table::Latencies));
        self.operations("latency_stats", &stats::latencies(rows)).await
    }

    async fn latency_histogram(
        &self,
        filter: &LatencyFilter,
        bounds_ns: &[u64],
    ) -> Result<Vec<u64>> {
        const OP: &str = "latency_histogram";
        LatencyNumbers::check_bounds(bounds_ns)
            .map_err(|error| StoreError::invalid(STORE, OP, &error))?;
        // A latency below a bound is at most one less; all there are fit in 63 bits.
        let most: Vec<i64> = bounds_ns
            .iter()
            .map(|bound| i64::try_from(*bound).map_or(i64::MAX, |bound| bound - 1))
            .collect();
        let rows = Conditions::of(filter, &self.table(Table::Latencies));
        let mut counts = vec![0; bounds_ns.len() + 1];
        for row in self.ask(OP, &stats::histogram(rows, &most)).await? {
            let row = Cells::of(OP, &row);
            let place = usize::try_from(row.int(0)?).ok().and_then(|place| counts.get_mut(place));
            *place.ok_or_else(|| row.broken("there is no such bound"))? += row.count(1)?;
        }
        Ok(counts)
    }

    async fn slippage(
        &self,
        range: TimeRange,
        token: Option<&Symbol>,
    ) -> Result<Option<SlippageStats>> {
        self.slippage_of(range, token).await
    }

    async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis> {
        self.mev_of(filter).await
    }

    async fn summary(&self, range: TimeRange) -> Result<Summary> {
        self.summary_of(range).await
    }
}

impl QuestDbStore {
    /// As [`MetricStore::latency_stats`], but percentiles are approximate: each is within 0.1 % of the exact
    /// one. All else is exact. It reads the range once and sorts nothing.
    ///
    /// # Errors
    /// As [`MetricStore::latency_stats`].
    pub async fn approx_latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>> {
        let rows = Conditions::of(filter, &self.table(Table::Latencies));
        self.operations("approx_latency_stats", &stats::approx_latencies(&rows)).await
    }

    /// What is known of each operation, in their order.
    async fn operations(&self, op: &'static str, sql: &Sql) -> Result<Vec<LatencyStats>> {
        let stats = |row: &Row| -> Result<LatencyStats> {
            let row = Cells::of(op, row);
            let successes = row.count(3)?;
            let numbers = || -> Result<LatencyNumbers> {
                Ok(LatencyNumbers {
                    avg_ns: LatencyNumbers::mean(row.wide(4)?, successes),
                    min_ns: row.count(6)?,
                    max_ns: row.count(7)?,
                    p50_ns: row.count(8)?,
                    p95_ns: row.count(9)?,
                    p99_ns: row.count(10)?,
                    p999_ns: row.count(11)?,
                })
            };
            Ok(LatencyStats {
                service: row.named(0)?,
                operation: row.named(1)?,
                failures: row.count(2)?,
                successes,
                numbers: if successes == 0 { None } else { Some(numbers()?) },
            })
        };
        let found = self.ask(op, sql).await?;
        let mut all: Vec<_> = found.iter().map(stats).collect::<Result<_>>()?;
        all.sort_by(|a, b| (&a.service, &a.operation).cmp(&(&b.service, &b.operation)));
        Ok(all)
    }
}
