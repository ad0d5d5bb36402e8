//! `tradekeep optimize`: the stores in their best order.

use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde::Serialize;
use tradekeep::Tradekeep;

use super::stats::bytes;
use crate::Outcome;
use crate::output::{Out, size};

#[derive(Serialize)]
struct Object {
    bytes_before: u64,
    bytes_after: u64,
    seconds: f64,
}

pub(crate) async fn run(store: &Tradekeep, out: &mut Out) -> Result<Outcome> {
    let bytes_before = bytes(&store.table_stats().await?);
    let start = Instant::now();
    let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    spinner.set_message("rewriting in order of time");
    spinner.enable_steady_tick(Duration::from_millis(200));
    let outcome = store.optimize().await;
    spinner.finish_and_clear();
    outcome?;
    let seconds = start.elapsed().as_secs_f64();
    let bytes_after = bytes(&store.table_stats().await?);
    if out.json() {
        out.object(&Object { bytes_before, bytes_after, seconds })?;
    } else {
        let (before, after) = (size(bytes_before), size(bytes_after));
        out.line(format_args!("in order: about {before} before, {after} now; {seconds:.2} s"))?;
    }
    Ok(Outcome::Done)
}
