//! `tradekeep query`: records, and numbers about them, out of the store.

pub(crate) mod candles;
mod events;
mod facts;
mod fills;
pub(crate) mod latency;
mod list;
mod metrics;
pub(crate) mod mev;
mod nodes;
mod orders;
mod performance;
mod positions;
mod slippage;
mod summary;
mod ticks;
pub(crate) mod trades;

use std::fmt::Display;

use anyhow::Result;
use serde::Serialize;
use tradekeep::models::{MAX_LIMIT, Page};
use tradekeep::{Config, Tradekeep};

use crate::args::{Listed, Query};
use crate::output::Out;
use crate::{Outcome, WrongUsage};

/// Refuses what no store can answer.
pub(crate) fn check(query: &Query, json: bool) -> Result<(), WrongUsage> {
    let draws = matches!(query, Query::Candles(args) if args.chart)
        || matches!(query, Query::Latency(args) if args.chart);
    if draws && json {
        return Err(WrongUsage(
            "--chart is for people and --json for programs: leave one out".into(),
        ));
    }
    match query {
        Query::Ticks(args) => args.query().map(drop),
        Query::Candles(args) => args.check(),
        Query::Trades(args) => args.query().map(drop),
        Query::Orders(args) => args.query().map(drop),
        Query::Fills(args) => args.query().map(drop),
        Query::Positions(args) => args.query().map(drop),
        Query::Metrics(args) => args.check(),
        Query::Latency(args) => args.check(),
        Query::Mev(args) => args.check(),
        Query::Events(args) => args.query().map(drop),
        Query::Nodes(args) => args.query().map(drop),
        Query::Slippage(args) => args.window.range().map(drop),
        Query::Summary(args) => args.range().map(drop),
        Query::Performance(args) => args.filter().map(drop),
    }
}

pub(crate) async fn run(
    query: Query,
    config: &Config,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<Outcome> {
    let most = config.max_results();
    match query {
        Query::Ticks(args) => ticks::run(&args, most, store, out).await?,
        Query::Candles(args) => candles::run(args, most, store, out).await?,
        Query::Trades(args) => trades::run(&args, most, store, out).await?,
        Query::Orders(args) => orders::run(&args, most, store, out).await?,
        Query::Fills(args) => fills::run(&args, most, store, out).await?,
        Query::Positions(args) => positions::run(&args, most, store, out).await?,
        Query::Metrics(args) => metrics::run(&args, most, store, out).await?,
        Query::Latency(args) => latency::run(&args, most, store, out).await?,
        Query::Mev(args) => mev::run(&args, most, store, out).await?,
        Query::Events(args) => events::run(&args, most, store, out).await?,
        Query::Nodes(args) => nodes::run(&args, most, store, out).await?,
        Query::Slippage(args) => slippage::run(&args, store, out).await?,
        Query::Summary(args) => summary::run(&args, store, out).await?,
        Query::Performance(args) => performance::run(&args, store, out).await?,
    }
    Ok(Outcome::Done)
}

/// Reads up to `limit` rows behind `after`, page by page, until `take` wants no more; answers where
/// to go on when there are more.
async fn pages<T, C>(
    limit: usize,
    mut after: Option<C>,
    mut fetch: impl AsyncFnMut(usize, Option<C>) -> tradekeep::Result<Page<T, C>>,
    mut take: impl FnMut(Vec<T>) -> Result<bool>,
) -> Result<Option<C>> {
    let mut left = limit;
    loop {
        let page = fetch(left.min(MAX_LIMIT), after).await?;
        left = left.saturating_sub(page.items.len());
        let more = take(page.items)?;
        after = page.next;
        if after.is_none() || left == 0 || !more {
            return Ok(after);
        }
    }
}

#[derive(Serialize)]
struct Next {
    next: String,
}

/// Says where a cut answer goes on.
fn tell_next(next: Option<impl Display>, out: &mut Out) -> Result<()> {
    match next {
        None => Ok(()),
        Some(cursor) if out.json() => out.object(&Next { next: cursor.to_string() }),
        Some(cursor) => out.dim(format_args!("more: --after {cursor}")),
    }
}
