//! What the made-up system did.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tradekeep_formats::{FileRecord, SampleActivity, write_record};
use tradekeep_models::record::Record;
use tradekeep_models::*;

use crate::records;

fn day() -> Day {
    "2024-08-08".parse().unwrap()
}

fn activity() -> SampleActivity {
    SampleActivity::new(42, day())
}

/// Valid, in time order, within the day, told apart; answers how many there are, and a hash of them.
fn check<R: FileRecord + Serialize>(rows: &[R], on: Day) -> (usize, String) {
    let mut file = Vec::new();
    let mut identities = BTreeSet::new();
    for row in rows {
        row.validate().unwrap();
        assert_eq!(row.ts().day(), on, "{row:?}");
        let identity: Vec<_> = R::IDENTITY.iter().map(|name| row.named(name)).collect();
        assert!(identities.insert(identity), "{row:?}");
        write_record(&mut file, row).unwrap();
    }
    assert!(rows.is_sorted_by_key(Record::ts));
    let hash = blake3::hash(&file).to_hex()[..12].to_owned();
    assert_eq!(records::<R>(file), rows);
    (rows.len(), hash)
}

#[test]
fn it_never_changes() {
    let it = activity();
    // How many there are, and a hash of the lines they are written as.
    let golden = |rows: usize, hash: &str| (rows, hash.to_owned());
    assert_eq!(check(&it.trades(), day()), golden(2_259, "b21204f04508"));
    assert_eq!(check(&it.orders(), day()), golden(1_544, "e429d2ecf1b3"));
    assert_eq!(check(&it.fills(), day()), golden(591, "15f47ddf3fc9"));
    assert_eq!(check(&it.positions(), day()), golden(591, "4ada01e2a921"));
    assert_eq!(check(&it.latencies(), day()), golden(20_000, "07f259f53aca"));
    assert_eq!(check(&it.mev_events(), day()), golden(500, "bdfada9edec4"));
    assert_eq!(check(&it.metrics(), day()), golden(5_000, "3240378af840"));
    assert_eq!(check(&it.system_events(), day()), golden(84, "72f959760bf0"));
    assert_eq!(check(&it.node_health(), day()), golden(1_152, "81164ceeeea3"));
}

#[test]
fn seeds_and_days_differ() {
    assert_ne!(activity().trades(), SampleActivity::new(43, day()).trades());
    let next = Day::new(day().number() + 1).unwrap();
    let prices = |day| -> Vec<_> {
        SampleActivity::new(42, day).trades().iter().map(|trade| trade.executed_price).collect()
    };
    assert_ne!(prices(day()), prices(next));
    for day in [Timestamp::MIN.day(), Timestamp::MAX.day()] {
        let it = SampleActivity::new(1, day);
        assert!(check(&it.trades(), day).0 >= 2_000);
        check(&it.orders(), day);
        check(&it.positions(), day);
        check(&it.system_events(), day);
    }
}

#[test]
fn trades_end_well_or_not() {
    let trades = activity().trades();
    let ids: BTreeSet<_> = trades.iter().map(|trade| trade.id).collect();
    assert_eq!(ids.len(), 2_000);
    let of = |status| trades.iter().filter(|trade| trade.status == status).count();
    let (failed, submitted) = (of(TradeStatus::Failed), of(TradeStatus::Submitted));
    assert!((40..120).contains(&failed), "{failed}");
    assert_eq!(trades.iter().filter(|trade| trade.version == 1).count(), submitted);
    assert!(trades.iter().filter(|t| t.mode == TradingMode::Paper).count() > 200);
    let tokens: BTreeSet<_> = trades.iter().map(|trade| trade.base_token.to_string()).collect();
    assert_eq!(tokens.len(), 6);
    assert!(trades.iter().any(|trade| trade.transfer_fees.is_some()));
    assert!(trades.iter().any(|trade| trade.metadata.is_some()));
    for trade in &trades {
        let product = trade.base_amount.mul_round(trade.executed_price).unwrap();
        assert_eq!(trade.quote_amount, product);
        assert_eq!(trade.actual_slippage.is_some(), trade.status == TradeStatus::Confirmed);
    }
}

#[test]
fn fills_are_of_orders_and_make_positions() {
    let (orders, fills, positions) =
        (activity().orders(), activity().fills(), activity().positions());
    let mut filled: BTreeMap<_, Decimal> = BTreeMap::new();
    for fill in &fills {
        let of = filled.entry(fill.order_id).or_default();
        *of = of.add(fill.quantity).unwrap();
    }
    let last: BTreeMap<_, _> = orders.iter().map(|order| (order.order_id, order)).collect();
    assert_eq!(last.len(), 400);
    for (id, order) in &last {
        let quantity = filled.remove(id).unwrap_or_default();
        match order.status {
            OrderStatus::Filled => assert_eq!(quantity, order.quantity),
            OrderStatus::Cancelled => assert!(quantity < order.quantity),
            OrderStatus::Rejected => assert!(quantity.is_zero()),
            other => panic!("{other}"),
        }
    }
    assert!(filled.is_empty());
    assert_eq!(positions.len(), fills.len());
    let statuses: BTreeSet<_> = orders.iter().map(|order| order.status).collect();
    assert_eq!(statuses.len(), 6);
}

#[test]
fn latencies_are_about_right() {
    let latencies = activity().latencies();
    let failures = latencies.iter().filter(|latency| !latency.success).count();
    assert!((120..300).contains(&failures), "{failures}");
    let mut quotes: Vec<_> = latencies
        .iter()
        .filter(|latency| latency.operation.as_str() == "quote" && latency.success)
        .map(|latency| latency.latency_ns)
        .collect();
    quotes.sort_unstable();
    let at = |percent: usize| quotes[quotes.len() * percent / 100];
    assert!((750_000..950_000).contains(&at(50)), "{}", at(50));
    assert!(at(99) > 2 * at(50) && at(99) < 10 * at(50), "{} {}", at(50), at(99));
    assert!(quotes[quotes.len() - 1] > 8 * at(50));
}

#[test]
fn events_are_of_trades() {
    let trades = activity().trades();
    let events = activity().mev_events();
    for event in &events {
        assert!(trades.iter().any(|trade| Some(trade.id) == event.trade_id));
        assert_eq!(event.actual_loss_bps.is_none(), event.avoided);
    }
    assert!(events.iter().filter(|event| !event.avoided).count() > 30);
    let severities: BTreeSet<_> =
        activity().system_events().iter().map(|event| event.severity).collect();
    assert_eq!(severities.len(), 4);
}
