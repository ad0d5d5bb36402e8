//! Candles and series.

use tradekeep_models::CandleQuery;

use super::conditions::Conditions;
use super::{Sql, bucket};

/// One page of candles that have ticks, and one more: bucket number, open, high, low, close, sums of
/// quantity and notional, count.
///
/// `first` and `last` of this server follow the order in which rows are read, so that they are read in the
/// order of (ts, sequence, key): among rows of one time it would be that of their arrival.
pub(crate) fn candles(query: &CandleQuery, table: &str) -> Sql {
    let mut rows = Conditions::of_candles(query, table);
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
    Sql { text, values: rows.values }
}

/// Every (venue, symbol) with its count, first and last time, in no order.
pub(crate) fn series(table: &str) -> Sql {
    let text = format!(
        "SELECT t.venue, t.symbol, count(), min(t.ts)::long, max(t.ts)::long FROM \"{table}\" t \
         GROUP BY t.venue, t.symbol"
    );
    Sql { text, values: Vec::new() }
}
