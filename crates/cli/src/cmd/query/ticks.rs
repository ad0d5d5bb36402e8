//! `tradekeep query ticks`.

use anyhow::Result;
use tradekeep::formats::write_tick;
use tradekeep::{Side, Tick, TickFilter, TickQuery, Tradekeep};

use super::{pages, tell_next};
use crate::args::Ticks;
use crate::output::{Column, Out};

pub(crate) async fn run(
    args: Ticks,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    let range = args.which.window.range()?;
    let limit = args.which.limit.unwrap_or(max_results);
    let filter = TickFilter { venue: args.which.venue, symbol: args.which.symbol, range };
    let base = TickQuery::new(filter);
    let ticks = store.ticks();
    let fetch = async |limit, after| {
        let query = TickQuery { limit, after, ..base.clone() };
        ticks.ticks(&query).await
    };
    let mut found = 0;
    let take = |page: Vec<Tick>| {
        found += page.len();
        tell(&page, out)?;
        Ok(!out.is_closed())
    };
    let next = pages(limit, args.after, fetch, take).await?;
    if found == 0 && !out.json() {
        out.dim("no ticks match: `tradekeep stats` shows what is stored")?;
    }
    tell_next(next, out)
}

fn tell(ticks: &[Tick], out: &mut Out) -> Result<()> {
    if out.json() {
        return ticks.iter().try_for_each(|tick| out.with(|stdout| write_tick(stdout, tick)));
    }
    if ticks.is_empty() {
        return Ok(());
    }
    let column = |cell: fn(&Tick) -> String| ticks.iter().map(cell).collect();
    out.table(vec![
        Column::times("time (UTC)", ticks.iter().map(Tick::ts)),
        Column::text("venue", column(|tick| tick.venue().to_string())),
        Column::text("symbol", column(|tick| tick.symbol().to_string())),
        Column::numbers("price", column(|tick| tick.price().to_string())),
        Column::numbers("quantity", column(|tick| tick.quantity().to_string())),
        Column::text("side", column(|tick| tick.side().map_or("", Side::as_str).into())),
        Column::text(
            "trade id",
            column(|tick| tick.trade_id().map(ToString::to_string).unwrap_or_default()),
        )
        .extra(),
    ])
}
