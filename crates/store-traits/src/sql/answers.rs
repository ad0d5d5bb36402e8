//! Rows into answers, in one way for every store: the statement of each has to answer the columns that are
//! listed here, in that order.
//!
//! A whole number that may need more than 64 bits stands in two columns: thousands of millions, and the rest.

use std::collections::BTreeMap;

use tradekeep_models::{
    BucketQuery, Candle, CandleQuery, Decimal, InvalidInput, LatencyNumbers, LatencyStats,
    MetricBucket, MevAnalysis, PairPerformance, PerformanceSummary, Summary, Table, TimeUnit,
    Timestamp, ValueStats, vwap,
};

use super::Row;
use crate::{ErrorKind, Failure, Inner, TickSeries};

#[allow(clippy::cast_precision_loss, reason = "a mean is a double")]
fn mean(sum: f64, count: u64) -> f64 {
    sum / count as f64
}

/// How the smallest, the largest and the ranks of a spread are read: they are of its column's type.
type Read<R> = fn(&R, usize) -> Inner<f64>;

/// count, sum, min, max, p50, p95, p99 of doubles; nothing of no values.
///
/// # Errors
/// When a row is not so; `Query` where a sum is too large. So have those below.
pub fn value_stats<R: Row>(row: &R) -> Inner<Option<ValueStats>> {
    spread(row, 0, R::float)
}

/// The same of decimals, whose sum is a double.
///
/// # Errors
/// As [`value_stats`].
pub fn decimal_stats<R: Row>(row: &R) -> Inner<Option<ValueStats>> {
    spread(row, 0, |row, column| row.decimal(column).map(Decimal::to_f64))
}

fn spread<R: Row>(row: &R, first: usize, read: Read<R>) -> Inner<Option<ValueStats>> {
    let count = row.count(first)?;
    if count == 0 {
        return Ok(None);
    }
    let sum = row.float_sum(first + 1)?;
    Ok(Some(
        ValueStats::builder()
            .count(count)
            .sum(sum)
            .avg(mean(sum, count))
            .min(read(row, first + 2)?)
            .max(read(row, first + 3)?)
            .p50(read(row, first + 4)?)
            .p95(read(row, first + 5)?)
            .p99(read(row, first + 6)?)
            .build(),
    ))
}

/// The number of a bucket, then as [`value_stats`]; in order.
///
/// # Errors
/// As [`value_stats`].
pub fn buckets<R: Row>(
    query: &BucketQuery,
    rows: impl IntoIterator<Item = R>,
) -> Inner<Vec<MetricBucket>> {
    let bucket = |row: R| -> Inner<Option<MetricBucket>> {
        let open_ts = query.interval.start(row.int(0)?).unwrap_or(Timestamp::MIN);
        Ok(spread(&row, 1, R::float)?.map(|stats| MetricBucket::new(open_ts, stats)))
    };
    rows.into_iter().filter_map(|row| bucket(row).transpose()).collect()
}

/// bucket number, open, high, low, close, sums of quantity and notional, count; in order.
///
/// # Errors
/// As [`value_stats`].
pub fn candles<R: Row>(
    query: &CandleQuery,
    rows: impl IntoIterator<Item = R>,
) -> Inner<Vec<Candle>> {
    let candle = |row: R| -> Inner<Candle> {
        let price = |column| row.decimal(column).map(Some);
        let (volume, notional) = (row.decimal(5)?, row.decimal(6)?);
        let too_large = |error: InvalidInput| Failure::new(ErrorKind::Query, error.to_string());
        Ok(Candle::builder()
            .venue(query.venue.clone())
            .symbol(query.symbol.clone())
            .interval(query.interval)
            .open_ts(query.interval.start(row.int(0)?).unwrap_or(Timestamp::MIN))
            .maybe_open(price(1)?)
            .maybe_high(price(2)?)
            .maybe_low(price(3)?)
            .maybe_close(price(4)?)
            .volume(volume)
            .notional(notional)
            .count(row.count(7)?)
            .maybe_vwap(vwap(notional, volume).map_err(too_large)?)
            .build())
    };
    rows.into_iter().map(candle).collect()
}

/// venue, symbol, count, first and last time in nanoseconds, the finest
/// [unit](super::unit) of a time, how many are aggregated; in no order.
///
/// # Errors
/// As [`value_stats`].
pub fn series<R: Row>(rows: impl IntoIterator<Item = R>) -> Inner<Vec<TickSeries>> {
    let unit = |place: u64| {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        TimeUnit::ALL.get(place).copied().unwrap_or(TimeUnit::Nanos)
    };
    let series = |row: R| -> Inner<TickSeries> {
        Ok(TickSeries {
            venue: row.named(0)?,
            symbol: row.named(1)?,
            count: row.count(2)?,
            first_ts: row.time(3)?,
            last_ts: row.time(4)?,
            unit: unit(row.count(5)?),
            aggregated: row.count(6)?,
        })
    };
    let mut all = rows.into_iter().map(series).collect::<Inner<Vec<_>>>()?;
    all.sort_by(|a, b| (&a.venue, &a.symbol).cmp(&(&b.venue, &b.symbol)));
    Ok(all)
}

/// service, operation, failures, successes, sum in two columns, min, max, p50, p95, p99, p99.9 of those that
/// succeeded; in no order.
///
/// # Errors
/// As [`value_stats`].
pub fn latency_stats<R: Row>(rows: impl IntoIterator<Item = R>) -> Inner<Vec<LatencyStats>> {
    let stats = |row: R| -> Inner<LatencyStats> {
        let successes = row.count(3)?;
        let numbers = || -> Inner<LatencyNumbers> {
            Ok(LatencyNumbers::builder()
                .avg_ns(LatencyNumbers::mean(row.wide(4)?, successes))
                .min_ns(row.count(6)?)
                .max_ns(row.count(7)?)
                .p50_ns(row.count(8)?)
                .p95_ns(row.count(9)?)
                .p99_ns(row.count(10)?)
                .p999_ns(row.count(11)?)
                .build())
        };
        Ok(LatencyStats::builder()
            .service(row.named(0)?)
            .operation(row.named(1)?)
            .failures(row.count(2)?)
            .successes(successes)
            .maybe_numbers(if successes == 0 { None } else { Some(numbers()?) })
            .build())
    };
    let mut all = rows.into_iter().map(stats).collect::<Inner<Vec<_>>>()?;
    all.sort_by(|a, b| (&a.service, &a.operation).cmp(&(&b.service, &b.operation)));
    Ok(all)
}

/// index of a bound, how many are below it and not below the one before; those past the last have the index
/// behind it. `bounds` are how many there are.
///
/// # Errors
/// As [`value_stats`].
pub fn histogram<R: Row>(bounds: usize, rows: impl IntoIterator<Item = R>) -> Inner<Vec<u64>> {
    let mut counts = vec![0; bounds + 1];
    for row in rows {
        let place = usize::try_from(row.int(0)?).ok().and_then(|index| counts.get_mut(index));
        *place.ok_or_else(|| row.broken("there is no such bound"))? += row.count(1)?;
    }
    Ok(counts)
}

/// Of the events of each actual loss in basis points, none included: that loss, events, avoided, sum of risks,
/// sum of fees in two columns, fees known, sum of sizes as [`Row::maybe_decimal_sum`] reads it.
///
/// # Errors
/// As [`value_stats`].
pub fn mev_analysis<R: Row>(rows: impl IntoIterator<Item = R>) -> Inner<MevAnalysis> {
    let mut analysis = MevAnalysis::default();
    let (mut risks, mut fees, mut charged) = (0.0, 0, 0);
    let mut losses = Vec::new();
    for row in rows {
        analysis.events += row.count(1)?;
        analysis.avoided += row.count(2)?;
        risks += row.float_sum(3)?;
        fees += row.wide(4)?;
        charged += row.count(6)?;
        let bps = row.maybe_int(0)?.map(i32::try_from).transpose();
        let bps = bps.map_err(|_| row.broken("a loss is out of range"))?;
        losses.extend(bps.zip(row.maybe_decimal_sum(7)?));
    }
    analysis.total_loss_usd =
        MevAnalysis::loss(losses).map_err(|error| Failure::too_large(&error))?;
    Ok(analysis.with_means(risks, fees, charged))
}

/// The rows that a [`Summary`] is made of.
#[derive(Debug)]
pub struct SummaryRows<R> {
    /// trades, those of them that have a slippage, and its sum as a double.
    pub trades: R,
    /// Of successful latencies: count, sum in two columns, p99.
    pub latencies: R,
    /// MEV events, and those avoided.
    pub mev: R,
    /// Mean of the metric that slippage is recorded as, for where no trade has one.
    pub metric_bps: Option<f64>,
}

/// Six numbers about a window of time.
///
/// # Errors
/// As [`value_stats`].
pub fn summary<R: Row>(rows: &SummaryRows<R>) -> Inner<Summary> {
    let SummaryRows { trades, latencies, mev, metric_bps } = rows;
    let slipped = trades.count(1)?;
    let succeeded = latencies.count(0)?;
    let mev_avoided = mev.count(1)?;
    Ok(Summary::builder()
        .total_trades(trades.count(0)?)
        .maybe_avg_latency_ns(match succeeded {
            0 => None,
            succeeded => Some(LatencyNumbers::mean(latencies.wide(1)?, succeeded)),
        })
        .maybe_p99_latency_ns(latencies.maybe_int(3)?.map(i64::unsigned_abs))
        .maybe_avg_slippage_bps(match slipped {
            0 => *metric_bps,
            slipped => Some(mean(trades.float_sum(2)?, slipped)),
        })
        .mev_avoided(mev_avoided)
        .mev_suffered(mev.count(0)?.saturating_sub(mev_avoided))
        .build())
}

/// Whether no trade of these has a slippage, so that the metric counts.
///
/// # Errors
/// As [`value_stats`].
pub fn has_no_slippage(trades: &impl Row) -> Inner<bool> {
    Ok(trades.count(1)? == 0)
}

/// base_token, quote_token, status, trades, both fees in two columns each, volume, bought, sold, paid, received,
/// transfer fees, last price: of the confirmed trades of each pair, and of the failed ones, of which only the
/// count and the fees are read; in no order.
///
/// # Errors
/// As [`value_stats`].
pub fn performance<R: Row>(rows: impl IntoIterator<Item = R>) -> Inner<PerformanceSummary> {
    let (mut summary, mut fees) = (PerformanceSummary::default(), 0);
    for row in rows {
        fees += row.wide(4)? + row.wide(6)?;
        if row.text(2)? == "failed" {
            summary.failed += row.count(3)?;
        } else {
            summary.trades += row.count(3)?;
            summary.pairs.push(pair(&row)?);
        }
    }
    summary.fees_lamports = u64::try_from(fees).unwrap_or(u64::MAX);
    let of = |pair: &PairPerformance| (pair.base_token.clone(), pair.quote_token.clone());
    summary.pairs.sort_by_key(of);
    Ok(summary)
}

fn pair<R: Row>(row: &R) -> Inner<PairPerformance> {
    PairPerformance::builder()
        .base_token(row.named(0)?)
        .quote_token(row.named(1)?)
        .trades(row.count(3)?)
        .volume(row.decimal(8)?)
        .bought(row.decimal(9)?)
        .sold(row.decimal(10)?)
        .paid(row.decimal(11)?)
        .received(row.decimal(12)?)
        .transfer_fees(row.decimal(13)?)
        .last_price(row.decimal(14)?)
        .pnl(Decimal::default())
        .build()
        .with_pnl()
        .map_err(|error| Failure::too_large(&error))
}

/// The retention floor of each table that has one.
pub type Floors = BTreeMap<Table, Timestamp>;

/// The name of a table, and its floor or nothing.
///
/// # Errors
/// As [`value_stats`].
pub fn floors<R: Row>(rows: Vec<R>) -> Inner<Floors> {
    let mut floors = Floors::new();
    for row in rows {
        let unknown = |_| row.broken("a floor is of a table that is not known");
        let table: Table = row.text(0)?.parse().map_err(unknown)?;
        floors.extend(row.maybe_time(1)?.map(|floor| (table, floor)));
    }
    Ok(floors)
}
