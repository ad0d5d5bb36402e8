//! Numbers about several records.

use async_trait::async_trait;
use tokio_postgres::Row;
use tradekeep_models::{
    Decimal, DecimalError, LatencyFilter, LatencyNumbers, MetricFilter, MevAnalysis, MevFilter,
    PairPerformance, PerformanceSummary, SlippageSource, SlippageStats, Summary, Symbol, Table,
    TimeRange, TradeFilter, ValueStats,
};
use tradekeep_store_traits::{ErrorKind, Result, StoreError, TradeStore};

use crate::rows::Cells;
use crate::sql::{Conditions, stats};
use crate::{QuestDbStore, STORE};

fn too_large(op: &'static str) -> impl Fn(DecimalError) -> StoreError {
    move |error| {
        let context = format!("a sum {error}: ask for a shorter range");
        StoreError::new(ErrorKind::Query, STORE, op, context)
    }
}

#[allow(clippy::cast_precision_loss, reason = "a mean is a double")]
fn mean(sum: f64, count: u64) -> f64 {
    sum / count as f64
}

/// Count, sum, min, max and ranks of a column, from one place on, the last five as `read` has them;
/// nothing of no values.
pub(super) fn spread(
    row: Cells<'_>,
    first: usize,
    read: impl Fn(usize) -> Result<f64>,
) -> Result<Option<ValueStats>> {
    let count = row.count(first)?;
    if count == 0 {
        return Ok(None);
    }
    let sum = row.float_sum(first + 1)?;
    Ok(Some(ValueStats {
        count,
        sum,
        avg: mean(sum, count),
        min: read(first + 2)?,
        max: read(first + 3)?,
        p50: read(first + 4)?,
        p95: read(first + 5)?,
        p99: read(first + 6)?,
    }))
}

impl QuestDbStore {
    pub(super) async fn metric_numbers(
        &self,
        op: &'static str,
        filter: &MetricFilter,
    ) -> Result<Option<ValueStats>> {
        let rows = Conditions::of(filter, &self.table(Table::Metrics));
        let row = self.only_row(op, &stats::values(rows, "value")).await?;
        let row = Cells::of(op, &row);
        spread(row, 0, |column| row.float(column))
    }

    pub(super) async fn slippage_of(
        &self,
        range: TimeRange,
        token: Option<&Symbol>,
    ) -> Result<Option<SlippageStats>> {
        const OP: &str = "slippage";
        let filter = TradeFilter { token: token.cloned(), range, ..TradeFilter::default() };
        let rows = Conditions::of_highest(&filter, &self.table(Table::Trades));
        let row = self.only_row(OP, &stats::values(rows, "actual_slippage")).await?;
        let row = Cells::of(OP, &row);
        let bps = |column| row.decimal(column).map(Decimal::to_f64);
        if let Some(numbers) = spread(row, 0, bps)? {
            return Ok(Some(SlippageStats { source: SlippageSource::Trades, numbers }));
        }
        let numbers = self.metric_numbers(OP, &SlippageStats::metric(range, token)).await?;
        Ok(numbers.map(|numbers| SlippageStats { source: SlippageSource::Metric, numbers }))
    }

    pub(super) async fn mev_of(&self, filter: &MevFilter) -> Result<MevAnalysis> {
        const OP: &str = "mev_analysis";
        let rows = Conditions::of(filter, &self.table(Table::MevEvents));
        let mut analysis = MevAnalysis::default();
        let (mut risks, mut fees, mut charged) = (0.0, 0, 0);
        let mut losses = Vec::new();
        for row in self.ask(OP, &stats::mev(rows)).await? {
            let row = Cells::of(OP, &row);
            analysis.events += row.count(1)?;
            analysis.avoided += row.count(2)?;
            risks += row.float_sum(3)?;
            fees += row.wide(4)?;
            charged += row.count(6)?;
            let bps = row.maybe_int(0)?.map(i32::try_from).transpose();
            let bps = bps.map_err(|_| row.broken("a loss is out of range"))?;
            losses.extend(bps.zip(row.maybe_decimal_sum(7)?));
        }
        analysis.total_loss_usd = MevAnalysis::loss(losses).map_err(too_large(OP))?;
        Ok(analysis.with_means(risks, fees, charged))
    }

    pub(super) async fn summary_of(&self, range: TimeRange) -> Result<Summary> {
        const OP: &str = "summary";
        let filter = TradeFilter { range, ..TradeFilter::default() };
        let rows = Conditions::of_highest(&filter, &self.table(Table::Trades));
        let trades = self.only_row(OP, &stats::slipped(&rows)).await?;
        let trades = Cells::of(OP, &trades);
        let avg_slippage_bps = match trades.count(1)? {
            0 => {
                let metric = SlippageStats::metric(range, None);
                self.metric_numbers(OP, &metric).await?.map(|numbers| numbers.avg)
            }
            measured => Some(mean(trades.float_sum(2)?, measured)),
        };
        let filter = LatencyFilter { range, ..LatencyFilter::default() };
        let rows = Conditions::of(&filter, &self.table(Table::Latencies));
        let latencies = self.only_row(OP, &stats::all_latencies(rows)).await?;
        let latencies = Cells::of(OP, &latencies);
        let avg_latency_ns = match latencies.count(0)? {
            0 => None,
            succeeded => Some(LatencyNumbers::mean(latencies.wide(1)?, succeeded)),
        };
        let filter = MevFilter { range, ..MevFilter::default() };
        let rows = Conditions::of(&filter, &self.table(Table::MevEvents));
        let events = self.only_row(OP, &stats::avoided(&rows)).await?;
        let events = Cells::of(OP, &events);
        let mev_avoided = events.count(1)?;
        Ok(Summary {
            total_trades: trades.count(0)?,
            avg_latency_ns,
            p99_latency_ns: latencies.maybe_int(3)?.map(i64::unsigned_abs),
            avg_slippage_bps,
            mev_avoided,
            mev_suffered: events.count(0)?.saturating_sub(mev_avoided),
        })
    }

    pub(super) async fn performance_of(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        const OP: &str = "performance";
        let rows = Conditions::of_highest(filter, &self.table(Table::Trades));
        let (mut summary, mut fees) = (PerformanceSummary::default(), 0);
        for row in self.ask(OP, &stats::performance(rows)).await? {
            let cells = Cells::of(OP, &row);
            fees += cells.wide(4)? + cells.wide(6)?;
            if cells.text(2)? == "failed" {
                summary.failed += cells.count(3)?;
            } else {
                summary.trades += cells.count(3)?;
                summary.pairs.push(pair(OP, &row)?);
            }
        }
        summary.fees_lamports = u64::try_from(fees).unwrap_or(u64::MAX);
        summary
            .pairs
            .sort_by(|a, b| (&a.base_token, &a.quote_token).cmp(&(&b.base_token, &b.quote_token)));
        Ok(summary)
    }
}

fn pair(op: &'static str, row: &Row) -> Result<PairPerformance> {
    let row = Cells::of(op, row);
    PairPerformance {
        base_token: row.named(0)?,
        quote_token: row.named(1)?,
        trades: row.count(3)?,
        volume: row.decimal(8)?,
        bought: row.decimal(9)?,
        sold: row.decimal(10)?,
        paid: row.decimal(11)?,
        received: row.decimal(12)?,
        transfer_fees: row.decimal(13)?,
        last_price: row.decimal(14)?,
        pnl: Decimal::default(),
    }
    .with_pnl()
    .map_err(too_large(op))
}

#[async_trait]
impl TradeStore for QuestDbStore {
    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        self.performance_of(filter).await
    }
}
