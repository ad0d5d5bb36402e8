//! Latencies and metrics of the made-up system.

use tradekeep_models::{Labels, Latency, Metric, Name, StreamId, Timestamp};

use super::{SampleActivity, stream};
use crate::sample::random::Random;

const LATENCIES: u64 = 20_000;
const OF_LATENCIES: u8 = 102;
const METRICS: u64 = 5_000;
const OF_METRICS: u8 = 103;

/// Service, operation, median in nanoseconds, and how many of a hundred calls are of it.
const OPERATIONS: [(&str, &str, u64, u64); 7] = [
    ("feed", "decode", 18_000, 30),
    ("router", "quote", 850_000, 25),
    ("router", "route", 2_400_000, 15),
    ("risk", "check", 75_000, 15),
    ("executor", "sign", 140_000, 6),
    ("executor", "send_transaction", 42_000_000, 5),
    ("executor", "confirm", 380_000_000, 4),
];

const ERRORS: [&str; 4] = ["timeout", "timeout", "rate_limited", "stale_blockhash"];

pub(super) fn latencies(activity: &SampleActivity) -> Vec<Latency> {
    let mut random = activity.random(OF_LATENCIES);
    let rows = (0u64..LATENCIES).filter_map(|number| {
        let ts = activity.moment(&mut random, number, LATENCIES)?;
        latency(&mut random, number, ts)
    });
    rows.collect()
}

fn latency(random: &mut Random, number: u64, ts: Timestamp) -> Option<Latency> {
    let mut share = random.below(100);
    let (service, operation, median, _) = *OPERATIONS.iter().find(|(.., of)| {
        let found = share < *of;
        share = share.saturating_sub(*of);
        found
    })?;
    let usual = random.around(median);
    // The pauses that make a 99.9th percentile.
    let latency_ns = if random.below(500) == 0 { usual * 12 } else { usual };
    let error = if random.chance(1) { random.pick(&ERRORS).copied() } else { None };
    Some(Latency {
        ts,
        stream: stream()?,
        seq: i64::try_from(number).ok()?,
        service: Name::new(service).ok()?,
        operation: Name::new(operation).ok()?,
        latency_ns: if error == Some("timeout") { 1_000_000_000 } else { latency_ns },
        success: error.is_none(),
        error_type: error.and_then(|error| Name::new(error).ok()),
    })
}

/// What is measured: its name, the median in hundredths, and the values of its label.
const MEASURED: [(&str, u32, &str, &[&str]); 6] = [
    ("order_latency_ms", 4_250, "venue", &["polymarket", "demo"]),
    ("slippage_bps", 380, "token", &["SOL", "JUP", "WIF", "JTO", "BONK", "BERN"]),
    ("polymarket.rtds.lag_ms", 4_530, "topic", &["market", "user"]),
    ("queue_depth", 1_200, "symbol", &["SOL-USD", "ETH-USD", "BTC-USD"]),
    ("cpu_percent", 2_300, "host", &["trader-1", "trader-2"]),
    ("process_memory_mb", 51_200, "", &[]),
];

pub(super) fn metrics(activity: &SampleActivity) -> Vec<Metric> {
    let mut random = activity.random(OF_METRICS);
    let stream = stream();
    let rows = (0u64..METRICS).filter_map(|number| {
        let ts = activity.moment(&mut random, number, METRICS)?;
        metric(&mut random, number, ts, stream.clone()?)
    });
    rows.collect()
}

fn metric(random: &mut Random, number: u64, ts: Timestamp, stream: StreamId) -> Option<Metric> {
    let (name, median, label, values) = *random.pick(&MEASURED)?;
    let hundredths = u32::try_from(random.around(median.into())).ok()?;
    let labels = match random.pick(values) {
        Some(value) => Labels::default().with(label, *value).ok()?,
        None => Labels::default(),
    };
    Some(Metric {
        ts,
        stream,
        seq: i64::try_from(number).ok()?,
        name: Name::new(name).ok()?,
        // Exact integers, and one division, which is rounded alike everywhere.
        value: f64::from(hundredths) / 100.0,
        labels,
    })
}
