//! SQL text, and the values bound to it. No I/O.

mod list;
pub(crate) mod stats;

use tradekeep_models::record::Kind;
use tradekeep_models::{CandleQuery, Interval, ListQuery, NANOS_PER_DAY, RecordFilter, Table};
use tradekeep_store_traits::sql::{self, Conditions, Dialect, Sql};

pub(crate) use self::list::{has_versions, list};

/// How DuckDB writes what stores write differently.
struct DuckDb;

impl Dialect for DuckDb {
    fn value(&self, place: &str, kind: Kind) -> String {
        match kind {
            // Bound as an integer: the driver would cut a timestamp to microseconds without a word.
            Kind::Time => format!("make_timestamp_ns({place})"),
            Kind::Decimal => format!("{place}::DECIMAL(38,18)"),
            Kind::Uuid => format!("{place}::UUID"),
            _ => place.to_owned(),
        }
    }

    fn label(&self, place: &str) -> String {
        format!("contains(t.labels, {place})")
    }
}

/// What passes `filter`; where there are `versions`, only the highest of each thing.
fn rows<F: RecordFilter>(filter: &F, versions: bool) -> Conditions<'static> {
    listed(&ListQuery::new(filter), versions)
}

/// The same of what a list asks for.
fn listed(query: &ListQuery, versions: bool) -> Conditions<'static> {
    let mut rows = Conditions::listed(&DuckDb, query);
    if versions && query.highest_only() {
        rows.add(highest(query.table));
    }
    rows
}

/// That no other row of its subject has a higher version.
fn highest(table: Table) -> String {
    let same = table.subject().iter().map(|column| format!("n.{column} = t.{column}"));
    let same = same.collect::<Vec<_>>().join(" AND ");
    format!(
        "NOT EXISTS (SELECT 1 FROM {table} n \
         WHERE n.version > 0 AND n.version > t.version AND {same})"
    )
}

/// One page of candles that have ticks, and one more: bucket number, open, high, low, close, sums of
/// quantity and notional, count.
///
/// Open and close are looked up afterwards, at the first and last time of each bucket: picking them
/// while grouping compares (ts, sequence, key) for every row, and takes more than twice as long.
pub(crate) fn candles(query: &CandleQuery) -> Sql {
    let rows = rows(&query.ticks(), false);
    let (bucket, limit) = (bucket(query.interval), query.limit + 1);
    let from = rows.from();
    let text = format!(
        "WITH buckets AS MATERIALIZED (\
           SELECT {bucket} AS bucket, min(ts) AS first_ts, max(ts) AS last_ts, \
             max(price) AS high, min(price) AS low, \
             sum(quantity) AS volume, sum(notional) AS notional, count(*) AS ticks \
           FROM {from} GROUP BY bucket ORDER BY bucket LIMIT {limit}), \
         edges AS MATERIALIZED (\
           SELECT ts, arg_min(price, (sequence, key)) AS open, arg_max(price, (sequence, key)) AS close \
           FROM {from} AND ts IN (SELECT first_ts FROM buckets UNION ALL SELECT last_ts FROM buckets) \
           GROUP BY ts) \
         SELECT bucket, opening.open, high, low, closing.close, volume, notional, ticks \
         FROM buckets JOIN edges opening ON opening.ts = first_ts \
           JOIN edges closing ON closing.ts = last_ts ORDER BY bucket"
    );
    rows.sql(text)
}

/// The number of the bucket that holds `ts`.
fn bucket(interval: Interval) -> String {
    let months = "(year(ts::DATE) - 1970) * 12 + month(ts::DATE) - 1";
    sql::bucket(interval, "//", "epoch_ns(ts)", months)
}

/// Bytes that the database file must have: three headers of 4 KiB, and the blocks up to the last that
/// `ticks` is in.
pub(crate) const LENGTH: &str = "SELECT 12288 + block_size * (\
     SELECT coalesce(max(block_id) + 1, 0) FROM pragma_storage_info('ticks') WHERE persistent) \
     FROM pragma_database_size()";

/// Every (venue, symbol) with its count, first and last time in nanoseconds.
pub(crate) const SERIES: &str = "SELECT venue, symbol, count(*), epoch_ns(min(ts)), epoch_ns(max(ts)) \
                                 FROM ticks GROUP BY venue, symbol";

/// Columns of the rows from one moment to another, both included; of up to as many symbols as there
/// are values behind the first two.
pub(crate) fn within(table: Table, columns: &[&str], symbols: usize) -> String {
    let (columns, table) = (columns.join(", "), table.as_str());
    let mut sql = format!(
        "SELECT {columns} FROM {table} \
         WHERE ts >= make_timestamp_ns(?) AND ts <= make_timestamp_ns(?)"
    );
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
/// Every watermark there is.
pub(crate) const WATERMARKS: &str =
    "SELECT stream, epoch, table_name, last_seq FROM ingest_watermark";
/// What DuckDB counts in its log: `0 bytes`, or more.
pub(crate) const LOGGED: &str = "SELECT wal_size FROM pragma_database_size()";
/// Moves a watermark that is there.
pub(crate) const MOVE_WATERMARK: &str = "UPDATE ingest_watermark SET last_seq = ? \
                                         WHERE stream = ? AND epoch = ? AND table_name = ?";
/// Sets the first watermark.
pub(crate) const FIRST_WATERMARK: &str =
    "INSERT INTO ingest_watermark (last_seq, stream, epoch, table_name) VALUES (?, ?, ?, ?)";

/// The floors of all tables, in nanoseconds.
pub(crate) const FLOORS: &str = "SELECT table_name, epoch_ns(before_ts) FROM retention_floor";
/// Moves a floor that is there.
pub(crate) const MOVE_FLOOR: &str =
    "UPDATE retention_floor SET before_ts = make_timestamp_ns(?) WHERE table_name = ?";
/// Sets the first floor.
pub(crate) const FIRST_FLOOR: &str =
    "INSERT INTO retention_floor (before_ts, table_name) VALUES (make_timestamp_ns(?), ?)";
/// Takes a floor away.
pub(crate) const NO_FLOOR: &str = "DELETE FROM retention_floor WHERE table_name = ?";

/// The latest time in `table`, in nanoseconds.
pub(crate) fn newest(table: Table) -> String {
    format!("SELECT epoch_ns(max(ts)) FROM {}", table.as_str())
}

/// Rows of each day of `table`: day number, count.
pub(crate) fn days(table: Table) -> Sql {
    Sql::plain(format!(
        "SELECT epoch_ns(ts) // {NANOS_PER_DAY} AS day, count(*) FROM {table} \
         GROUP BY day ORDER BY day"
    ))
}
/// How many rows of `table` are earlier than the one stored before them.
pub(crate) fn disorder(table: Table) -> Sql {
    Sql::plain(format!(
        "SELECT count(*) FROM (SELECT ts, lag(ts) OVER (ORDER BY rowid) AS before FROM {table}) \
         WHERE before > ts"
    ))
}

/// Stores the rows of `table` anew, in order of time. The table itself stays, with all its settings.
pub(crate) fn rewrite(table: Table) -> String {
    format!(
        "CREATE TEMP TABLE in_order AS SELECT * FROM {table} ORDER BY ts; \
         DELETE FROM {table}; INSERT INTO {table} SELECT * FROM in_order; DROP TABLE in_order"
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
    use tradekeep_models::{Symbol, TickFilter, TimeRange, Timestamp, Venue};

    #[test]
    fn values_are_bound_never_written() {
        let name = "'; drop table ticks; --";
        let filter = TickFilter {
            venue: Some(Venue::new(name).unwrap()),
            symbol: Some(Symbol::new(name).unwrap()),
            range: TimeRange::new(Timestamp::MIN, Timestamp::MAX).unwrap(),
        };
        let sql = list(&ListQuery::new(&filter), false);
        assert!(!sql.text.contains("drop"), "{}", sql.text);
        assert!((1..=sql.values.len()).all(|n| sql.text.contains(&format!("${n}"))));
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
