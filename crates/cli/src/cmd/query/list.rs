//! Lists of records, one form for all.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::{ListQuery, RecordFilter, Table, record::Record};
use tradekeep::stores::RecordList;

use super::{pages, tell_next};
use crate::args::Listed;
use crate::output::{Column, Out};

/// The records that `F` filters.
type Of<A> = <<A as Listed>::Filter as RecordFilter>::Record;

/// Tells the records that `args` ask for, with these columns in a table.
pub(super) async fn run<A: Listed>(
    args: &A,
    max_results: usize,
    store: &Tradekeep,
    columns: fn(&[Of<A>]) -> Vec<Column>,
    out: &mut Out,
) -> Result<()> {
    let base = args.query()?;
    let fetch = async |limit, after| {
        RecordList::asked(&**store, ListQuery { limit, after, ..base.clone() }).page().await
    };
    let mut found = 0;
    let take = |page: Vec<Of<A>>| {
        found += page.len();
        if out.json() {
            page.iter().try_for_each(|row| out.object(row))?;
        } else if !page.is_empty() {
            out.table(columns(&page))?;
        }
        Ok(!out.is_closed())
    };
    let limit = args.paging().limit.unwrap_or(max_results);
    let next = pages(limit, base.after.clone(), fetch, take).await?;
    if found == 0 {
        nothing(words(Of::<A>::TABLE), out)?;
    }
    tell_next(next, out)
}

/// Says that nothing matches.
pub(super) fn nothing(what: &str, out: &mut Out) -> Result<()> {
    if out.json() {
        return Ok(());
    }
    out.dim(format_args!("no {what} match: `tradekeep stats` shows what is stored"))
}

/// What the rows of a table are called.
fn words(table: Table) -> &'static str {
    match table {
        Table::MevEvents => "MEV events",
        Table::SystemEvents => "events",
        Table::NodeHealth => "reports of nodes",
        table => table.as_str(),
    }
}

/// A cell of something that may be absent.
pub(super) fn maybe(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The column of versions, where any was changed.
pub(super) fn versions(versions: impl Iterator<Item = u32> + Clone) -> Column {
    let changed = versions.clone().any(|version| version > 0);
    let cell = |version: u32| if changed { version.to_string() } else { String::new() };
    Column::amounts("version", versions.map(cell).collect()).extra()
}
