//! `tradekeep query nodes`.

use anyhow::Result;
use tradekeep::Tradekeep;
use tradekeep::models::NodeHealth;

use super::list::{self, maybe};
use crate::args::Nodes;
use crate::output::{Column, Out, grouped, times};

pub(super) async fn run(
    args: &Nodes,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    list::run(args, max_results, store, columns, out).await
}

fn columns(reports: &[NodeHealth]) -> Vec<Column> {
    let column = |cell: fn(&NodeHealth) -> String| reports.iter().map(cell).collect();
    let failed = |report: &NodeHealth| maybe(report.last_failure.and_then(|ts| times([ts]).pop()));
    vec![
        Column::times("time (UTC)", reports.iter().map(|report| report.ts)),
        Column::text("node", column(|report| report.node.to_string())).long(),
        Column::amounts("ms", column(|report| grouped(report.latency_ms.into()))),
        Column::numbers("error rate", column(|report| maybe(report.error_rate))),
        Column::text("breaker", column(|report| maybe(report.circuit_breaker_status))),
        Column::text("last failure (UTC)", column(failed)).extra(),
    ]
}
