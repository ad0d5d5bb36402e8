//! `tradekeep query`: ticks and candles out of the store.

pub(crate) mod candles;
mod ticks;

use std::fmt::Display;

use anyhow::Result;
use serde::Serialize;
use tradekeep::{Config, MAX_LIMIT, Page, Tradekeep};

use crate::args::Query;
use crate::output::Out;
use crate::{Outcome, WrongUsage};

/// Refuses what no store can answer.
pub(crate) fn check(query: &Query) -> Result<(), WrongUsage> {
    let which = match query {
        Query::Ticks(args) => &args.which,
        Query::Candles(args) => &args.which,
    };
    which.range().map(drop)
}

pub(crate) async fn run(
    query: Query,
    config: &Config,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<Outcome> {
    match query {
        Query::Ticks(args) => ticks::run(args, config.max_results(), store, out).await?,
        Query::Candles(args) => candles::run(args, config.max_results(), store, out).await?,
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
