//! `docs/metrics.md` lists just what is recorded.

use std::fs;

use tradekeep_ingest::INGEST_METRICS;

#[test]
fn the_documentation_lists_just_these() {
    // Cargo runs tests in the folder of their package.
    let text = fs::read_to_string("../../docs/metrics.md").unwrap();
    let documented: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| `tradekeep_ingest_")).collect();
    let listed: Vec<String> = INGEST_METRICS
        .iter()
        .map(|metric| {
            let labels: Vec<String> = metric.labels.iter().map(|l| format!("`{l}`")).collect();
            let (name, kind, labels) = (metric.name, metric.kind, labels.join(", "));
            format!("| `{name}` | {kind} | {labels} | {} |", metric.help)
        })
        .collect();
    assert_eq!(documented, listed);
}
