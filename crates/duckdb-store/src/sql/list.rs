//! Pages of records.

use tradekeep_models::{ListQuery, Table};
use tradekeep_store_traits::sql::Sql;

/// DuckDB's `late_materialization_max_rows`.
const DUCKDB_FETCHES_LATE: usize = 50;

/// Whether any row of `table` is a later version of another: zone maps answer it, and where it is not,
/// nothing has to be compared.
pub(crate) fn has_versions(table: Table) -> Sql {
    Sql::plain(format!("SELECT count(*) FROM (SELECT 1 FROM {table} WHERE version > 0 LIMIT 1)"))
}

/// One page of records and one row more.
///
/// The page's last time is found first, by times alone: sorting whole rows costs ten times as much, as DuckDB
/// reads every column of every row that might be on the page. Where few rows are asked for, it sorts row
/// numbers by itself and fetches the rows afterwards.
pub(crate) fn list(query: &ListQuery, versions: bool) -> Sql {
    let mut rows = super::listed(query, versions);
    let order: Vec<_> = query.table.order().map(|column| column.name).collect();
    let (way, beyond) = if query.newest_first { ("DESC", "<") } else { ("ASC", ">") };
    if let Some(cursor) = &query.after
        && let Some((ts, rest)) = cursor.values().split_first()
    {
        let ts = rows.value(ts);
        let places: Vec<_> = rest.iter().map(|value| rows.value(value)).collect();
        let (columns, places) = (order[1..].join(", "), places.join(", "));
        // The first condition is what the zone maps understand.
        rows.add(format!("ts {beyond}= {ts}"));
        rows.add(format!("(ts {beyond} {ts} OR ({columns}) {beyond} ({places}))"));
    }
    let limit = query.limit + 1;
    if limit > DUCKDB_FETCHES_LATE {
        let (than, last) = if query.newest_first { (">=", "min") } else { ("<=", "max") };
        let times = format!("SELECT ts FROM {} ORDER BY ts {way} LIMIT {limit}", rows.from());
        rows.add(format!("ts {than} (SELECT {last}(ts) FROM ({times}))"));
    }
    let columns: Vec<_> = query.table.columns().iter().map(|column| column.name).collect();
    let order: Vec<_> = order.iter().map(|column| format!("{column} {way}")).collect();
    let text = format!(
        "SELECT {} FROM {} ORDER BY {} LIMIT {limit}",
        columns.join(", "),
        rows.from(),
        order.join(", ")
    );
    rows.sql(text)
}
