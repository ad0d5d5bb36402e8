//! Numbers about records, in the columns that `tradekeep_store_traits::sql::answers` reads. Sums of doubles are
//! Kahan's; sums of whole numbers come in two halves, for they may need more than 64 bits.
//!
//! Percentiles are exact nearest ranks, counted in integers by the place of each row in the order of its
//! values. The order is made by a subquery and asked for by `last_not_null`, of which the server knows that
//! it goes by the order of its rows: `row_number() OVER (ORDER BY …)` takes seven times as long, and under
//! `max` the server drops a subquery's order as of no use.

use tradekeep_models::{CandleQuery, Interval};
use tradekeep_store_traits::sql::unit;

use super::{Bind, Conditions, Sql, bucket};

/// The value at place ceil(`n` x `num` / `den`), of rows numbered `rn`.
fn rank(num: u32, den: u32) -> String {
    format!("last_not_null(CASE WHEN rn = (n * {num} + {}) / {den} THEN v END)", den - 1)
}

/// count, sum, min, max, p50, p95, p99 of `v`.
fn spread() -> String {
    let ranks = [50, 95, 99].map(|num| rank(num, 100)).join(", ");
    format!("count(), ksum(v::double), min(v), max(v), {ranks}")
}

/// The sum of whole numbers, none of them negative, in thousands of millions and the rest; 0 of none.
fn halves(number: &str) -> String {
    format!("coalesce(sum({number} / 1000000000), 0), coalesce(sum({number} % 1000000000), 0)")
}

/// How many rows are so.
fn count_if(condition: &str) -> String {
    format!("coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0)")
}

/// One page of candles that have ticks, and one more.
///
/// `first` and `last` of this server follow the order in which rows are read, so that they are read in the
/// order of (ts, sequence, key): among rows of one time it would be that of their arrival.
pub(crate) fn candles(query: &CandleQuery, mut rows: Conditions<'_>) -> Sql {
    let limit = rows.limit(query.limit + 1);
    let text = format!(
        "SELECT bucket, first(price), max(price), min(price), last(price), sum(quantity), \
         sum(notional), count() FROM (\
           SELECT {} bucket, t.price, t.quantity, t.notional FROM {} \
           ORDER BY t.ts, t.sequence, t.\"key\") \
         GROUP BY bucket ORDER BY bucket LIMIT {limit}",
        bucket(query.interval),
        rows.from()
    );
    rows.sql(text)
}

/// Every (venue, symbol).
pub(crate) fn series(table: &str) -> Sql {
    let (unit, aggregated) = (unit("t.ts::long"), count_if("t.aggregated"));
    Sql::plain(format!(
        "SELECT t.venue, t.symbol, count(), min(t.ts)::long, max(t.ts)::long, max({unit})::long, {aggregated} \
         FROM \"{table}\" t GROUP BY t.venue, t.symbol"
    ))
}

/// The spread of a column, in one row.
pub(crate) fn values(mut rows: Conditions<'_>, column: &str) -> Sql {
    rows.add(format!("t.\"{column}\" IS NOT NULL"));
    let text = format!(
        "SELECT {} FROM (SELECT v, row_number() OVER () rn, count(*) OVER () n FROM (\
           SELECT t.\"{column}\" v FROM {} ORDER BY v))",
        spread(),
        rows.from()
    );
    rows.sql(text)
}

/// The spread of metrics for each of the first `limit` buckets, behind its number.
pub(crate) fn buckets(mut rows: Conditions<'_>, interval: Interval, limit: usize) -> Sql {
    let limit = rows.limit(limit);
    let text = format!(
        "SELECT bucket, {} FROM (\
           SELECT bucket, v, row_number() OVER (PARTITION BY bucket) rn, \
             count(*) OVER (PARTITION BY bucket) n FROM (\
             SELECT {} bucket, t.value v FROM {} ORDER BY v)) \
         GROUP BY bucket ORDER BY bucket LIMIT {limit}",
        spread(),
        bucket(interval),
        rows.from()
    );
    rows.sql(text)
}

/// Of each operation, in no order. What failed has no value.
pub(crate) fn latencies(rows: Conditions<'_>) -> Sql {
    let ranks = [500, 950, 990, 999].map(|num| rank(num, 1_000)).join(", ");
    let text = format!(
        "SELECT service, operation, {}, count(v), {}, min(v), max(v), {ranks} FROM (\
           SELECT service, operation, v, \
             row_number() OVER (PARTITION BY service, operation, success) rn, \
             count(*) OVER (PARTITION BY service, operation, success) n FROM (\
             SELECT t.service, t.operation, t.success, \
               CASE WHEN t.success THEN t.latency_ns END v FROM {} ORDER BY v)) \
         GROUP BY service, operation",
        count_if("v IS NULL"),
        halves("v"),
        rows.from()
    );
    rows.sql(text)
}

/// The same columns; percentiles by the server's histogram of three digits, which are off by 0.1 % at most.
pub(crate) fn approx_latencies(rows: Conditions<'_>) -> Sql {
    let ranks = ["0.5", "0.95", "0.99", "0.999"];
    let ranks = ranks.map(|rank| format!("approx_percentile(v, {rank}, 3)::long")).join(", ");
    let text = format!(
        "SELECT service, operation, {}, count(v), {}, min(v), max(v), {ranks} FROM (\
           SELECT t.service, t.operation, CASE WHEN t.success THEN t.latency_ns END v FROM {}) \
         GROUP BY service, operation",
        count_if("v IS NULL"),
        halves("v"),
        rows.from()
    );
    rows.sql(text)
}

/// Of all successful latencies: count, sum in two halves, p99.
pub(crate) fn all_latencies(mut rows: Conditions<'_>) -> Sql {
    rows.add("t.success");
    let text = format!(
        "SELECT count(), {}, {} FROM (SELECT v, row_number() OVER () rn, count(*) OVER () n FROM (\
           SELECT t.latency_ns v FROM {} ORDER BY v))",
        halves("v"),
        rank(99, 100),
        rows.from()
    );
    rows.sql(text)
}

/// How many successful latencies are at most each of `most`, past the one before, in rows of (place,
/// count); those past the last have the place behind it.
pub(crate) fn histogram(mut rows: Conditions<'_>, most: &[i64]) -> Sql {
    rows.add("t.success");
    let places: Vec<_> = most.iter().map(|most| rows.bind(Bind::Int(*most))).collect();
    let text = format!(
        "SELECT place, count() FROM (SELECT {} place FROM {}) GROUP BY place",
        place(&places, 0),
        rows.from()
    );
    rows.sql(text)
}

/// Looks for the place by halves: it takes ten steps to one of a thousand.
fn place(most: &[String], first: usize) -> String {
    if most.is_empty() {
        return first.to_string();
    }
    let middle = most.len() / 2;
    format!(
        "CASE WHEN t.latency_ns <= {} THEN {} ELSE {} END",
        most[middle],
        place(&most[..middle], first),
        place(&most[middle + 1..], first + middle + 1)
    )
}

/// Of the events of each actual loss in basis points, none included.
pub(crate) fn mev(rows: Conditions<'_>) -> Sql {
    let text = format!(
        "SELECT t.actual_loss_bps, count(), {}, ksum(t.sandwich_probability), {}, \
         count(t.priority_fee_lamports), sum(t.trade_size) FROM {} GROUP BY t.actual_loss_bps",
        count_if("t.avoided"),
        halves("t.priority_fee_lamports"),
        rows.from()
    );
    rows.sql(text)
}

/// events, avoided.
pub(crate) fn avoided(rows: Conditions<'_>) -> Sql {
    let text = format!("SELECT count(), {} FROM {}", count_if("t.avoided"), rows.from());
    rows.sql(text)
}

/// How many trades there are, how many of them have a slippage, and its sum.
pub(crate) fn slipped(rows: Conditions<'_>) -> Sql {
    let text = format!(
        "SELECT count(), count(t.actual_slippage), ksum(t.actual_slippage::double) FROM {}",
        rows.from()
    );
    rows.sql(text)
}

/// Of the confirmed trades of each pair, and of the failed ones, in no order.
pub(crate) fn performance(mut rows: Conditions<'_>) -> Sql {
    rows.add("(t.status = 'confirmed' OR t.status = 'failed')");
    let of = |amount: &str, action: &str| {
        format!("sum(CASE WHEN action = '{action}' THEN {amount} ELSE 0::decimal(38,18) END)")
    };
    let text = format!(
        "SELECT base_token, quote_token, status, count(), {}, {}, sum(quote_amount), {}, {}, {}, {}, \
         coalesce(sum(transfer_fees), 0::decimal(38,18)), last(executed_price) FROM (\
           SELECT t.base_token, t.quote_token, t.status, t.action, t.base_amount, t.quote_amount, \
             t.transaction_fee, t.priority_fee, t.transfer_fees, t.executed_price FROM {} \
           ORDER BY t.ts, t.id::varchar) \
         GROUP BY base_token, quote_token, status",
        halves("transaction_fee"),
        halves("priority_fee"),
        of("base_amount", "buy"),
        of("base_amount", "sell"),
        of("quote_amount", "buy"),
        of("quote_amount", "sell"),
        rows.from()
    );
    rows.sql(text)
}
