//! Pages of records.

use tradekeep_models::ListQuery;
use tradekeep_store_traits::sql::{Conditions, Sql};

use super::listed;

/// DuckDB's `late_materialization_max_rows`.
const DUCKDB_FETCHES_LATE: usize = 50;

/// How a page tells which rows are the latest states of their things.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Latest {
    /// Every row is one, or every state is asked for.
    Any,
    /// The first so many rows are compared with the states of their things: it need not be a whole page.
    OfFirst(usize),
    /// The latest state of each thing is looked for first.
    OfAll,
}

/// One page of records and one row more.
pub(crate) fn list(query: &ListQuery, latest: Latest) -> Sql {
    let states = matches!(latest, Latest::OfAll);
    let rows = behind_cursor(query, listed(query, states));
    match latest {
        Latest::OfFirst(most) => latest_of_first(query, rows, most),
        Latest::Any | Latest::OfAll => first_rows(query, rows),
    }
}

/// Up to so many of the rows that [`Latest::OfFirst`] has to do with, counted.
pub(crate) fn candidates(query: &ListQuery, most: usize) -> Sql {
    let rows = behind_cursor(query, listed(query, false));
    let text = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {most})", rows.from());
    rows.sql(text)
}

/// Only what comes behind the cursor.
fn behind_cursor<'d>(query: &ListQuery, mut rows: Conditions<'d>) -> Conditions<'d> {
    let beyond = if query.newest_first { "<" } else { ">" };
    if let Some(cursor) = &query.after
        && let Some((ts, rest)) = cursor.values().split_first()
    {
        let ts = rows.value(ts);
        let places: Vec<_> = rest.iter().map(|value| rows.value(value)).collect();
        let columns: Vec<_> = query.table.order().skip(1).map(|column| column.name).collect();
        let (columns, places) = (columns.join(", "), places.join(", "));
        // The first condition is what the zone maps understand.
        rows.add(format!("ts {beyond}= {ts}"));
        rows.add(format!("(ts {beyond} {ts} OR ({columns}) {beyond} ({places}))"));
    }
    rows
}

/// The first rows of a page and one more.
///
/// The page's last time is found first, by times alone: sorting whole rows costs ten times as much, as DuckDB
/// reads every column of every row that might be on the page. Where few rows are asked for, it sorts row
/// numbers by itself and fetches the rows afterwards.
fn first_rows(query: &ListQuery, mut rows: Conditions<'_>) -> Sql {
    let limit = query.limit + 1;
    cut(query, &mut rows, limit);
    let text = format!(
        "SELECT {} FROM {} ORDER BY {} LIMIT {limit}",
        columns(query, ""),
        rows.from(),
        order(query)
    );
    rows.sql(text)
}

/// The latest states among the first `most` rows, up to a page and one more.
fn latest_of_first(query: &ListQuery, mut rows: Conditions<'_>, most: usize) -> Sql {
    let table = query.table;
    let subject = table.subject();
    cut(query, &mut rows, most);
    // One number for both: comparing two takes several times as long.
    let key =
        |of: &str| format!("{of}.version::HUGEINT * 18446744073709551616 + epoch_ns({of}.ts)");
    let same: Vec<_> = subject.iter().map(|name| format!("c.{name} = l.{name}")).collect();
    let text = format!(
        "WITH candidates AS MATERIALIZED (SELECT * FROM {from} ORDER BY {order} LIMIT {most}), \
         latest AS (SELECT {subject}, max({newest}) AS key FROM {table} n \
           WHERE ({subject}) IN (SELECT ({subject}) FROM candidates) GROUP BY {subject}) \
         SELECT {columns} FROM candidates c JOIN latest l ON {same} AND l.key = {own} \
         ORDER BY {order} LIMIT {limit}",
        from = rows.from(),
        order = order(query),
        subject = subject.join(", "),
        newest = key("n"),
        columns = columns(query, "c."),
        same = same.join(" AND "),
        own = key("c"),
        limit = query.limit + 1,
    );
    rows.sql(text)
}

/// Only what is not beyond the time of the row number `limit`.
fn cut(query: &ListQuery, rows: &mut Conditions<'_>, limit: usize) {
    if limit > DUCKDB_FETCHES_LATE {
        let (way, than, last) =
            if query.newest_first { ("DESC", ">=", "min") } else { ("ASC", "<=", "max") };
        let times = format!("SELECT ts FROM {} ORDER BY ts {way} LIMIT {limit}", rows.from());
        rows.add(format!("ts {than} (SELECT {last}(ts) FROM ({times}))"));
    }
}

fn columns(query: &ListQuery, of: &str) -> String {
    let columns = query.table.columns().iter().map(|column| format!("{of}{}", column.name));
    columns.collect::<Vec<_>>().join(", ")
}

fn order(query: &ListQuery) -> String {
    let way = if query.newest_first { "DESC" } else { "ASC" };
    let order = query.table.order().map(|column| format!("{} {way}", column.name));
    order.collect::<Vec<_>>().join(", ")
}
