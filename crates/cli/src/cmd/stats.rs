//! `tradekeep stats`: what is stored.

use anyhow::Result;
use serde::Serialize;
use tradekeep::{Partition, Table, TickSeries, Tradekeep};

use crate::Outcome;
use crate::output::{Column, Out, counted, grouped, times};

#[derive(Serialize)]
struct Series<'a> {
    venue: &'a str,
    symbol: &'a str,
    ticks: u64,
    first_ts: String,
    last_ts: String,
}

#[derive(Serialize)]
struct Totals {
    series: usize,
    ticks: u64,
    first_ts: Option<String>,
    last_ts: Option<String>,
    days: usize,
    bytes: u64,
}

pub(crate) async fn run(store: &Tradekeep, out: &mut Out) -> Result<Outcome> {
    let series = store.ticks().series().await?;
    let days = store.partitions().partitions(Table::Ticks).await?;
    if out.json() {
        objects(&series, &days, out)?;
    } else {
        table(&series, out)?;
        out.line(totals_line(&series, &days))?;
    }
    Ok(Outcome::Done)
}

fn ticks(series: &[TickSeries]) -> u64 {
    series.iter().map(|series| series.count).sum()
}

fn objects(all: &[TickSeries], days: &[Partition], out: &mut Out) -> Result<()> {
    for series in all {
        out.object(&Series {
            venue: series.venue.as_str(),
            symbol: series.symbol.as_str(),
            ticks: series.count,
            first_ts: series.first_ts.to_string(),
            last_ts: series.last_ts.to_string(),
        })?;
    }
    out.object(&Totals {
        series: all.len(),
        ticks: ticks(all),
        first_ts: all.iter().map(|series| series.first_ts).min().map(|ts| ts.to_string()),
        last_ts: all.iter().map(|series| series.last_ts).max().map(|ts| ts.to_string()),
        days: days.len(),
        bytes: bytes(days),
    })
}

/// The table of series alone.
pub(crate) fn table(series: &[TickSeries], out: &mut Out) -> Result<()> {
    if series.is_empty() {
        return Ok(());
    }
    let column = |cell: fn(&TickSeries) -> String| series.iter().map(cell).collect();
    out.table(&[
        Column::text("venue", column(|series| series.venue.to_string())),
        Column::text("symbol", column(|series| series.symbol.to_string())),
        Column::numbers("ticks", column(|series| grouped(series.count))),
        Column::text("first (UTC)", times(series.iter().map(|series| series.first_ts))),
        Column::text("last (UTC)", times(series.iter().map(|series| series.last_ts))),
    ])
}

fn totals_line(series: &[TickSeries], days: &[Partition]) -> String {
    if series.is_empty() {
        return "nothing is stored yet: `tradekeep import FILE`".into();
    }
    format!(
        "{}, {} on {}, about {} on disk",
        // The plural is the same word.
        format_args!("{} series", series.len()),
        counted(ticks(series), "tick"),
        counted(days.len() as u64, "day"),
        size(bytes(days)),
    )
}

fn bytes(days: &[Partition]) -> u64 {
    days.iter().map(|day| day.bytes).sum()
}

/// 1536 as 1.5 KiB.
fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.iter().find(|(shift, _)| bytes >> shift > 0);
    let Some((shift, name)) = unit else {
        return format!("{bytes} bytes");
    };
    let tenths = (u128::from(bytes) * 10) >> shift;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 1023, 1536, 5 << 20, u64::MAX].map(size);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.5 KiB", "5.0 MiB", "17179869183.9 GiB"]);
    }
}
