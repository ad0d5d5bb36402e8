//! SQL text, and the values bound to it. No I/O.

use duckdb::ToSql;
use tradekeep_models::{
    Buckets, CandleQuery, Interval, NANOS_PER_DAY, TickFilter, TickQuery, TimeRange,
};
use tradekeep_store_traits::Table;

/// The columns of `tick_schema`, in its order.
const TICK: &str = "venue, symbol, ts, key, sequence, trade_id, received_ts, price, quantity, \
                    notional, side";

/// A statement under construction.
#[derive(Default)]
pub(crate) struct Sql {
    /// Its text, with a `?` for each value.
    pub(crate) text: String,
    /// The values.
    pub(crate) values: Vec<Box<dyn ToSql + Send>>,
    has_where: bool,
}

impl Sql {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Adds a condition and its values.
    fn filter<const N: usize>(&mut self, condition: &str, values: [Box<dyn ToSql + Send>; N]) {
        self.text.push_str(if self.has_where { " AND " } else { " WHERE " });
        self.has_where = true;
        self.text.push_str(condition);
        self.values.extend(values);
    }

    /// Times bind as integers: the driver would cut a timestamp to microseconds without a word.
    fn in_range(&mut self, range: &TimeRange) {
        if let Some(from) = range.from() {
            self.filter("ts >= make_timestamp_ns(?)", [Box::new(from.as_nanos())]);
        }
        if let Some(to) = range.to() {
            self.filter("ts < make_timestamp_ns(?)", [Box::new(to.as_nanos())]);
        }
    }

    fn matching(&mut self, filter: &TickFilter) {
        if let Some(venue) = &filter.venue {
            self.filter("venue = ?", [Box::new(venue.to_string())]);
        }
        if let Some(symbol) = &filter.symbol {
            self.filter("symbol = ?", [Box::new(symbol.to_string())]);
        }
        self.in_range(&filter.range);
    }
}

/// One page of ticks and one row more.
pub(crate) fn ticks(query: &TickQuery) -> Sql {
    let mut sql = Sql::new(format!("SELECT {TICK} FROM ticks"));
    sql.matching(&query.filter);
    if let Some(at) = &query.after {
        let ts = at.ts.as_nanos();
        // The first condition is what the zone maps understand.
        sql.filter("ts >= make_timestamp_ns(?)", [Box::new(ts)]);
        sql.filter(
            "(ts > make_timestamp_ns(?) OR (sequence, key, venue, symbol) > (?, ?, ?, ?))",
            [
                Box::new(ts),
                Box::new(at.sequence),
                Box::new(at.key.0),
                Box::new(at.venue.to_string()),
                Box::new(at.symbol.to_string()),
            ],
        );
    }
    sql.text.push_str(" ORDER BY ts, sequence, key, venue, symbol LIMIT ");
    sql.text.push_str(&(query.limit + 1).to_string());
    sql
}

/// One page of candles that have ticks, and one more: bucket number, open, high, low, close, sums of
/// quantity and notional, count.
pub(crate) fn candles(query: &CandleQuery) -> Sql {
    let bucket = bucket(query.interval);
    let mut sql = Sql::new(format!(
        "SELECT {bucket} AS bucket, \
         arg_min(price, (ts, sequence, key)), max(price), min(price), \
         arg_max(price, (ts, sequence, key)), sum(quantity), sum(notional), count(*) FROM ticks"
    ));
    sql.matching(&TickFilter {
        venue: Some(query.venue.clone()),
        symbol: Some(query.symbol.clone()),
        range: query.tick_range(),
    });
    sql.text.push_str(&format!(" GROUP BY bucket ORDER BY bucket LIMIT {}", query.limit + 1));
    sql
}

/// The number of the bucket that holds `ts`, as [`Interval::index`] counts.
fn bucket(interval: Interval) -> String {
    match interval.buckets() {
        Buckets::Nanos { width, offset: 0 } => format!("epoch_ns(ts) // {width}"),
        Buckets::Nanos { width, offset } => format!("(epoch_ns(ts) + {offset}) // {width}"),
        Buckets::Months { width } => {
            format!("((year(ts::DATE) - 1970) * 12 + month(ts::DATE) - 1) // {width}")
        }
    }
}

/// Every (venue, symbol) with its count, first and last time.
pub(crate) const SERIES: &str = "SELECT venue, symbol, count(*), min(ts), max(ts) FROM ticks \
                                 GROUP BY venue, symbol ORDER BY venue, symbol";

/// Identities stored from one moment to another, both included, of up to as many symbols as there
/// are values behind the first two.
pub(crate) fn identities(symbols: usize) -> String {
    let mut sql = "SELECT venue, symbol, ts, key FROM ticks \
                   WHERE ts >= make_timestamp_ns(?) AND ts <= make_timestamp_ns(?)"
        .to_owned();
    if symbols > 0 {
        sql.push_str(" AND symbol IN (");
        sql.push_str(&vec!["?"; symbols].join(", "));
        sql.push(')');
    }
    sql
}

/// The watermark of a stream, epoch and table.
pub(crate) const WATERMARK: &str =
    "SELECT last_seq FROM ingest_watermark WHERE stream = ? AND epoch = ? AND table_name = ?";
/// Moves a watermark that is there.
pub(crate) const MOVE_WATERMARK: &str = "UPDATE ingest_watermark SET last_seq = ? \
                                         WHERE stream = ? AND epoch = ? AND table_name = ?";
/// Sets the first watermark.
pub(crate) const FIRST_WATERMARK: &str =
    "INSERT INTO ingest_watermark (last_seq, stream, epoch, table_name) VALUES (?, ?, ?, ?)";

/// The latest time in `table`, in nanoseconds.
pub(crate) fn newest(table: Table) -> String {
    format!("SELECT epoch_ns(max(ts)) FROM {}", table.as_str())
}

/// Rows of each day of `table`: day number, count.
pub(crate) fn days(table: Table) -> String {
    let table = table.as_str();
    format!(
        "SELECT epoch_ns(ts) // {NANOS_PER_DAY} AS day, count(*) FROM {table} \
         GROUP BY day ORDER BY day"
    )
}

/// Removes the rows of `table` from one moment up to another.
pub(crate) fn drop_day(table: Table) -> String {
    let table = table.as_str();
    format!("DELETE FROM {table} WHERE ts >= make_timestamp_ns(?) AND ts < make_timestamp_ns(?)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradekeep_models::{Symbol, Timestamp, Venue};

    #[test]
    fn values_are_bound_never_written() {
        let name = "'; drop table ticks; --";
        let filter = TickFilter {
            venue: Some(Venue::new(name).unwrap()),
            symbol: Some(Symbol::new(name).unwrap()),
            range: TimeRange::new(Timestamp::MIN, Timestamp::MAX).unwrap(),
        };
        let sql = ticks(&TickQuery::new(filter));
        assert!(!sql.text.contains("drop"), "{}", sql.text);
        assert_eq!(sql.text.matches('?').count(), sql.values.len());
    }

    #[test]
    fn buckets_are_integers() {
        assert_eq!(bucket("1m".parse().unwrap()), "epoch_ns(ts) // 60000000000");
        assert_eq!(
            bucket("1w".parse().unwrap()),
            "(epoch_ns(ts) + 259200000000000) // 604800000000000"
        );
    }
}
