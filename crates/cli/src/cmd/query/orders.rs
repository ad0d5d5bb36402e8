//! `tradekeep query orders`.

use anyhow::Result;
use tradekeep::models::Order;
use tradekeep::{ErrorKind, Tradekeep};

use super::list::{self, maybe, versions};
use crate::args::Orders;
use crate::output::{Column, Out};
use crate::tell_note;

pub(super) async fn run(
    args: &Orders,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    list::run(args, max_results, store, columns, out).await?;
    let Some(id) = args.client_order_id.clone() else { return Ok(()) };
    match store.order_by_client_id(id).await {
        Err(error) if error.kind == ErrorKind::Conflict => {
            // Behind what it is about.
            out.flush()?;
            tell_note(&error.context);
            Ok(())
        }
        other => Ok(other.map(drop)?),
    }
}

fn columns(orders: &[Order]) -> Vec<Column> {
    let column = |cell: fn(&Order) -> String| orders.iter().map(cell).collect();
    vec![
        Column::times("time (UTC)", orders.iter().map(|order| order.ts)),
        Column::text("market", column(|order| order.market.to_string())).long(),
        Column::text("side", column(|order| order.side.as_str().into())),
        Column::text("type", column(|order| order.order_type.to_string())),
        Column::numbers("price", column(|order| maybe(order.price))),
        Column::numbers("quantity", column(|order| order.quantity.to_string())),
        Column::text("status", column(|order| order.status.to_string())),
        Column::text("venue", column(|order| order.venue.to_string())).extra(),
        Column::text("client id", column(|order| order.client_order_id.to_string())).extra(),
        Column::text("trader", column(|order| maybe(order.trader_id.as_ref()))).extra(),
        Column::text("order id", column(|order| order.order_id.to_string())).extra(),
        versions(orders.iter().map(|order| order.version)),
        Column::text("in force", column(|order| maybe(order.time_in_force))).extra(),
    ]
}
