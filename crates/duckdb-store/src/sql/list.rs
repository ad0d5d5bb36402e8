//! Pages of any record.

use tradekeep_models::record::Record;
use tradekeep_models::{ListQuery, RecordFilter, Table};

use super::Sql;
use super::conditions::{Conditions, bound, place_of};

/// DuckDB's `late_materialization_max_rows`.
const DUCKDB_FETCHES_LATE: usize = 50;

/// Whether any row of `table` is a later version of another: zone maps answer it, and where it is not,
/// nothing has to be compared.
pub(crate) fn has_versions(table: Table) -> String {
    format!("SELECT count(*) FROM (SELECT 1 FROM {table} WHERE version > 0 LIMIT 1)")
}

/// One page of records and one row more.
///
/// The page's last time is found first, as for ticks; where few rows are asked for, DuckDB sorts row
/// numbers by itself and fetches the rows afterwards.
pub(crate) fn list<F: RecordFilter>(query: &ListQuery<F>, versions: bool) -> Sql {
    let mut rows = Conditions::of(&query.filter, versions && !query.history);
    let order = F::Record::order();
    let (way, beyond) = if query.newest_first { ("DESC", "<") } else { ("ASC", ">") };
    let up_to_last =
        if query.newest_first { "ts >= (SELECT min(ts)" } else { "ts <= (SELECT max(ts)" };
    if let Some(cursor) = &query.after
        && let Some((ts, rest)) = cursor.values().split_first()
    {
        // The first condition is what the zone maps understand.
        rows.add(&format!("ts {beyond}= {}", place_of("ts", ts)), [bound(ts)]);
        let places: Vec<_> =
            order[1..].iter().zip(rest).map(|(column, value)| place_of(column, value)).collect();
        let (columns, places) = (order[1..].join(", "), places.join(", "));
        let behind =
            format!("(ts {beyond} {} OR ({columns}) {beyond} ({places}))", place_of("ts", ts));
        rows.add(&behind, [bound(ts)]);
        rows.values.extend(rest.iter().map(bound));
    }
    let (table, limit) = (F::Record::TABLE, query.limit + 1);
    let times = format!("SELECT ts FROM {table} t {} ORDER BY ts {way} LIMIT {limit}", rows.text);
    let mut values = rows.values.clone();
    if limit > DUCKDB_FETCHES_LATE {
        values = rows.twice();
        rows.add(&format!("{up_to_last} FROM ({times}))"), []);
    }
    let columns: Vec<_> = F::Record::COLUMNS.iter().map(|column| column.name).collect();
    let order: Vec<_> = order.iter().map(|column| format!("{column} {way}")).collect();
    let text = format!(
        "SELECT {} FROM {table} t {} ORDER BY {} LIMIT {limit}",
        columns.join(", "),
        rows.text,
        order.join(", ")
    );
    Sql { text, values }
}
