//! `tradekeep query positions`.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::Position;

use super::list::{self, maybe, versions};
use crate::args::Positions;
use crate::output::{Column, Out};

pub(super) async fn run(
    args: &Positions,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    list::run(args, max_results, store, columns, out).await
}

fn columns(positions: &[Position]) -> Vec<Column> {
    let column = |cell: fn(&Position) -> String| positions.iter().map(cell).collect();
    vec![
        Column::times("time (UTC)", positions.iter().map(|position| position.ts)),
        Column::text("trader", column(|position| position.trader_id.to_string())).long(),
        Column::text("market", column(|position| position.market.to_string())).long(),
        Column::numbers("amount", column(|position| position.amount.to_string())),
        Column::numbers("cost", column(|position| position.cost_basis.to_string())),
        Column::numbers("unrealized", column(|position| maybe(position.unrealized_pnl))).extra(),
        Column::numbers("price", column(|position| maybe(position.current_price))).extra(),
        Column::text("venue", column(|position| position.venue.to_string())).extra(),
        versions(positions.iter().map(|position| position.version)),
    ]
}
