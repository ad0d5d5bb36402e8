//! What stands between a caller and a store: the layers, and conditions that become SQL. One thread, no I/O.
//!
//! `cargo bench -p tradekeep-store-traits`. Claim: all layers together cost 2 us a call or less.
#![allow(clippy::expect_used, missing_docs, reason = "a bench")]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use tradekeep_models::record::Kind;
use tradekeep_models::{Labels, MetricFilter, Name, Symbol, TimeRange, Timestamp, TradeFilter};
use tradekeep_store_traits::sql::{Conditions, Dialect};
use tradekeep_store_traits::{LayerConfig, Layered, Limit, MemoryStore, RetryPolicy, SeriesStore};

/// One read of nothing, which is what a call costs without its work: of the store, then through the layers.
fn layers(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    let store = Arc::new(MemoryStore::default());
    let all = LayerConfig::default()
        .with_metrics()
        .with_retry(RetryPolicy::new(3))
        .with_timeout(Duration::from_secs(5))
        .with_limit(Limit::new(NonZeroUsize::MIN, Duration::from_secs(5)));
    let layered = Layered::new("memory", Arc::clone(&store), all);
    let mut group = c.benchmark_group("page");
    let sides: [(&str, &dyn SeriesStore); 2] = [("memory", &*store), ("layered", &layered)];
    for (name, store) in sides {
        group.bench_function(name, |b| {
            b.iter(|| runtime.block_on(store.trades(TradeFilter::default()).page()));
        });
    }
    group.finish();
}

struct Example;

impl Dialect for Example {
    fn value(&self, place: &str, kind: Kind) -> String {
        format!("{place}::{kind}")
    }

    fn label(&self, place: &str) -> String {
        format!("t.labels @> {place}")
    }

    fn nanos(&self) -> &'static str {
        "t.nanos"
    }
}

fn conditions(c: &mut Criterion) {
    let range = TimeRange::new(Timestamp::MIN, Timestamp::MAX).expect("a range");
    let trades = TradeFilter { token: Symbol::new("SOL").ok(), range, ..TradeFilter::default() };
    let labels = Labels::default().with("venue", "orca").expect("a label");
    let metrics = MetricFilter { name: Name::new("lag_ms").ok(), labels, range };
    let mut group = c.benchmark_group("conditions");
    group.bench_function("trades", |b| {
        b.iter(|| Conditions::of(&Example, black_box(&trades)).from());
    });
    group.bench_function("metrics", |b| {
        b.iter(|| Conditions::of(&Example, black_box(&metrics)).from());
    });
    group.finish();
}

criterion_group!(benches, layers, conditions);
criterion_main!(benches);
