//! What a sink asks of a table.

use tradekeep_models::record::Column;

use super::{Bind, Sql};

/// The key columns of the rows in a range of time, both ends included.
pub(crate) fn keys(
    table: &str,
    columns: impl Iterator<Item = &'static Column>,
    (from, to): (i64, i64),
) -> Sql {
    let columns = super::columns(columns);
    let text = format!("SELECT {columns} FROM \"{table}\" t WHERE {WITHIN}");
    Sql { text, values: vec![Bind::Int(from), Bind::Int(to)] }
}

/// How many rows of a range of time, both ends included, came from these places of a stream.
pub(crate) fn arrived(
    table: &str,
    (from, to): (i64, i64),
    stream: &str,
    (first, last): (u64, u64),
) -> Sql {
    let text = format!(
        "SELECT count() FROM \"{table}\" t WHERE {WITHIN} AND t.ingest_stream = $3 \
         AND t.ingest_seq >= $4 AND t.ingest_seq <= $5"
    );
    let numbers = [first, last].map(|seq| Bind::Int(seq.cast_signed()));
    let values = vec![Bind::Int(from), Bind::Int(to), Bind::Text(stream.to_owned())];
    Sql { text, values: values.into_iter().chain(numbers).collect() }
}

const WITHIN: &str = "t.ts >= $1::timestamp_ns AND t.ts <= $2::timestamp_ns";

/// The latest time of a table; nothing where it has no rows.
pub(crate) fn newest(table: &str) -> Sql {
    Sql::plain(format!("SELECT max(t.ts)::long FROM \"{table}\" t"))
}
