//! `tradekeep query events`.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::SystemEvent;

use super::list::{self, maybe};
use crate::args::Events;
use crate::output::{Column, Out, one_line};

pub(super) async fn run(
    args: &Events,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    list::run(args, max_results, store, columns, out).await
}

fn columns(events: &[SystemEvent]) -> Vec<Column> {
    let column = |cell: fn(&SystemEvent) -> String| events.iter().map(cell).collect();
    vec![
        Column::times("time (UTC)", events.iter().map(|event| event.ts)),
        Column::text("severity", column(|event| event.severity.to_string())),
        Column::text("source", column(|event| maybe(event.source.as_ref()))).long(),
        Column::text("message", column(|event| one_line(event.message.as_str()))).prose(),
        Column::text("type", column(|event| maybe(event.event_type.as_ref()))).extra(),
        Column::text(
            "data",
            column(|e| e.data.as_ref().map(|d| one_line(d.as_str())).unwrap_or_default()),
        )
        .extra(),
    ]
}
