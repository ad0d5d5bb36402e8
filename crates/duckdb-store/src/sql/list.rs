//! Pages of any record.

use tradekeep_models::{ListQuery, Table};

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
/// The page's last time is found first, by times alone: sorting whole rows costs ten times as much, as DuckDB
/// reads every column of every row that might be on the page. Where few rows are asked for, it sorts row
/// numbers by itself and fetches the rows afterwards.
pub(crate) fn list(query: &ListQuery, versions: bool) -> Sql {
    let mut rows = Conditions::listed(query, versions);
    let order: Vec<_> = query.table.order().map(|column| column.name).collect();
    let (way, beyond) = if query.newest_first { ("DESC", "<") } else { ("ASC", ">") };
    let up_to_last =
        if query.newest_first { "ts >= (SELECT min(ts)" } else { "ts <= (SELECT max(ts)" };
    if let Some(cursor) = &query.after
        && let Some((ts, rest)) = cursor.values().split_first()
    {
        // The first condition is what the zone maps understand.
        rows.add(&format!("ts {beyond}= {}", place_of(ts)), [bound(ts)]);
        let places: Vec<_> = rest.iter().map(place_of).collect();
        let (columns, places) = (order[1..].join(", "), places.join(", "));
        let behind = format!("(ts {beyond} {} OR ({columns}) {beyond} ({places}))", place_of(ts));
        rows.add(&behind, [bound(ts)]);
        rows.values.extend(rest.iter().map(bound));
    }
    let (table, limit) = (query.table, query.limit + 1);
    let times = format!("SELECT ts FROM {table} t {} ORDER BY ts {way} LIMIT {limit}", rows.text);
    let mut values = rows.values.clone();
    if limit > DUCKDB_FETCHES_LATE {
        values = rows.twice();
        rows.add(&format!("{up_to_last} FROM ({times}))"), []);
    }
    let columns: Vec<_> = table.columns().iter().map(|column| column.name).collect();
    let order: Vec<_> = order.iter().map(|column| format!("{column} {way}")).collect();
    let text = format!(
        "SELECT {} FROM {table} t {} ORDER BY {} LIMIT {limit}",
        columns.join(", "),
        rows.text,
        order.join(", ")
    );
    Sql { text, values }
}
