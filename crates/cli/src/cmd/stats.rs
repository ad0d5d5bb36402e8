//! `tradekeep stats`: what is stored.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use tradekeep::Tradekeep;
use tradekeep::models::{Table, Timestamp};
use tradekeep::stores::{Partition, TableStats, TickSeries};

use super::spool::Brief;
use crate::Outcome;
use crate::output::{Column, Out, counted, grouped, size};

/// Of ticks, but for the bytes.
#[derive(Serialize)]
struct Totals {
    series: usize,
    ticks: u64,
    first_ts: Option<Timestamp>,
    last_ts: Option<Timestamp>,
    days: usize,
    bytes: u64,
}

pub(crate) async fn run(store: &Tradekeep, spool: &Path, out: &mut Out) -> Result<Outcome> {
    let tables = store.table_stats().await?;
    let series = store.series().await?;
    let days = store.partitions(Table::Ticks).await?;
    let spool = Brief::of(spool).await?;
    if out.json() {
        objects(&tables, &series, &days, spool.as_ref(), out)?;
        return Ok(Outcome::Done);
    }
    if tables.iter().all(|table| table.rows == 0) {
        out.line("nothing is stored yet: `tradekeep import FILE`")?;
        tell(spool.as_ref(), out)?;
        return Ok(Outcome::Done);
    }
    of_tables(&tables, out)?;
    if !series.is_empty() {
        out.line("")?;
        table(&series, out)?;
        out.line("")?;
    }
    out.line(totals_line(&tables, &series, &days))?;
    tell(spool.as_ref(), out)?;
    Ok(Outcome::Done)
}

fn tell(spool: Option<&Brief>, out: &mut Out) -> Result<()> {
    spool.map_or(Ok(()), |spool| spool.tell(out))
}

fn ticks(series: &[TickSeries]) -> u64 {
    series.iter().map(|series| series.count).sum()
}

/// Bytes of all tables.
pub(super) fn bytes(tables: &[TableStats]) -> u64 {
    tables.iter().map(|table| table.bytes).sum()
}

fn objects(
    tables: &[TableStats],
    all: &[TickSeries],
    days: &[Partition],
    spool: Option<&Brief>,
    out: &mut Out,
) -> Result<()> {
    tables.iter().try_for_each(|table| out.object(table))?;
    all.iter().try_for_each(|series| out.object(series))?;
    tell(spool, out)?;
    out.object(&Totals {
        series: all.len(),
        ticks: ticks(all),
        first_ts: all.iter().map(|series| series.first_ts).min(),
        last_ts: all.iter().map(|series| series.last_ts).max(),
        days: days.len(),
        bytes: bytes(tables),
    })
}

/// The tables that have rows.
fn of_tables(tables: &[TableStats], out: &mut Out) -> Result<()> {
    let tables: Vec<_> = tables.iter().filter(|table| table.rows > 0).collect();
    let column = |cell: fn(&TableStats) -> String| tables.iter().map(|table| cell(table)).collect();
    out.table(vec![
        Column::text("table", column(|table| table.table.to_string())),
        Column::amounts("rows", column(|table| grouped(table.rows))),
        Column::amounts("about", column(|table| size(table.bytes))),
        Column::times("first (UTC)", tables.iter().filter_map(|table| table.first_ts)),
        Column::times("last (UTC)", tables.iter().filter_map(|table| table.last_ts)),
    ])
}

/// The table of series alone.
pub(crate) fn table(series: &[TickSeries], out: &mut Out) -> Result<()> {
    if series.is_empty() {
        return Ok(());
    }
    let column = |cell: fn(&TickSeries) -> String| series.iter().map(cell).collect();
    out.table(vec![
        Column::text("venue", column(|series| series.venue.to_string())),
        Column::text("symbol", column(|series| series.symbol.to_string())),
        Column::numbers("ticks", column(|series| grouped(series.count))),
        Column::text("kind", column(|series| kind(series).to_owned())),
        Column::text("unit", column(|series| series.unit.as_str().to_owned())),
        Column::times("first (UTC)", series.iter().map(|series| series.first_ts)),
        Column::times("last (UTC)", series.iter().map(|series| series.last_ts)),
    ])
}

/// What the ticks of a series are.
const fn kind(series: &TickSeries) -> &'static str {
    match series.aggregated {
        0 => "trades",
        all if all == series.count => "aggregates",
        _ => "both",
    }
}

fn totals_line(tables: &[TableStats], series: &[TickSeries], days: &[Partition]) -> String {
    let all = format!("about {} on disk", size(bytes(tables)));
    if series.is_empty() {
        let rows = tables.iter().map(|table| table.rows).sum();
        return format!("{}, {all}", counted(rows, "row"));
    }
    format!(
        "{}, {} on {}, {all}",
        // The plural is the same word.
        format_args!("{} series", series.len()),
        counted(ticks(series), "tick"),
        counted(days.len() as u64, "day"),
    )
}
