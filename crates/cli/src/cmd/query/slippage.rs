//! `tradekeep query slippage`.

use anyhow::Result;
use serde::Serialize;
use tradekeep::Tradekeep;
use tradekeep::models::{SlippageFilter, SlippageSource};

use super::list::nothing;
use super::metrics::numbers;
use crate::args::Slippage;
use crate::output::Out;

#[derive(Serialize)]
struct Object<'a> {
    token: Option<&'a str>,
    source: &'static str,
    count: u64,
    avg_bps: f64,
    min_bps: f64,
    max_bps: f64,
    p50_bps: f64,
    p95_bps: f64,
    p99_bps: f64,
}

pub(super) async fn run(args: &Slippage, store: &Tradekeep, out: &mut Out) -> Result<()> {
    let token = args.token.as_ref();
    let filter = SlippageFilter { token: token.cloned(), range: args.window.range()? };
    let Some(found) = store.slippage(&filter).await? else {
        return nothing("trades with a slippage, and no metrics slippage_bps,", out);
    };
    let n = found.numbers;
    if out.json() {
        return out.object(&Object {
            token: token.map(|token| token.as_str()),
            source: found.source.as_str(),
            count: n.count,
            avg_bps: n.avg,
            min_bps: n.min,
            max_bps: n.max,
            p50_bps: n.p50,
            p95_bps: n.p95,
            p99_bps: n.p99,
        });
    }
    let source = match found.source {
        SlippageSource::Trades => "our trades",
        SlippageSource::Metric => "the metric slippage_bps",
        other => other.as_str(),
    };
    let of = token.map(|token| format!(" with {token}")).unwrap_or_default();
    out.dim(format_args!("slippage{of} in basis points, of {source}"))?;
    out.table(numbers(&[n]))
}
