//! SQL text, and the values bound to it. No I/O.
//!
//! Every value is bound with its type: the server takes the place of a time for a double otherwise, and cuts
//! nanoseconds without a word. Columns of a table are named by its alias: the server takes a bare `version` of
//! a subquery, quoted or not, for its function of that name.

mod conditions;
pub(crate) mod sink;
pub(crate) mod stats;

use tradekeep_models::Interval;
use tradekeep_models::record::{Column, Kind, Record};

pub(crate) use self::conditions::{QuestDb, Versions};
pub(crate) use tradekeep_store_traits::sql::{Bind, Conditions, Sql};

/// These columns, times as their nanoseconds, which the protocol would cut.
fn columns(columns: impl IntoIterator<Item = &'static Column>) -> String {
    let columns = columns.into_iter().map(|column| match column.kind {
        Kind::Time => format!("t.\"{}\"::long", column.name),
        _ => format!("t.\"{}\"", column.name),
    });
    columns.collect::<Vec<_>>().join(", ")
}

/// Which rows of a page are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    /// The first so many in order of time.
    First { newest_first: bool, limit: usize },
    /// All of one moment.
    At(i64),
}

/// Records, in order of time alone.
pub(crate) fn list<R: Record>(mut rows: Conditions<'_>, part: Part) -> Sql {
    let order = match part {
        Part::First { newest_first, limit } => {
            let way = if newest_first { " DESC" } else { "" };
            let limit = rows.limit(limit);
            format!(" ORDER BY t.ts{way} LIMIT {limit}")
        }
        Part::At(ts) => {
            rows.ts("=", ts);
            String::new()
        }
    };
    let text = format!("SELECT {} FROM {}{order}", columns(R::COLUMNS), rows.from());
    rows.sql(text)
}

/// One row where `table` has a version above 0, and else none.
pub(crate) fn any_version(table: &str) -> Sql {
    Sql::plain(format!("SELECT 1 FROM \"{table}\" t WHERE t.version > 0 LIMIT 1"))
}

/// The number of the bucket that holds `t.ts`, as [`Interval::index`] counts.
pub(crate) fn bucket(interval: Interval) -> String {
    let months = "(year(t.ts) - 1970) * 12 + month(t.ts) - 1";
    tradekeep_store_traits::sql::bucket(interval, "/", "t.ts::long", months)
}
