//! Bytes on disks of records that were written once: they are read as these records, for good.

use std::fmt::Write as _;

use tradekeep_models::record::Record;
use tradekeep_models::{
    BreakerStatus, Fill, Json, Labels, Latency, Market, Message, Metric, MevEvent, Name,
    NodeHealth, Order, OrderStatus, OrderType, Position, Severity, Side, StoredCandle, StreamId,
    Symbol, SystemEvent, Table, Tick, TimeInForce, Timestamp, Trade, TradeAction, TradeId,
    TradeStatus, TraderId, TradingMode, Venue,
};

use super::{assert_same, encoded};
use crate::codec::{decode, version};

/// Every file there is. Those of older versions stay, and are compared with what they upgrade to.
const FILES: &[(Table, u16, &str)] = &[
    (Table::Ticks, 1, include_str!("../../../tests/golden/ticks_v1.hex")),
    (Table::Ticks, 2, include_str!("../../../tests/golden/ticks_v2.hex")),
    (Table::Trades, 1, include_str!("../../../tests/golden/trades_v1.hex")),
    (Table::Orders, 1, include_str!("../../../tests/golden/orders_v1.hex")),
    (Table::Fills, 1, include_str!("../../../tests/golden/fills_v1.hex")),
    (Table::Positions, 1, include_str!("../../../tests/golden/positions_v1.hex")),
    (Table::Metrics, 1, include_str!("../../../tests/golden/metrics_v1.hex")),
    (Table::Latencies, 1, include_str!("../../../tests/golden/latencies_v1.hex")),
    (Table::MevEvents, 1, include_str!("../../../tests/golden/mev_events_v1.hex")),
    (Table::SystemEvents, 1, include_str!("../../../tests/golden/system_events_v1.hex")),
    (Table::NodeHealth, 1, include_str!("../../../tests/golden/node_health_v1.hex")),
    (Table::Candles, 1, include_str!("../../../tests/golden/candles_v1.hex")),
];

/// The golden files of a table, from version 1 on, are read as `records`; the newest is also written
/// as its file.
fn check<R: Record>(records: &[R]) {
    assert_eq!(records.len(), usize::from(version(R::TABLE)), "versions of {}", R::TABLE);
    for (version, record) in (1..).zip(records) {
        let written = to_hex(&encoded(record));
        let file = FILES.iter().find(|file| (file.0, file.1) == (R::TABLE, version));
        let golden = file.map(|file| file.2).unwrap_or_default();
        if version == super::super::version(R::TABLE) {
            let filled = |column| !record.value(column).is_null();
            assert!((0..R::COLUMNS.len()).all(filled), "{}: a column has no value", R::TABLE);
            assert!(golden == written, "{}_v{version}.hex is not\n{written}", R::TABLE);
        }
        assert_same(&decode::<R>(version, &from_hex(golden)).unwrap(), record);
    }
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(32) {
        for byte in line {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    text
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

#[test]
fn every_version_has_a_file() {
    for &table in Table::ALL {
        let found: Vec<_> =
            FILES.iter().filter(|file| file.0 == table).map(|file| file.1).collect();
        assert_eq!(found, (1..=version(table)).collect::<Vec<_>>(), "{table}");
    }
}

fn ts() -> Timestamp {
    "2024-08-08T10:00:05.000000001Z".parse().unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn trader() -> TraderId {
    TraderId::new("arb-1").unwrap()
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn stream() -> StreamId {
    StreamId::new("process-1").unwrap()
}

#[test]
fn ticks() {
    let tick = Tick::builder(symbol("BTC-USD"), ts())
        .venue(Venue::new("coinbase").unwrap())
        .trade_id(TradeId::new("3735683259").unwrap())
        .received_ts(Timestamp::MAX)
        .price("-25741.02".parse().unwrap())
        .quantity("0.021880380000000001".parse().unwrap())
        .sequence(i64::MIN)
        .side(Side::Sell);
    // Before there was a word for it, all were single trades.
    check(&[false, true].map(|aggregated| tick.clone().aggregated(aggregated).build().unwrap()));
}

#[test]
fn trades() {
    let trade = Trade::builder()
        .ts(ts())
        .id("01912345-6789-7abc-8def-0123456789ab".parse().unwrap())
        .version(u32::MAX)
        .trader_id(trader())
        .mode(TradingMode::Live)
        .action(TradeAction::Swap)
        .base_token(symbol("SOL"))
        .quote_token(symbol("USDC"))
        .base_amount("2.5".parse().unwrap())
        .quote_amount("375.25".parse().unwrap())
        .executed_price("99999999999999999999.999999999999999999".parse().unwrap())
        .transaction_fee(5_000)
        .priority_fee(i64::MAX.unsigned_abs())
        .transfer_fees("0.000000000000000001".parse().unwrap())
        .expected_slippage("12.25".parse().unwrap())
        .actual_slippage("-3".parse().unwrap())
        .mev_status(name("clean"))
        .mev_protected(true)
        .tx_signature(name("5VERv8NMvzbJMEkV"))
        .status(TradeStatus::Submitted)
        .request_id(name("r-1"))
        .source_service(name("router"))
        .latency_ns(0)
        .metadata(Json::new("{\"hops\": 2,\n \"exact\": 0.10}").unwrap())
        .build();
    check(&[trade]);
}

#[test]
fn orders() {
    let order = Order::builder()
        .ts(ts())
        .order_id("01912345-6789-7abc-8def-0123456789ab".parse().unwrap())
        .version(1)
        .trader_id(trader())
        .venue(Venue::new("polymarket").unwrap())
        .market(Market::new("0x123abc").unwrap())
        .side(Side::Buy)
        .order_type(OrderType::StopLimit)
        .price("0.52".parse().unwrap())
        .quantity("100".parse().unwrap())
        .status(OrderStatus::PartiallyFilled)
        .client_order_id(name("c-1"))
        .venue_order_id(name("Ωrder \"7\""))
        .time_in_force(TimeInForce::Gtd)
        .build();
    check(&[order]);
}

#[test]
fn fills() {
    let fill = Fill::builder()
        .ts(ts())
        .fill_id("01912345-6789-7abc-8def-0123456789ac".parse().unwrap())
        .order_id("01912345-6789-7abc-8def-0123456789ab".parse().unwrap())
        .trader_id(trader())
        .venue(Venue::new("polymarket").unwrap())
        .market(Market::new("0x123abc").unwrap())
        .side(Side::Sell)
        .price("0.52".parse().unwrap())
        .quantity("50".parse().unwrap())
        .fee("-0.1".parse().unwrap())
        .fee_currency(symbol("USDC"))
        .venue_fill_id(name("f-1"))
        .build();
    check(&[fill]);
}

#[test]
fn positions() {
    let position = Position::builder()
        .ts(ts())
        .trader_id(trader())
        .venue(Venue::new("polymarket").unwrap())
        .market(Market::new("0x123abc").unwrap())
        .version(3)
        .amount("-99999999999999999999.999999999999999999".parse().unwrap())
        .cost_basis("0".parse().unwrap())
        .current_price("0.53".parse().unwrap())
        .unrealized_pnl("-0.000001".parse().unwrap())
        .build();
    check(&[position]);
}

#[test]
fn metrics() {
    let labels =
        Labels::default().with("symbol", "SOL").unwrap().with("operation", "\"\n").unwrap();
    let metric =
        Metric { ts: ts(), stream: stream(), seq: -1, name: name("lag"), value: -0.0, labels };
    check(&[metric]);
}

#[test]
fn latencies() {
    let latency = Latency {
        ts: Timestamp::MIN,
        stream: stream(),
        seq: i64::MAX,
        service: name("router"),
        operation: name("quote"),
        latency_ns: 1_234_567,
        success: false,
        error_type: Some(name("timeout")),
    };
    check(&[latency]);
}

#[test]
fn mev_events() {
    let event = MevEvent::builder()
        .ts(ts())
        .stream(stream())
        .seq(7)
        .trade_id("01912345-6789-7abc-8def-0123456789ab".parse().unwrap())
        .trader_id(trader())
        .token_pair(symbol("SOL/USDC"))
        .trade_size("12500.5".parse().unwrap())
        .sandwich_probability(0.1)
        .estimated_loss_bps(i32::MIN)
        .actual_loss_bps(i32::MAX)
        .protection_used(false)
        .priority_fee_lamports(5_000)
        .avoided(true)
        .build();
    check(&[event]);
}

#[test]
fn system_events() {
    let event = SystemEvent {
        ts: ts(),
        stream: stream(),
        seq: 8,
        severity: Severity::Critical,
        event_type: Some(name("breaker_opened")),
        source: Some(name("rpc-1")),
        message: Message::new("opened:\nÜ 5 of 5 calls failed").unwrap(),
        data: Some(Json::new("{}").unwrap()),
    };
    check(&[event]);
}

#[test]
fn node_health() {
    let health = NodeHealth::builder()
        .ts(ts())
        .node(name("rpc-1"))
        .latency_ms(u32::MAX)
        .error_rate("0.0125".parse().unwrap())
        .circuit_breaker_status(BreakerStatus::HalfOpen)
        .last_failure(Timestamp::MIN)
        .build();
    check(&[health]);
}

#[test]
fn candles() {
    let candle = StoredCandle::builder()
        .ts(ts())
        .venue(Venue::new("binance").unwrap())
        .symbol(Symbol::new("BTCUSDT").unwrap())
        .interval("1m".parse().unwrap())
        .source(Name::new("klines").unwrap())
        .version(2)
        .open("61837.63".parse().unwrap())
        .high("61850".parse().unwrap())
        .low("61830.01".parse().unwrap())
        .close("61848.2".parse().unwrap())
        .volume("12.500000000000000001".parse().unwrap())
        .notional("773000".parse().unwrap())
        .count(1_234)
        .vwap("61840".parse().unwrap())
        .build();
    check(&[candle]);
}
