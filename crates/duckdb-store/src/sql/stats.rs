//! Numbers about records. Sums of floats are Kahan's; percentiles are exact nearest ranks, for which
//! the shares are written as decimals: DuckDB counts with those in integers.

use tradekeep_models::{
    BucketQuery, LatencyFilter, MetricFilter, MevFilter, TimeRange, TradeFilter,
};

use super::conditions::Conditions;
use super::{Sql, bucket};

/// count, sum, min, max, p50, p95, p99 of `value`.
fn numbers(value: &str, sum: &str) -> String {
    format!(
        "count({value}) AS count, {sum}({value}) AS sum, min({value}) AS min, max({value}) AS max, \
         quantile_disc({value}, [0.5, 0.95, 0.99]) AS q"
    )
}

const SPREAD: &str = "count, sum, min, max, q[1], q[2], q[3]";

/// Numbers about the values of metrics, in one row.
pub(crate) fn metrics(filter: &MetricFilter) -> Sql {
    let rows = Conditions::of(filter, false);
    let numbers = numbers("value", "fsum");
    let text = format!("SELECT {SPREAD} FROM (SELECT {numbers} FROM metrics t {})", rows.text);
    Sql { text, values: rows.values }
}

/// The same for each bucket, with its number first.
pub(crate) fn buckets(query: &BucketQuery) -> Sql {
    let filter = MetricFilter { range: query.row_range(), ..query.filter.clone() };
    let rows = Conditions::of(&filter, false);
    let (bucket, numbers) = (bucket(query.interval), numbers("value", "fsum"));
    let text = format!(
        "SELECT bucket, {SPREAD} FROM (SELECT {bucket} AS bucket, {numbers} FROM metrics t {} \
         GROUP BY bucket) ORDER BY bucket LIMIT {}",
        rows.text,
        query.limit + 1
    );
    Sql { text, values: rows.values }
}

/// service, operation, failures, successes, sum, min, max, p50, p95, p99, p99.9 of each operation.
pub(crate) fn latencies(filter: &LatencyFilter) -> Sql {
    let rows = Conditions::of(filter, false);
    let text = format!(
        "SELECT service, operation, failures, successes, sum, min, max, q[1], q[2], q[3], q[4] FROM (\
           SELECT service, operation, count(*) FILTER (NOT success) AS failures, \
             count(*) FILTER (success) AS successes, \
             (sum(latency_ns) FILTER (success))::VARCHAR AS sum, \
             min(latency_ns) FILTER (success) AS min, max(latency_ns) FILTER (success) AS max, \
             quantile_disc(latency_ns, [0.5, 0.95, 0.99, 0.999]) FILTER (success) AS q \
           FROM latencies t {} GROUP BY service, operation) ORDER BY service, operation",
        rows.text
    );
    Sql { text, values: rows.values }
}

/// One nearest rank and the sum of all successful latencies: count, sum, p99.
pub(crate) fn all_latencies(range: TimeRange) -> Sql {
    let mut rows = Conditions::default();
    rows.within(range);
    rows.add("success", []);
    let text = format!(
        "SELECT count(*), sum(latency_ns)::VARCHAR, quantile_disc(latency_ns, 0.99) \
         FROM latencies {}",
        rows.text
    );
    Sql { text, values: rows.values }
}

/// How many successful latencies are at most each of `most`, past the one before; in rows of
/// (most, count). Those past the last are under a bound of their own.
pub(crate) fn histogram(filter: &LatencyFilter, most: &[i64]) -> Sql {
    let mut rows = Conditions::of(filter, false);
    rows.add("success", []);
    let most: Vec<_> = most.iter().map(ToString::to_string).collect();
    let text = format!(
        "SELECT unnest(map_keys(h)), unnest(map_values(h))::BIGINT FROM (\
           SELECT histogram(latency_ns, [{}]::BIGINT[]) AS h FROM latencies t {})",
        most.join(", "),
        rows.text
    );
    Sql { text, values: rows.values }
}

/// Numbers about the slippage of trades, in one row.
pub(crate) fn slippage(filter: &TradeFilter, versions: bool) -> Sql {
    let rows = Conditions::of(filter, versions);
    let numbers = numbers("actual_slippage", "sum");
    let text = format!("SELECT {SPREAD} FROM (SELECT {numbers} FROM trades t {})", rows.text);
    Sql { text, values: rows.values }
}

/// events, avoided, sum of risks, sum of fees, fees known.
pub(crate) fn mev(filter: &MevFilter) -> Sql {
    let rows = Conditions::of(filter, false);
    let text = format!(
        "SELECT count(*), count(*) FILTER (avoided), coalesce(fsum(sandwich_probability), 0), \
         coalesce(sum(priority_fee_lamports), 0)::VARCHAR, count(priority_fee_lamports) \
         FROM mev_events t {}",
        rows.text
    );
    Sql { text, values: rows.values }
}

/// Actual loss in basis points, and the size of all trades that lost so much: whole dollars and the rest
/// apart, because DuckDB's widest decimal has 38 digits, which two sizes can fill.
pub(crate) fn mev_losses(filter: &MevFilter) -> Sql {
    let mut rows = Conditions::of(filter, false);
    rows.add("actual_loss_bps IS NOT NULL AND trade_size IS NOT NULL", []);
    let text = format!(
        "SELECT actual_loss_bps, sum(trunc(trade_size))::VARCHAR, \
         sum(trade_size - trunc(trade_size))::DECIMAL(38,18) \
         FROM mev_events t {} GROUP BY actual_loss_bps",
        rows.text
    );
    Sql { text, values: rows.values }
}

/// How many trades there are.
pub(crate) fn trades(filter: &TradeFilter, versions: bool) -> Sql {
    let rows = Conditions::of(filter, versions);
    Sql { text: format!("SELECT count(*) FROM trades t {}", rows.text), values: rows.values }
}

/// Failed trades, and the fees of failed and confirmed ones.
pub(crate) fn fees(filter: &TradeFilter, versions: bool) -> Sql {
    let mut rows = Conditions::of(filter, versions);
    rows.add("status IN ('confirmed', 'failed')", []);
    let text = format!(
        "SELECT count(*) FILTER (status = 'failed'), \
         (coalesce(sum(transaction_fee), 0) + coalesce(sum(priority_fee), 0))::VARCHAR \
         FROM trades t {}",
        rows.text
    );
    Sql { text, values: rows.values }
}

/// base_token, quote_token, trades, volume, bought, sold, paid, received, transfer fees, last price of
/// the confirmed trades of each pair.
///
/// The last price is looked up afterwards, at the last time of each pair, as for candles.
pub(crate) fn pairs(filter: &TradeFilter, versions: bool) -> Sql {
    let mut rows = Conditions::of(filter, versions);
    rows.add("status = 'confirmed'", []);
    let of = |amount: &str, action: &str| {
        format!("coalesce(sum({amount}) FILTER (action = '{action}'), 0)::DECIMAL(38,18)")
    };
    let text = format!(
        "WITH pairs AS MATERIALIZED (\
           SELECT base_token, quote_token, count(*), sum(quote_amount), {1}, {2}, {3}, {4}, \
             coalesce(sum(transfer_fees), 0)::DECIMAL(38,18), max(ts) AS last_ts \
           FROM trades t {0} GROUP BY base_token, quote_token), \
         last AS MATERIALIZED (\
           SELECT base_token, quote_token, ts AS last_ts, arg_max(executed_price, id) AS price \
           FROM trades t {0} AND ts IN (SELECT last_ts FROM pairs) \
           GROUP BY base_token, quote_token, ts) \
         SELECT pairs.* EXCLUDE last_ts, price \
         FROM pairs JOIN last USING (base_token, quote_token, last_ts) \
         ORDER BY base_token, quote_token",
        rows.text,
        of("base_amount", "buy"),
        of("base_amount", "sell"),
        of("quote_amount", "buy"),
        of("quote_amount", "sell"),
    );
    Sql { text, values: rows.twice() }
}

/// Rows, earliest and latest time of a table.
pub(crate) fn extent(table: tradekeep_models::Table) -> String {
    format!("SELECT count(*), epoch_ns(min(ts)), epoch_ns(max(ts)) FROM {table}")
}
