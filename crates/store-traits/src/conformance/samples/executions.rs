//! Our own trades, orders, fills and positions.

use tradekeep_models::{
    Decimal, Fill, FillFilter, Json, ListQuery, Market, Order, OrderFilter, OrderStatus, OrderType,
    Position, PositionFilter, TimeInForce, TimeRange, Trade, TradeAction, TradeFilter, TradeStatus,
    TradingMode,
};

use super::{
    Sample, amount, choice, count, filtered_by, scattered, small, some_side, text, uuid, when,
};
use crate::conformance::{name, symbol, trader, venue};

impl Sample for Trade {
    filtered_by!(TradeFilter);

    fn full(n: i64) -> Self {
        Self {
            ts: when(n),
            id: uuid(n),
            version: small(n % 3),
            trader_id: trader(&text("trader-", n)),
            mode: choice(TradingMode::ALL, n),
            action: choice(TradeAction::ALL, n),
            base_token: symbol(&text("BASE", n)),
            quote_token: symbol(&text("QUOTE", n)),
            base_amount: amount(n),
            quote_amount: amount(n + 1),
            executed_price: amount(n + 2),
            transaction_fee: Some(count(n)),
            priority_fee: Some(count(n) + 5_000),
            transfer_fees: Some(amount(n + 3)),
            expected_slippage: Some(scattered(n).into()),
            actual_slippage: Some(scattered(n + 1).into()),
            mev_status: Some(name(&text("mev-", n))),
            mev_protected: Some(n % 2 == 0),
            tx_signature: Some(name(&text("signature-", n))),
            status: choice(TradeStatus::ALL, n),
            request_id: Some(name(&text("request-", n))),
            source_service: Some(name(&text("service-", n))),
            latency_ns: Some(count(n) * 1_000),
            metadata: Some(Json::new(format!("{{\"n\": {n}.0}}")).unwrap()),
        }
    }

    fn broken() -> Vec<(Self, &'static str)> {
        let (past, negative) = (Some(1 << 63), Decimal::from(-1));
        vec![
            (Self { base_amount: negative, ..Self::full(90) }, "base_amount"),
            (Self { quote_amount: negative, ..Self::full(91) }, "quote_amount"),
            (Self { transaction_fee: past, ..Self::full(92) }, "transaction_fee"),
            (Self { priority_fee: past, ..Self::full(93) }, "priority_fee"),
            (Self { latency_ns: past, ..Self::full(94) }, "latency_ns"),
        ]
    }
}

impl Sample for Order {
    filtered_by!(OrderFilter);

    fn full(n: i64) -> Self {
        Self {
            ts: when(n),
            order_id: uuid(n),
            version: small(n % 3),
            trader_id: Some(trader(&text("trader-", n))),
            venue: venue(&text("venue-", n)),
            market: Market::new(text("market-", n)).unwrap(),
            side: some_side(n),
            order_type: choice(OrderType::ALL, n),
            price: Some(amount(n)),
            quantity: amount(n + 1),
            status: choice(OrderStatus::ALL, n),
            client_order_id: name(&format!("client-{n}")),
            venue_order_id: Some(name(&text("theirs-", n))),
            time_in_force: Some(choice(TimeInForce::ALL, n)),
        }
    }

    fn broken() -> Vec<(Self, &'static str)> {
        vec![(Self { quantity: Decimal::from(-1), ..Self::full(90) }, "quantity")]
    }
}

impl Sample for Fill {
    filtered_by!(FillFilter);

    fn full(n: i64) -> Self {
        Self::builder()
            .ts(when(n))
            .fill_id(uuid(n))
            .order_id(uuid(n + 1_000))
            .trader_id(trader(&text("trader-", n)))
            .venue(venue(&text("venue-", n)))
            .market(Market::new(text("market-", n)).unwrap())
            .side(some_side(n))
            .price(amount(n))
            .quantity(amount(n + 1))
            .fee(scattered(n).into())
            .fee_currency(symbol(&text("FEE", n)))
            .venue_fill_id(name(&text("theirs-", n)))
            .build()
    }

    fn broken() -> Vec<(Self, &'static str)> {
        let off_by_one = Self::full(90).notional.add(Decimal::from_scaled(1).unwrap()).unwrap();
        let huge = Self { price: Decimal::MAX, quantity: Decimal::from(2), ..Self::full(92) };
        vec![
            (Self { notional: off_by_one, ..Self::full(90) }, "notional"),
            (Self { quantity: Decimal::from(-1), ..Self::full(91) }, "quantity"),
            (huge, "notional"),
        ]
    }
}

impl Sample for Position {
    filtered_by!(PositionFilter);

    fn full(n: i64) -> Self {
        Self {
            ts: when(n),
            trader_id: trader(&text("trader-", n)),
            venue: venue(&text("venue-", n)),
            market: Market::new(text("market-", n)).unwrap(),
            version: small(n % 3),
            amount: scattered(n).into(),
            cost_basis: amount(n),
            current_price: Some(amount(n + 1)),
            unrealized_pnl: Some(scattered(n + 1).into()),
        }
    }
}
