//! What a sink asks of a table.

use tradekeep_models::record::{Column, Record, Value};

use super::{Bind, Sql};
use crate::rows::NULL_UUID;

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

/// Values that a statement is given at most.
pub(crate) const MOST_VALUES: usize = 4_096;

/// The rows in a range of time, both ends included.
pub(crate) fn rows<R: Record>(table: &str, (from, to): (i64, i64)) -> Sql {
    let text = format!("SELECT {} FROM \"{table}\" t WHERE {WITHIN}", super::columns(R::COLUMNS));
    Sql { text, values: vec![Bind::Int(from), Bind::Int(to)] }
}

/// Those of them that have one of some values, up to [`MOST_VALUES`], in `column`.
pub(crate) fn with_values<R: Record>(
    table: &str,
    span: (i64, i64),
    column: &str,
    values: &[Value<'_>],
) -> Sql {
    let Sql { mut text, values: mut bound } = rows::<R>(table, span);
    let is_null = |value: &&Value<'_>| **value == Value::Uuid(NULL_UUID);
    let (null, values): (Vec<_>, Vec<_>) = values.iter().partition(is_null);
    bound.extend(values.iter().map(|value| Bind::Text(value.to_string())));
    // The last one again, up to one of few numbers: each text is prepared once a connection, and kept.
    let count = values.len().next_power_of_two();
    if !values.is_empty() {
        bound.extend(bound.last().cloned().into_iter().cycle().take(count - values.len()));
    }
    let places: Vec<_> = (3..bound.len() + 1).map(|place| format!("${place}")).collect();
    let is_any = format!("t.\"{column}\" IN ({})", places.join(", "));
    // The server has no such key, and fails where it is asked for it.
    let is_null = format!("t.\"{column}\" IS NULL");
    text.push_str(&match (values.is_empty(), null.is_empty()) {
        (false, true) => format!(" AND {is_any}"),
        (true, _) => format!(" AND {is_null}"),
        (false, false) => format!(" AND ({is_any} OR {is_null})"),
    });
    Sql { text, values: bound }
}

/// How many rows have a time from `from` on.
pub(crate) fn count(table: &str, from: i64) -> Sql {
    let text = format!("SELECT count() FROM \"{table}\" t WHERE t.ts >= $1::timestamp_ns");
    Sql { text, values: vec![Bind::Int(from)] }
}

/// These columns of them.
pub(crate) fn since(table: &str, columns: impl Iterator<Item = &'static Column>, from: i64) -> Sql {
    let columns = super::columns(columns);
    let text = format!("SELECT {columns} FROM \"{table}\" t WHERE t.ts >= $1::timestamp_ns");
    Sql { text, values: vec![Bind::Int(from)] }
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
