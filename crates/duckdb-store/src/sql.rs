//! SQL text, and the values bound to it. No I/O.

mod list;
pub(crate) mod stats;

use tradekeep_models::record::{Contradiction, Kind, Record};
use tradekeep_models::{CandleQuery, Interval, ListQuery, NANOS_PER_DAY, RecordFilter, Table};
use tradekeep_store_traits::sql::{self, Conditions, Dialect, Sql};

pub(crate) use self::list::{Latest, candidates, list};

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

    fn nanos(&self) -> &'static str {
        "epoch_ns(t.ts)"
    }
}

/// What passes `filter`; where things have several `states`, only the latest of each.
fn rows<F: RecordFilter>(filter: &F, states: bool) -> Conditions<'static> {
    listed(&ListQuery::new(filter), states)
}

/// The same of what a list asks for.
fn listed(query: &ListQuery, states: bool) -> Conditions<'static> {
    if !states || !query.latest_only() {
        return Conditions::listed(&DuckDb, query);
    }
    let table = query.table.as_str();
    let (of_subject, others) = query.conditions_by_subject();
    let is_timed = query.table.is_timed();
    let mut things = Conditions::all(&DuckDb, table);
    if is_timed {
        things.within(query.range);
    }
    of_subject.iter().for_each(|condition| things.must(condition));
    let mut rows = Conditions::all(&DuckDb, table);
    rows.values.clone_from(&things.values);
    if !is_timed {
        rows.within(query.range);
    }
    others.iter().for_each(|condition| rows.must(condition));
    let subject = query.table.subject().join(", ");
    // A thing of which no state passes has no latest one that does.
    if of_subject.is_empty() && rows.values.len() > things.values.len() {
        things.add(format!("({subject}) IN (SELECT ({subject}) FROM {})", rows.from()));
    }
    rows.source = format!(
        "(SELECT * FROM {} QUALIFY \
           row_number() OVER (PARTITION BY {subject} ORDER BY version DESC, ts DESC) = 1)",
        things.from()
    );
    rows
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

/// Every (venue, symbol) with its count, first and last time in nanoseconds, finest unit, count of aggregates.
pub(crate) fn series() -> Sql {
    let unit = sql::unit("epoch_ns(ts)");
    Sql::plain(format!(
        "SELECT venue, symbol, count(*), epoch_ns(min(ts)), epoch_ns(max(ts)), max({unit})::BIGINT, \
         count(*) FILTER (aggregated) FROM ticks GROUP BY venue, symbol"
    ))
}

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

/// What stands between the values that [`sought`] is given: no value has it.
pub(crate) const SEPARATOR: &str = "\n";

/// These columns of all rows of `table` from a moment on.
pub(crate) fn since(table: Table, columns: &[&str]) -> String {
    format!("SELECT {} FROM {table} WHERE ts >= make_timestamp_ns(?)", columns.join(", "))
}

/// All columns of the rows from one moment to another, both included, that have one of some values in `column`.
pub(crate) fn sought(table: Table, column: &str, is_uuid: bool) -> String {
    let all: Vec<_> = table.columns().iter().map(|column| column.name).collect();
    let uuid = if is_uuid { "::UUID" } else { "" };
    format!(
        "{} AND {column} IN (SELECT unnest(string_split(?, chr(10))){uuid})",
        within(table, &all, 0)
    )
}

/// The store's own id.
pub(crate) const STORE_ID: &str = "SELECT id::VARCHAR FROM tradekeep_store";
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

/// Whether any row of `table` is a later version of another: zone maps answer it, and where it is not,
/// nothing has to be compared.
pub(crate) fn has_versions(table: Table) -> Sql {
    Sql::plain(format!("SELECT count(*) FROM (SELECT 1 FROM {table} WHERE version > 0 LIMIT 1)"))
}

/// A number for the thing that each row of `table` is a state of: equal things have equal ones.
pub(crate) fn things(table: Table) -> Sql {
    Sql::plain(format!("SELECT hash({}) FROM {table}", table.subject().join(", ")))
}

/// How many rows `table` has.
pub(crate) fn count(table: Table) -> Sql {
    Sql::plain(format!("SELECT count(*) FROM {table}"))
}

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

/// Removes the rows that tell again, no further away in time than a window, what an earlier row of their table does,
/// where its records are one whatever their time.
pub(crate) fn told_again<R: Record>() -> Option<String> {
    let same = match R::CONTRADICTION {
        Contradiction::ConflictIn(columns) if R::is_timeless() => [R::IDENTITY, columns].concat(),
        _ => return None,
    };
    let same: Vec<_> = same.iter().map(|column| format!("a.{column} = b.{column}")).collect();
    let (table, same) = (R::TABLE, same.join(" AND "));
    Some(format!(
        "DELETE FROM {table} WHERE rowid IN (SELECT b.rowid FROM {table} a JOIN {table} b \
         ON {same} AND a.rowid < b.rowid AND abs(epoch_ns(a.ts) - epoch_ns(b.ts)) <= ?)"
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
            ..TickFilter::default()
        };
        let sql = list(&ListQuery::new(&filter), Latest::Any);
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
