//! `tradekeep query fills`.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::Fill;

use super::list::{self, maybe};
use crate::args::Fills;
use crate::output::{Column, Out};

pub(super) async fn run(
    args: &Fills,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    list::run(args, max_results, store, columns, out).await
}

fn columns(fills: &[Fill]) -> Vec<Column> {
    let column = |cell: fn(&Fill) -> String| fills.iter().map(cell).collect();
    vec![
        Column::times("time (UTC)", fills.iter().map(|fill| fill.ts)),
        Column::text("market", column(|fill| fill.market.to_string())).long(),
        Column::text("side", column(|fill| fill.side.as_str().into())),
        Column::numbers("price", column(|fill| fill.price.to_string())),
        Column::numbers("quantity", column(|fill| fill.quantity.to_string())),
        Column::numbers("fee", column(|fill| fill.fee.to_string())),
        Column::text("in", column(|fill| fill.fee_currency.to_string())),
        Column::numbers("notional", column(|fill| fill.notional.to_string())).extra(),
        Column::text("venue", column(|fill| fill.venue.to_string())).extra(),
        Column::text("trader", column(|fill| maybe(fill.trader_id.as_ref()))).extra(),
        Column::text("order id", column(|fill| fill.order_id.to_string())).extra(),
        Column::text("fill id", column(|fill| fill.fill_id.to_string())).extra(),
    ]
}
