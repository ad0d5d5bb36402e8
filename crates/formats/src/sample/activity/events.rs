//! What happened to the made-up system and its nodes.

use tradekeep_models::{
    BreakerStatus, Json, Message, MevEvent, Name, NodeHealth, Severity, Symbol, SystemEvent,
    Timestamp, Trade, TradeStatus,
};

use super::{SampleActivity, decimal, later, stream};
use crate::sample::random::Random;

const MEV_EVENTS: usize = 500;
const OF_MEV_EVENTS: u8 = 104;
const TROUBLES: u64 = 30;
const OF_TROUBLES: u8 = 105;
const OF_NODES: u8 = 106;
const NODES: [&str; 4] = ["rpc-1", "rpc-2", "jito-1", "validator-1"];
const SECOND: u64 = 1_000_000_000;
const FIVE_MINUTES: u64 = 300 * SECOND;

pub(super) fn mev_events(activity: &SampleActivity) -> Vec<MevEvent> {
    let mut random = activity.random(OF_MEV_EVENTS);
    let trades = activity.trades();
    let done = trades.iter().filter(|trade| trade.status == TradeStatus::Confirmed);
    let rows = (0..).zip(done.step_by(3).take(MEV_EVENTS));
    rows.filter_map(|(seq, trade)| mev_event(&mut random, seq, trade)).collect()
}

fn mev_event(random: &mut Random, seq: i64, trade: &Trade) -> Option<MevEvent> {
    let thousandths = u32::try_from(random.around(180).min(1_000)).ok()?;
    let loss = i32::try_from(random.around(22)).ok()?;
    let protected = trade.mev_protected?;
    let avoided = random.chance(if protected { 94 } else { 55 });
    let pair = format!("{}/{}", trade.base_token, trade.quote_token);
    Some(
        MevEvent::builder()
            .ts(trade.ts)
            .stream(stream()?)
            .seq(seq)
            .trade_id(trade.id)
            .trader_id(trade.trader_id.clone())
            .token_pair(Symbol::new(pair).ok()?)
            .trade_size(trade.quote_amount)
            .sandwich_probability(f64::from(thousandths) / 1_000.0)
            .estimated_loss_bps(loss)
            .maybe_actual_loss_bps((!avoided).then_some(loss + 3))
            .protection_used(protected)
            .maybe_priority_fee_lamports(trade.priority_fee)
            .avoided(avoided)
            .build(),
    )
}

/// What goes wrong: how bad it is, what it is called, where, and in words.
const TROUBLE: [(Severity, &str, &str, &str); 5] = [
    (Severity::Warning, "high_latency", "router", "high latency"),
    (Severity::Warning, "stale_price", "feed", "no price for 5 s"),
    (Severity::Error, "breaker_opened", "executor", "too many calls to the node failed"),
    (Severity::Error, "send_failed", "executor", "the transaction was not accepted"),
    (Severity::Critical, "daily_loss", "risk", "near the limit of the day's loss"),
];

pub(super) fn system_events(activity: &SampleActivity) -> Vec<SystemEvent> {
    let mut random = activity.random(OF_TROUBLES);
    let mut events = Vec::new();
    let info = |kind, source, message| (Severity::Info, kind, source, message);
    events.extend(event(activity.after(0), &info("started", "system", "trading begins")));
    for hour in 1..24 {
        let ts = activity.after(hour * 3_600 * SECOND);
        events.extend(event(ts, &info("alive", "system", "as it should be")));
    }
    for number in 0..TROUBLES {
        let ts = activity.moment(&mut random, number, TROUBLES);
        let Some(trouble) = random.pick(&TROUBLE) else { continue };
        let node = random.pick(&NODES).copied().unwrap_or_default();
        let data = Json::new(format!("{{\"node\":\"{node}\"}}")).ok();
        events.extend(event(ts, trouble).map(|event| SystemEvent { data, ..event }));
        let over = ts.and_then(|ts| later(ts, random.around(40 * SECOND)));
        events.extend(event(over, &info("recovered", trouble.2, "well again")));
    }
    let mut events = super::in_order(events, |event| event.ts);
    for (seq, event) in (0..).zip(&mut events) {
        event.seq = seq;
    }
    events
}

fn event(
    ts: Option<Timestamp>,
    (severity, kind, source, message): &(Severity, &str, &str, &str),
) -> Option<SystemEvent> {
    Some(SystemEvent {
        ts: ts?,
        stream: stream()?,
        seq: 0,
        severity: *severity,
        event_type: Name::new(kind).ok(),
        source: Name::new(source).ok(),
        message: Message::new(*message).ok()?,
        data: None,
    })
}

pub(super) fn node_health(activity: &SampleActivity) -> Vec<NodeHealth> {
    let mut random = activity.random(OF_NODES);
    let mut rows = Vec::new();
    for node in NODES {
        let mut last_failure = None;
        for report in 0..288 {
            let Some(ts) = activity.after(report * FIVE_MINUTES) else { continue };
            let failing = random.chance(3);
            if failing {
                last_failure = Some(ts);
            }
            rows.extend(health(&mut random, node, ts, failing, last_failure));
        }
    }
    rows
}

fn health(
    random: &mut Random,
    node: &str,
    ts: Timestamp,
    failing: bool,
    last_failure: Option<Timestamp>,
) -> Option<NodeHealth> {
    let thousandths = if failing { 100 + random.below(400) } else { random.below(20) };
    let breaker = match thousandths {
        300.. => BreakerStatus::Open,
        100.. => BreakerStatus::HalfOpen,
        _ => BreakerStatus::Closed,
    };
    Some(NodeHealth {
        ts,
        node: Name::new(node).ok()?,
        latency_ms: u32::try_from(random.around(if failing { 900 } else { 35 })).ok()?,
        error_rate: decimal(thousandths, 3),
        circuit_breaker_status: Some(breaker),
        last_failure,
    })
}
