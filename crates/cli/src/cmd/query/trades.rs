//! `tradekeep query trades`.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::Trade;

use super::list::{self, maybe, versions};
use crate::args::Trades;
use crate::output::{Column, Out, took};

pub(super) async fn run(
    args: &Trades,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    list::run(args, max_results, store, columns, out).await
}

pub(crate) fn columns(trades: &[Trade]) -> Vec<Column> {
    let column = |cell: fn(&Trade) -> String| trades.iter().map(cell).collect();
    let pair = |trade: &Trade| format!("{}/{}", trade.base_token, trade.quote_token);
    vec![
        Column::times("time (UTC)", trades.iter().map(|trade| trade.ts)),
        Column::text("trader", column(|trade| trade.trader_id.to_string())).extra(),
        Column::text("action", column(|trade| trade.action.to_string())),
        Column::text("pair", column(pair)).long(),
        Column::numbers("amount", column(|trade| trade.base_amount.to_string())),
        Column::numbers("price", column(|trade| trade.executed_price.to_string())),
        Column::text("status", column(|trade| trade.status.to_string())),
        Column::numbers("value", column(|trade| trade.quote_amount.to_string())).extra(),
        Column::numbers("slip bps", column(|trade| maybe(trade.actual_slippage))).extra(),
        Column::text("mode", column(|trade| trade.mode.to_string())).extra(),
        Column::amounts("took", column(|trade| maybe(trade.latency_ns.map(took)))).extra(),
        Column::text("MEV", column(|trade| maybe(trade.mev_status.as_ref()))).extra(),
        Column::text("id", column(|trade| trade.id.to_string())).extra(),
        versions(trades.iter().map(|trade| trade.version)),
        Column::text("request", column(|trade| maybe(trade.request_id.as_ref()))).extra(),
    ]
}
