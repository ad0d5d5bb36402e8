//! One of each record with every column set.

use serde::Serialize;
use tradekeep_formats::FileRecord;
use tradekeep_models::*;

pub(crate) const ID: &str = "0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f";

pub(crate) fn ts() -> Timestamp {
    "2024-08-08T10:00:05.000000001Z".parse().unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) trait Sample: FileRecord + Serialize {
    fn sample() -> Self;
}

impl Sample for Tick {
    fn sample() -> Self {
        Self::builder(Symbol::new("BTC-USD").unwrap(), ts())
            .venue(Venue::new("binance").unwrap())
            .trade_id(TradeId::new("1001").unwrap())
            .received_ts(ts())
            .price(dec("61837.63"))
            .quantity(dec("0.00003844"))
            .side(Side::Sell)
            .aggregated(true)
            .build()
            .unwrap()
    }
}

impl Sample for Trade {
    fn sample() -> Self {
        Self::builder()
            .ts(ts())
            .id(ID.parse().unwrap())
            .version(2)
            .trader_id(TraderId::new("arb-1").unwrap())
            .mode(TradingMode::Live)
            .action(TradeAction::Swap)
            .base_token(Symbol::new("SOL").unwrap())
            .quote_token(Symbol::new("USDC").unwrap())
            .base_amount(dec("2.5"))
            .quote_amount(dec("375.25"))
            .executed_price(dec("150.1"))
            .transaction_fee(5_000)
            .priority_fee(20_000)
            .transfer_fees(dec("0.0375"))
            .expected_slippage(dec("4"))
            .actual_slippage(dec("-1.25"))
            .mev_status(name("protected"))
            .mev_protected(true)
            .tx_signature(name("5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnb"))
            .status(TradeStatus::Confirmed)
            .request_id(name("req-77"))
            .source_service(name("router"))
            .latency_ns(412_000_000)
            .metadata(Json::new("{\"hops\": 2, \"exact\": 0.10}").unwrap())
            .build()
    }
}

impl Sample for Order {
    fn sample() -> Self {
        Self::builder()
            .ts(ts())
            .order_id(ID.parse().unwrap())
            .version(1)
            .trader_id(TraderId::new("mm-1").unwrap())
            .venue(Venue::new("polymarket").unwrap())
            .market(Market::new("0x123abc").unwrap())
            .side(Side::Buy)
            .order_type(OrderType::StopLimit)
            .price(dec("0.52"))
            .quantity(dec("100"))
            .status(OrderStatus::PartiallyFilled)
            .client_order_id(name("c-1"))
            .venue_order_id(name("v-1"))
            .time_in_force(TimeInForce::Gtc)
            .build()
    }
}

impl Sample for Fill {
    fn sample() -> Self {
        Self::builder()
            .ts(ts())
            .fill_id("0191314e-2d3a-7c10-8d7e-0a1b2c3d4e60".parse().unwrap())
            .order_id(ID.parse().unwrap())
            .trader_id(TraderId::new("mm-1").unwrap())
            .venue(Venue::new("polymarket").unwrap())
            .market(Market::new("0x123abc").unwrap())
            .side(Side::Buy)
            .price(dec("0.52"))
            .quantity(dec("50"))
            .fee(dec("-0.1"))
            .fee_currency(Symbol::new("USDC").unwrap())
            .venue_fill_id(name("f-1"))
            .build()
    }
}

impl Sample for Position {
    fn sample() -> Self {
        Self::builder()
            .ts(ts())
            .trader_id(TraderId::new("mm-1").unwrap())
            .venue(Venue::new("polymarket").unwrap())
            .market(Market::new("0x123abc").unwrap())
            .version(1)
            .amount(dec("-50"))
            .cost_basis(dec("26"))
            .current_price(dec("0.53"))
            .unrealized_pnl(dec("-0.5"))
            .build()
    }
}

impl Sample for Metric {
    fn sample() -> Self {
        let metric = Self {
            stream: StreamId::new("bot-1").unwrap(),
            seq: 9_007_199_254_740_993,
            ..Self::new(ts(), name("polymarket.rtds.lag_ms"), 45.3)
        };
        metric.with_label("topic", "mar\"ket").unwrap().with_symbol("BTC/USD").unwrap()
    }
}

impl Sample for Latency {
    fn sample() -> Self {
        let latency = Self::new(ts(), name("router"), name("quote"), 1_250_000);
        Self { stream: StreamId::new("bot-1").unwrap(), seq: 7, ..latency }
            .with_error(name("timeout"))
    }
}

impl Sample for MevEvent {
    fn sample() -> Self {
        Self::builder()
            .ts(ts())
            .stream(StreamId::new("bot-1").unwrap())
            .seq(-8)
            .trade_id(ID.parse().unwrap())
            .trader_id(TraderId::new("arb-1").unwrap())
            .token_pair(Symbol::new("SOL/USDC").unwrap())
            .trade_size(dec("12000"))
            .sandwich_probability(0.35)
            .estimated_loss_bps(40)
            .actual_loss_bps(-3)
            .protection_used(true)
            .priority_fee_lamports(20_000)
            .avoided(true)
            .build()
    }
}

impl Sample for SystemEvent {
    fn sample() -> Self {
        let event = Self::warning(ts(), Message::new("high latency:\n\"rpc-1\", 2 s").unwrap());
        Self { stream: StreamId::new("bot-1").unwrap(), seq: 9, ..event }
            .with_event_type(name("breaker_opened"))
            .with_source(name("router"))
            .with_data(Json::new("{\"node\":\"rpc-1\"}").unwrap())
    }
}

impl Sample for NodeHealth {
    fn sample() -> Self {
        Self::builder()
            .ts(ts())
            .node(name("rpc-1"))
            .latency_ms(42)
            .error_rate(dec("0.0125"))
            .circuit_breaker_status(BreakerStatus::HalfOpen)
            .last_failure(Timestamp::MIN)
            .build()
    }
}

impl Sample for StoredCandle {
    fn sample() -> Self {
        Self::builder()
            .ts(ts())
            .venue(Venue::new("binance").unwrap())
            .symbol(Symbol::new("BTCUSDT").unwrap())
            .interval("1m".parse().unwrap())
            .source(name("klines"))
            .version(1)
            .open(dec("61837.63"))
            .high(dec("61850"))
            .low(dec("61830.01"))
            .close(dec("61848.2"))
            .volume(dec("12.5"))
            .notional(dec("773000"))
            .count(1_234)
            .vwap(dec("61840"))
            .build()
    }
}

/// Calls a macro with every record.
macro_rules! every_record {
    ($call:ident) => {
        $call!(Tick, ticks);
        $call!(Trade, trades);
        $call!(Order, orders);
        $call!(Fill, fills);
        $call!(Position, positions);
        $call!(Metric, metrics);
        $call!(Latency, latencies);
        $call!(MevEvent, mev_events);
        $call!(SystemEvent, system_events);
        $call!(NodeHealth, node_health);
        $call!(StoredCandle, candles);
    };
}
pub(crate) use every_record;
