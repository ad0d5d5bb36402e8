//! Numbers about records.

use duckdb::Connection;
use tradekeep_models::{
    BucketCursor, BucketQuery, DecimalError, DecimalSum, LatencyFilter, LatencyNumbers,
    LatencyStats, MetricBucket, MetricFilter, MevAnalysis, MevFilter, Name, Page, PairPerformance,
    PerformanceSummary, SlippageSource, SlippageStats, Summary, Symbol, Table, TimeRange,
    Timestamp, TradeFilter, ValueStats,
};
use tradekeep_store_traits::{ErrorKind, Result, StoreError};

use super::{ask, versions};
use crate::STORE;
use crate::error::conversion;
use crate::rows::cells::{Cells, only_row, rows_of};
use crate::sql::stats as sql;

fn too_large(op: &'static str) -> impl Fn(DecimalError) -> StoreError {
    move |error| {
        let context = format!("a sum {error}: ask for a shorter range");
        StoreError::new(ErrorKind::Query, STORE, op, context)
    }
}

fn name(op: &'static str, text: &str) -> Result<Name> {
    let parse = |error: tradekeep_models::InvalidInput| {
        conversion(op, arrow::error::ArrowError::ParseError(error.to_string()))
    };
    Name::new(text).map_err(parse)
}

#[allow(clippy::cast_precision_loss, reason = "a mean is a double")]
fn mean(sum: f64, count: u64) -> f64 {
    sum / count as f64
}

/// The columns of `sql::SPREAD`, from one place on, of floats.
fn spread(row: Cells<'_>, first: usize) -> Result<Option<ValueStats>> {
    let count = row.count(first)?;
    if count == 0 {
        return Ok(None);
    }
    let float = |at| row.float(first + at);
    Ok(Some(ValueStats {
        count,
        sum: float(1)?,
        avg: mean(float(1)?, count),
        min: float(2)?,
        max: float(3)?,
        p50: float(4)?,
        p95: float(5)?,
        p99: float(6)?,
    }))
}

pub(crate) fn metrics(
    connection: &Connection,
    filter: &MetricFilter,
) -> Result<Option<ValueStats>> {
    const OP: &str = "metric_stats";
    spread(only_row(OP, &ask(OP, connection, sql::metrics(filter))?)?, 0)
}

pub(crate) fn buckets(
    connection: &Connection,
    query: &BucketQuery,
) -> Result<Page<MetricBucket, BucketCursor>> {
    const OP: &str = "metric_buckets";
    let found = ask(OP, connection, sql::buckets(query))?;
    let bucket = |row: Cells<'_>| -> Result<Option<MetricBucket>> {
        let open_ts = query.interval.start(row.int(0)?).unwrap_or(Timestamp::MIN);
        Ok(spread(row, 1)?.map(|stats| MetricBucket { open_ts, stats }))
    };
    let buckets: Result<Vec<_>> =
        rows_of(OP, &found).filter_map(|row| bucket(row).transpose()).collect();
    Ok(query.page(buckets?))
}

pub(crate) fn latencies(
    connection: &Connection,
    filter: &LatencyFilter,
) -> Result<Vec<LatencyStats>> {
    const OP: &str = "latency_stats";
    let stats = |row: Cells<'_>| -> Result<LatencyStats> {
        let successes = row.count(3)?;
        let numbers = || -> Result<LatencyNumbers> {
            Ok(LatencyNumbers {
                avg_ns: LatencyNumbers::mean(row.wide(4)?, successes),
                min_ns: row.count(5)?,
                max_ns: row.count(6)?,
                p50_ns: row.count(7)?,
                p95_ns: row.count(8)?,
                p99_ns: row.count(9)?,
                p999_ns: row.count(10)?,
            })
        };
        Ok(LatencyStats {
            service: name(OP, row.text(0)?)?,
            operation: name(OP, row.text(1)?)?,
            failures: row.count(2)?,
            successes,
            numbers: if successes == 0 { None } else { Some(numbers()?) },
        })
    };
    rows_of(OP, &ask(OP, connection, sql::latencies(filter))?).map(stats).collect()
}

pub(crate) fn histogram(
    connection: &Connection,
    filter: &LatencyFilter,
    bounds: &[u64],
) -> Result<Vec<u64>> {
    const OP: &str = "latency_histogram";
    // A latency below a bound is at most one less; all there are fit in 63 bits.
    let most: Vec<i64> =
        bounds.iter().map(|bound| i64::try_from(*bound).map_or(i64::MAX, |b| b - 1)).collect();
    let mut counts = vec![0; bounds.len() + 1];
    for row in rows_of(OP, &ask(OP, connection, sql::histogram(filter, &most))?) {
        let (key, count) = (row.int(0)?, row.count(1)?);
        let place = most.binary_search(&key).unwrap_or(bounds.len());
        counts[place] += count;
    }
    Ok(counts)
}

pub(crate) fn slippage(
    connection: &Connection,
    range: TimeRange,
    token: Option<&Symbol>,
) -> Result<Option<SlippageStats>> {
    const OP: &str = "slippage";
    let trades = TradeFilter { token: token.cloned(), range, ..TradeFilter::default() };
    let versions = versions(OP, connection, Table::Trades)?;
    let found = ask(OP, connection, sql::slippage(&trades, versions))?;
    let row = only_row(OP, &found)?;
    let count = row.count(0)?;
    if count > 0 {
        let bps = |column| row.decimal(column).map(tradekeep_models::Decimal::to_f64);
        let numbers = ValueStats {
            count,
            sum: bps(1)?,
            avg: mean(bps(1)?, count),
            min: bps(2)?,
            max: bps(3)?,
            p50: bps(4)?,
            p95: bps(5)?,
            p99: bps(6)?,
        };
        return Ok(Some(SlippageStats { source: SlippageSource::Trades, numbers }));
    }
    let filter = SlippageStats::metric(range, token);
    let numbers = metrics(connection, &filter)?;
    Ok(numbers.map(|numbers| SlippageStats { source: SlippageSource::Metric, numbers }))
}

pub(crate) fn mev(connection: &Connection, filter: &MevFilter) -> Result<MevAnalysis> {
    const OP: &str = "mev_analysis";
    let found = ask(OP, connection, sql::mev(filter))?;
    let row = only_row(OP, &found)?;
    let losses = ask(OP, connection, sql::mev_losses(filter))?;
    let loss = |row: Cells<'_>| -> Result<_> {
        let bps = i32::try_from(row.int(0)?).unwrap_or(i32::MAX);
        let size = DecimalSum::from_halves(row.wide(1)?, row.decimal(2)?).map_err(too_large(OP))?;
        Ok((bps, size))
    };
    let losses: Result<Vec<_>> = rows_of(OP, &losses).map(loss).collect();
    let analysis = MevAnalysis {
        events: row.count(0)?,
        avoided: row.count(1)?,
        total_loss_usd: MevAnalysis::loss(losses?).map_err(too_large(OP))?,
        ..MevAnalysis::default()
    };
    Ok(analysis.with_means(row.float(2)?, row.wide(3)?, row.count(4)?))
}

pub(crate) fn summary(connection: &Connection, range: TimeRange) -> Result<Summary> {
    const OP: &str = "summary";
    let trades = TradeFilter { range, ..TradeFilter::default() };
    let versions = versions(OP, connection, Table::Trades)?;
    let counted = ask(OP, connection, sql::trades(&trades, versions))?;
    let latencies = ask(OP, connection, sql::all_latencies(range))?;
    let latencies = only_row(OP, &latencies)?;
    let succeeded = latencies.count(0)?;
    let events = ask(OP, connection, sql::mev(&MevFilter { range, ..MevFilter::default() }))?;
    let events = only_row(OP, &events)?;
    let slippage = slippage(connection, range, None)?;
    let mean = || Ok(LatencyNumbers::mean(latencies.wide(1)?, succeeded));
    Ok(Summary {
        total_trades: only_row(OP, &counted)?.count(0)?,
        avg_latency_ns: if succeeded == 0 { None } else { Some(mean()?) },
        p99_latency_ns: latencies.maybe_int(2)?.map(i64::unsigned_abs),
        avg_slippage_bps: slippage.map(|slippage| slippage.numbers.avg),
        mev_avoided: events.count(1)?,
        mev_suffered: events.count(0)? - events.count(1)?,
    })
}

pub(crate) fn performance(
    connection: &Connection,
    filter: &TradeFilter,
) -> Result<PerformanceSummary> {
    const OP: &str = "performance";
    let versions = versions(OP, connection, Table::Trades)?;
    let pairs = ask(OP, connection, sql::pairs(filter, versions))?;
    let pairs: Result<Vec<_>> = rows_of(OP, &pairs).map(pair).collect();
    let fees = ask(OP, connection, sql::fees(filter, versions))?;
    let fees = only_row(OP, &fees)?;
    let pairs = pairs?;
    Ok(PerformanceSummary {
        trades: pairs.iter().map(|pair| pair.trades).sum(),
        failed: fees.count(0)?,
        fees_lamports: u64::try_from(fees.wide(1)?).unwrap_or(u64::MAX),
        pairs,
    })
}

fn pair(row: Cells<'_>) -> Result<PairPerformance> {
    const OP: &str = "performance";
    let symbol = |column| {
        let parse = |error: tradekeep_models::InvalidInput| {
            conversion(OP, arrow::error::ArrowError::ParseError(error.to_string()))
        };
        row.text(column).and_then(|text| Symbol::new(text).map_err(parse))
    };
    PairPerformance {
        base_token: symbol(0)?,
        quote_token: symbol(1)?,
        trades: row.count(2)?,
        volume: row.decimal(3)?,
        bought: row.decimal(4)?,
        sold: row.decimal(5)?,
        paid: row.decimal(6)?,
        received: row.decimal(7)?,
        transfer_fees: row.decimal(8)?,
        last_price: row.decimal(9)?,
        pnl: tradekeep_models::Decimal::default(),
    }
    .with_pnl()
    .map_err(too_large(OP))
}
