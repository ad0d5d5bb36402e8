//! Numbers about records, in the columns that `answers` of the SQL layer reads. Sums of floats are Kahan's; those
//! of decimals are exact, and made a float as a whole: that of each row takes twenty times as long. Percentiles
//! are exact nearest ranks, for which the shares are written as decimals: DuckDB counts with those in integers.

use tradekeep_models::{
    BucketQuery, LatencyFilter, MetricFilter, MevFilter, Table, TimeRange, TradeFilter,
};
use tradekeep_store_traits::sql::Sql;

use super::{bucket, rows};

/// count, sum, min, max, p50, p95, p99 of `value`.
const SPREAD: &str = "count, sum, min, max, q[1], q[2], q[3]";

/// What [`SPREAD`] is made of, with `sum` as its sum.
fn numbers(value: &str, sum: &str) -> String {
    format!(
        "count({value}) AS count, {sum} AS sum, min({value}) AS min, \
         max({value}) AS max, quantile_disc({value}, [0.5, 0.95, 0.99]) AS q"
    )
}

/// The sum of whole numbers, none of them negative, in thousands of millions and the rest; 0 of none. The sum is
/// taken apart, not each number: the two are one sum for DuckDB.
fn halves(numbers: &str) -> String {
    let half = |part: &str| format!("(coalesce(sum({numbers}), 0) {part} 1000000000)::BIGINT");
    format!("{}, {}", half("//"), half("%"))
}

/// Numbers about the values of metrics, in one row.
pub(crate) fn metrics(filter: &MetricFilter) -> Sql {
    let rows = rows(filter, false);
    let text = format!(
        "SELECT {SPREAD} FROM (SELECT {} FROM {})",
        numbers("value", "fsum(value)"),
        rows.from()
    );
    rows.sql(text)
}

/// The same for each bucket, with its number first.
pub(crate) fn buckets(query: &BucketQuery) -> Sql {
    let filter = MetricFilter { range: query.row_range(), ..query.filter.clone() };
    let rows = rows(&filter, false);
    let text = format!(
        "SELECT bucket, {SPREAD} FROM (SELECT {} AS bucket, {} FROM {} GROUP BY bucket) \
         ORDER BY bucket LIMIT {}",
        bucket(query.interval),
        numbers("value", "fsum(value)"),
        rows.from(),
        query.limit + 1
    );
    rows.sql(text)
}

/// What `answers::latency_stats` reads.
pub(crate) fn latencies(filter: &LatencyFilter) -> Sql {
    let rows = rows(filter, false);
    let text = format!(
        "SELECT service, operation, failures, successes, \
           (sum // 1000000000)::BIGINT, (sum % 1000000000)::BIGINT, min, max, q[1], q[2], q[3], q[4] FROM (\
           SELECT service, operation, count(*) FILTER (NOT success) AS failures, \
             count(*) FILTER (success) AS successes, \
             sum(latency_ns) FILTER (success) AS sum, \
             min(latency_ns) FILTER (success) AS min, max(latency_ns) FILTER (success) AS max, \
             quantile_disc(latency_ns, [0.5, 0.95, 0.99, 0.999]) FILTER (success) AS q \
           FROM {} GROUP BY service, operation)",
        rows.from()
    );
    rows.sql(text)
}

/// What `answers::summary` reads of latencies.
pub(crate) fn all_latencies(range: TimeRange) -> Sql {
    let mut rows = rows(&LatencyFilter { range, ..LatencyFilter::default() }, false);
    rows.add("success");
    let text = format!(
        "SELECT count(*), {}, quantile_disc(latency_ns, 0.99) FROM {}",
        halves("latency_ns"),
        rows.from()
    );
    rows.sql(text)
}

/// What `answers::histogram` reads, of what is most below each bound.
pub(crate) fn histogram(filter: &LatencyFilter, most: &[i64]) -> Sql {
    let mut rows = rows(filter, false);
    rows.add("success");
    // One more for what is past the last: DuckDB counts it under a key of its own.
    let most: Vec<_> = most.iter().map(ToString::to_string).collect();
    let text = format!(
        "SELECT coalesce(list_position([{0}]::BIGINT[], key), {1} + 1) - 1, count FROM (\
           SELECT unnest(map_keys(h)) AS key, unnest(map_values(h))::BIGINT AS count FROM (\
             SELECT histogram(latency_ns, [{0}]::BIGINT[]) AS h FROM {2}))",
        most.join(", "),
        most.len(),
        rows.from()
    );
    rows.sql(text)
}

/// Numbers about the slippage of trades, in one row.
pub(crate) fn slippage(filter: &TradeFilter, states: bool) -> Sql {
    let rows = rows(filter, states);
    let numbers = numbers("actual_slippage", "sum(actual_slippage)::DOUBLE");
    let text = format!("SELECT {SPREAD} FROM (SELECT {numbers} FROM {})", rows.from());
    rows.sql(text)
}

/// What `answers::mev_analysis` reads. Sizes are added up in whole dollars and the rest apart, because
/// DuckDB's widest decimal has 38 digits, which two sizes can fill.
pub(crate) fn mev(filter: &MevFilter) -> Sql {
    let rows = rows(filter, false);
    let text = format!(
        "SELECT actual_loss_bps, count(*), count(*) FILTER (avoided), fsum(sandwich_probability), {}, \
         count(priority_fee_lamports), sum(trunc(trade_size))::VARCHAR || ':' || \
         (sum(trade_size - trunc(trade_size))::DECIMAL(38,18))::VARCHAR \
         FROM {} GROUP BY actual_loss_bps",
        halves("priority_fee_lamports"),
        rows.from()
    );
    rows.sql(text)
}

/// MEV events, and those avoided.
pub(crate) fn avoided(range: TimeRange) -> Sql {
    let rows = rows(&MevFilter { range, ..MevFilter::default() }, false);
    let text = format!("SELECT count(*), count(*) FILTER (avoided) FROM {}", rows.from());
    rows.sql(text)
}

/// What `answers::summary` reads of trades.
pub(crate) fn slipped(filter: &TradeFilter, states: bool) -> Sql {
    let rows = rows(filter, states);
    let text = format!(
        "SELECT count(*), count(actual_slippage), sum(actual_slippage)::DOUBLE FROM {}",
        rows.from()
    );
    rows.sql(text)
}

/// What `answers::performance` reads: all failed trades are one row, of which only the count and the fees count.
///
/// The last price is looked up afterwards, at the last time of each pair, as for candles.
pub(crate) fn performance(filter: &TradeFilter, states: bool) -> Sql {
    let rows = rows(filter, states);
    let of = |status: &str| {
        let mut rows = rows.clone();
        rows.add(format!("status = '{status}'"));
        rows.from()
    };
    let sum = |amount: &str, of: &str| format!("coalesce(sum({amount}) {of}, 0)::DECIMAL(38,18)");
    let fees = format!("{}, {}", halves("transaction_fee"), halves("priority_fee"));
    let (buy, sell) = ("FILTER (action = 'buy')", "FILTER (action = 'sell')");
    let text = format!(
        "WITH pairs AS MATERIALIZED (\
           SELECT base_token, quote_token, 'confirmed', count(*), {fees}, {2}, {3}, {4}, {5}, {6}, {7}, \
             max(ts) AS last_ts \
           FROM {0} GROUP BY base_token, quote_token), \
         last AS MATERIALIZED (\
           SELECT base_token, quote_token, ts AS last_ts, arg_max(executed_price, id) AS price \
           FROM {0} AND ts IN (SELECT last_ts FROM pairs) GROUP BY base_token, quote_token, ts) \
         SELECT pairs.* EXCLUDE last_ts, price \
         FROM pairs JOIN last USING (base_token, quote_token, last_ts) \
         UNION ALL \
         SELECT '', '', 'failed', count(*), {fees}, 0, 0, 0, 0, 0, 0, 0 FROM {1}",
        of("confirmed"),
        of("failed"),
        sum("quote_amount", ""),
        sum("base_amount", buy),
        sum("base_amount", sell),
        sum("quote_amount", buy),
        sum("quote_amount", sell),
        sum("transfer_fees", ""),
    );
    rows.sql(text)
}

/// Rows, earliest and latest time of a table.
pub(crate) fn extent(table: Table) -> Sql {
    Sql::plain(format!("SELECT count(*), epoch_ns(min(ts)), epoch_ns(max(ts)) FROM {table}"))
}
