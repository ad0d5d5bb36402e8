//! What is written of each record must stay readable: these lines never change.

use serde::Serialize;
use tradekeep_formats::write_record;
use tradekeep_models::record::Record;
use tradekeep_models::*;

use crate::records;
use crate::samples::Sample;

fn line<R: Record + Serialize>(record: &R) -> String {
    let mut out = Vec::new();
    write_record(&mut out, record).unwrap();
    String::from_utf8(out).unwrap()
}

fn is<R: Sample>(golden: &str) {
    assert_eq!(line(&R::sample()), format!("{golden}\n"));
    assert_eq!(records::<R>(golden), [R::sample()]);
}

#[test]
fn ticks_as_ever() {
    is::<Tick>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","venue":"binance","symbol":"BTC-USD","trade_id":"1001","price":"61837.63","quantity":"0.00003844","side":"sell","notional":"2.3770384972","sequence":1001,"received_ts":"2024-08-08T10:00:05.000000001Z","key":"4896150781439443774","aggregated":true}"#,
    );
    // Of single trades it is not said, and so it was of all before.
    let before = line(&Tick::sample()).replace(",\"aggregated\":true", "");
    let [tick] = &records::<Tick>(&*before)[..] else { panic!("{before}") };
    assert!(!tick.is_aggregated());
    assert_eq!(line(tick), before);
}

#[test]
fn trades() {
    is::<Trade>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","id":"0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f","version":2,"trader_id":"arb-1","mode":"live","action":"swap","base_token":"SOL","quote_token":"USDC","base_amount":"2.5","quote_amount":"375.25","executed_price":"150.1","transaction_fee":5000,"priority_fee":20000,"transfer_fees":"0.0375","expected_slippage":"4","actual_slippage":"-1.25","mev_status":"protected","mev_protected":true,"tx_signature":"5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnb","status":"confirmed","request_id":"req-77","source_service":"router","latency_ns":412000000,"metadata":{"hops": 2, "exact": 0.10}}"#,
    );
}

#[test]
fn orders() {
    is::<Order>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","order_id":"0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f","version":1,"trader_id":"mm-1","venue":"polymarket","market":"0x123abc","side":"buy","order_type":"stop_limit","price":"0.52","quantity":"100","status":"partially_filled","client_order_id":"c-1","venue_order_id":"v-1","time_in_force":"gtc"}"#,
    );
}

#[test]
fn fills() {
    is::<Fill>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","fill_id":"0191314e-2d3a-7c10-8d7e-0a1b2c3d4e60","order_id":"0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f","trader_id":"mm-1","venue":"polymarket","market":"0x123abc","side":"buy","price":"0.52","quantity":"50","notional":"26","fee":"-0.1","fee_currency":"USDC","venue_fill_id":"f-1"}"#,
    );
}

#[test]
fn positions() {
    is::<Position>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","trader_id":"mm-1","venue":"polymarket","market":"0x123abc","version":1,"amount":"-50","cost_basis":"26","current_price":"0.53","unrealized_pnl":"-0.5"}"#,
    );
}

#[test]
fn metrics() {
    is::<Metric>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","stream":"bot-1","seq":9007199254740993,"name":"polymarket.rtds.lag_ms","value":45.3,"labels":{"symbol":"BTC/USD","topic":"mar\"ket"}}"#,
    );
}

#[test]
fn latencies() {
    is::<Latency>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","stream":"bot-1","seq":7,"service":"router","operation":"quote","latency_ns":1250000,"success":false,"error_type":"timeout"}"#,
    );
}

#[test]
fn mev_events() {
    is::<MevEvent>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","stream":"bot-1","seq":-8,"trade_id":"0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f","trader_id":"arb-1","token_pair":"SOL/USDC","trade_size":"12000","sandwich_probability":0.35,"estimated_loss_bps":40,"actual_loss_bps":-3,"protection_used":true,"priority_fee_lamports":20000,"avoided":true}"#,
    );
}

#[test]
fn system_events() {
    is::<SystemEvent>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","stream":"bot-1","seq":9,"severity":"warning","event_type":"breaker_opened","source":"router","message":"high latency:\n\"rpc-1\", 2 s","data":{"node":"rpc-1"}}"#,
    );
}

#[test]
fn node_health() {
    is::<NodeHealth>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","node":"rpc-1","latency_ms":42,"error_rate":"0.0125","circuit_breaker_status":"half_open","last_failure":"1970-01-01T00:00:00.000000000Z"}"#,
    );
}

#[test]
fn candles() {
    is::<StoredCandle>(
        r#"{"ts":"2024-08-08T10:00:05.000000001Z","venue":"binance","symbol":"BTCUSDT","interval":"1m","source":"klines","version":1,"open":"61837.63","high":"61850","low":"61830.01","close":"61848.2","volume":"12.5","notional":"773000","count":1234,"vwap":"61840"}"#,
    );
}
