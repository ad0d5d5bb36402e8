//! `tradekeep query ticks`.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::{Side, Tick};

use super::list::{self, maybe};
use crate::args::Ticks;
use crate::output::{Column, Out};

pub(super) async fn run(
    args: &Ticks,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    list::run(args, max_results, store, columns, out).await
}

fn columns(ticks: &[Tick]) -> Vec<Column> {
    let column = |cell: fn(&Tick) -> String| ticks.iter().map(cell).collect();
    vec![
        Column::times("time (UTC)", ticks.iter().map(Tick::ts)),
        Column::text("venue", column(|tick| tick.venue().to_string())),
        Column::text("symbol", column(|tick| tick.symbol().to_string())),
        Column::numbers("price", column(|tick| tick.price().to_string())),
        Column::numbers("quantity", column(|tick| tick.quantity().to_string())),
        Column::text("side", column(|tick| tick.side().map_or("", Side::as_str).into())),
        Column::text("trade id", column(|tick| maybe(tick.trade_id()))).extra(),
    ]
}
