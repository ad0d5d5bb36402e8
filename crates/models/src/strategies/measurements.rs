//! What was measured, and what happened.

use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::values::{count, quarters};
use super::{amount, crowded_timestamp, json, labels, message, name, near_timestamp, text, uuid};
use crate::{
    BreakerStatus, Decimal, Latency, Metric, MevEvent, Name, NodeHealth, Severity, StreamId,
    SystemEvent, Timestamp,
};

/// A time, a stream and a number in it, all of them few.
fn place() -> impl Strategy<Value = (Timestamp, StreamId, i64)> {
    let seq = prop_oneof![8 => 0i64..4, 1 => any::<i64>()];
    (crowded_timestamp(), text(&["s-1", "s-2"]), seq)
}

/// A metric of few names; its value is a number of quarters.
pub fn metric() -> impl Strategy<Value = Metric> {
    let name = text(&["slippage_bps", "order_latency_ms"]);
    #[allow(clippy::cast_precision_loss, reason = "small enough to be exact")]
    let value = prop_oneof![8 => quarters().prop_map(|n| n as f64 / 4.0), 1 => Just(-0.0)];
    (place(), name, value, labels()).prop_map(|((ts, stream, seq), name, value, labels)| Metric {
        ts,
        stream,
        seq,
        name,
        value,
        labels,
    })
}

/// A latency of few services, failed or not.
pub fn latency() -> impl Strategy<Value = Latency> {
    let outcome = prop_oneof![
        2 => Just((true, None)),
        1 => of(name()).prop_map(|error_type| (false, error_type)),
    ];
    (place(), name(), name(), count(), outcome).prop_map(
        |((ts, stream, seq), service, operation, latency_ns, (success, error_type))| Latency {
            ts,
            stream,
            seq,
            service,
            operation,
            latency_ns,
            success,
            error_type,
        },
    )
}

/// An MEV event; its risk is a number of 64ths.
pub fn mev_event() -> impl Strategy<Value = MevEvent> {
    let about = (
        of(uuid(4)),
        of(text(&["arb-1", "mm-1"])),
        of(text(&["SOL/USDC", "BONK/SOL"])),
        of(amount()),
    );
    let loss = || prop_oneof![4 => -20_000i32..20_000, 1 => any::<i32>()];
    let risk = (0u8..=64).prop_map(|n| f64::from(n) / 64.0);
    let cost = (loss(), of(loss()), of(any::<bool>()), of(count()), any::<bool>());
    (place(), about, risk, cost).prop_map(
        |(
            (ts, stream, seq),
            (trade_id, trader_id, token_pair, trade_size),
            sandwich_probability,
            (estimated_loss_bps, actual_loss_bps, protection_used, priority_fee_lamports, avoided),
        )| MevEvent {
            ts,
            stream,
            seq,
            trade_id,
            trader_id,
            token_pair,
            trade_size,
            sandwich_probability,
            estimated_loss_bps,
            actual_loss_bps,
            protection_used,
            priority_fee_lamports,
            avoided,
        },
    )
}

/// An event of any severity.
pub fn system_event() -> impl Strategy<Value = SystemEvent> {
    (place(), select(Severity::ALL), of(name()), of(name()), message(), of(json())).prop_map(
        |((ts, stream, seq), severity, event_type, source, message, data)| SystemEvent {
            ts,
            stream,
            seq,
            severity,
            event_type,
            source,
            message,
            data,
        },
    )
}

/// A report of one of few nodes at a crowded time.
pub fn node_health() -> impl Strategy<Value = NodeHealth> {
    let node = text::<Name>(&["rpc-1", "rpc-2"]);
    let rate = of((0..=Decimal::ONE.scaled())
        .prop_filter_map("fits", |scaled| Decimal::from_scaled(scaled).ok()));
    let breaker = of(select(BreakerStatus::ALL));
    (crowded_timestamp(), node, any::<u32>(), rate, breaker, of(near_timestamp())).prop_map(
        |(ts, node, latency_ms, error_rate, circuit_breaker_status, last_failure)| NodeHealth {
            ts,
            node,
            latency_ms,
            error_rate,
            circuit_breaker_status,
            last_failure,
        },
    )
}
