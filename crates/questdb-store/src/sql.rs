//! SQL text, and the values bound to it. No I/O.
//!
//! Every value is bound with its type: the server takes the place of a time for a double otherwise, and cuts
//! nanoseconds without a word. Columns of a table are named by its alias: the server takes a bare `version` of
//! a subquery, quoted or not, for its function of that name.

mod conditions;
pub(crate) mod sink;
pub(crate) mod stats;
pub(crate) mod ticks;

use tradekeep_models::record::{Kind, Record};
use tradekeep_models::{Buckets, Interval};

pub(crate) use self::conditions::Conditions;
pub(crate) use tradekeep_pg_common::{Bind, Sql};

/// The columns of a record, as [`crate::rows::record`] reads them: times as their nanoseconds, which the
/// protocol would cut.
pub(crate) fn columns<R: Record>() -> String {
    let columns = R::COLUMNS.iter().map(|column| match column.kind {
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

/// Rows as [`columns`] has them, in order of time alone.
pub(crate) fn list<R: Record>(mut rows: Conditions, part: Part) -> Sql {
    let columns = columns::<R>();
    let order = match part {
        Part::First { newest_first, limit } => {
            let way = if newest_first { " DESC" } else { "" };
            let limit = rows.limit(limit);
            format!(" ORDER BY t.ts{way} LIMIT {limit}")
        }
        Part::At(ts) => {
            rows.at(ts);
            String::new()
        }
    };
    let text = format!("SELECT {columns} FROM {}{order}", rows.from());
    Sql { text, values: rows.values }
}

/// The number of the bucket that holds `t.ts`, as [`Interval::index`] counts.
pub(crate) fn bucket(interval: Interval) -> String {
    match interval.buckets() {
        Buckets::Nanos { width, offset: 0 } => format!("t.ts::long / {width}"),
        Buckets::Nanos { width, offset } => format!("(t.ts::long + {offset}) / {width}"),
        Buckets::Months { width } => {
            format!("((year(t.ts) - 1970) * 12 + month(t.ts) - 1) / {width}")
        }
    }
}
