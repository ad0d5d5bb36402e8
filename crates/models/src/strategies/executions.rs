//! What we did: trades, orders, fills, positions.

use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::values::{basis_points, count, nth_uuid};
use super::{amount, crowded_timestamp, decimal, json, name, near_timestamp, text, uuid};
use crate::{
    Fill, Market, Order, OrderStatus, OrderType, Position, Side, Symbol, TimeInForce, Trade,
    TradeAction, TradeStatus, TraderId, TradingMode, Venue,
};

/// Trades, orders and traders there are.
const THINGS: u32 = 40;
/// Versions of each.
const VERSIONS: u32 = 6;

fn token() -> impl Strategy<Value = Symbol> {
    text(&["SOL", "USDC", "BONK"])
}

fn trader() -> impl Strategy<Value = TraderId> {
    text(&["arb-1", "mm-1"])
}

fn venue() -> impl Strategy<Value = Venue> {
    text(&["polymarket", "unknown"])
}

fn market() -> impl Strategy<Value = Market> {
    text(&["0x123abc", "0x9"])
}

fn side() -> impl Strategy<Value = Side> {
    select(&[Side::Buy, Side::Sell])
}

/// One of six versions of one of forty trades.
pub fn trade() -> impl Strategy<Value = Trade> {
    let identity = (crowded_timestamp(), uuid(THINGS), 0..VERSIONS, trader());
    let kind = (
        select(TradingMode::ALL),
        select(TradeAction::ALL),
        select(TradeStatus::ALL),
        token(),
        token(),
    );
    let amounts = (amount(), amount(), decimal(), of(amount()));
    let costs = (of(count()), of(count()), of(basis_points()), of(basis_points()), of(count()));
    let names = (of(name()), of(any::<bool>()), of(name()), of(name()), of(name()), of(json()));
    (identity, kind, amounts, costs, names).prop_map(
        |(
            (ts, id, version, trader_id),
            (mode, action, status, base_token, quote_token),
            (base_amount, quote_amount, executed_price, transfer_fees),
            (transaction_fee, priority_fee, expected_slippage, actual_slippage, latency_ns),
            (mev_status, mev_protected, tx_signature, request_id, source_service, metadata),
        )| Trade {
            ts,
            id,
            version,
            trader_id,
            mode,
            action,
            base_token,
            quote_token,
            base_amount,
            quote_amount,
            executed_price,
            transaction_fee,
            priority_fee,
            transfer_fees,
            expected_slippage,
            actual_slippage,
            mev_status,
            mev_protected,
            tx_signature,
            status,
            request_id,
            source_service,
            latency_ns,
            metadata,
        },
    )
}

/// One of six versions of one of forty orders; one in ten has the `client_order_id` of any of them.
pub fn order() -> impl Strategy<Value = Order> {
    let ids = (0..THINGS, prop_oneof![9 => Just(None), 1 => (0..THINGS).prop_map(Some)])
        .prop_filter_map("valid", |(n, other)| {
            let client_order_id = format!("c-{}", other.unwrap_or(n)).parse().ok()?;
            Some((nth_uuid(n), client_order_id))
        });
    let identity = (crowded_timestamp(), ids, 0..VERSIONS, of(trader()), of(name()));
    let what = (venue(), market(), side(), of(decimal()), amount());
    let how = (select(OrderType::ALL), select(OrderStatus::ALL), of(select(TimeInForce::ALL)));
    (identity, what, how).prop_map(
        |(
            (ts, (order_id, client_order_id), version, trader_id, venue_order_id),
            (venue, market, side, price, quantity),
            (order_type, status, time_in_force),
        )| Order {
            ts,
            order_id,
            version,
            trader_id,
            venue,
            market,
            side,
            order_type,
            price,
            quantity,
            status,
            client_order_id,
            venue_order_id,
            time_in_force,
        },
    )
}

/// One of two hundred fills of those orders.
pub fn fill() -> impl Strategy<Value = Fill> {
    let identity = (near_timestamp(), uuid(2 * THINGS), uuid(THINGS), of(trader()));
    let what = (venue(), market(), side(), amount(), amount());
    (identity, what, decimal(), token(), of(name())).prop_filter_map(
        "notional fits",
        |(
            (ts, fill_id, order_id, trader_id),
            (venue, market, side, price, quantity),
            fee,
            fee_currency,
            venue_fill_id,
        )| {
            let notional = price.mul_round(quantity).ok()?;
            Some(Fill {
                ts,
                fill_id,
                order_id,
                trader_id,
                venue,
                market,
                side,
                price,
                quantity,
                notional,
                fee,
                fee_currency,
                venue_fill_id,
            })
        },
    )
}

/// A position of one of few traders at a crowded time, and its corrections.
pub fn position() -> impl Strategy<Value = Position> {
    let identity = (crowded_timestamp(), trader(), venue(), market(), 0..VERSIONS);
    let numbers = (decimal(), decimal(), of(decimal()), of(decimal()));
    (identity, numbers).prop_map(
        |(
            (ts, trader_id, venue, market, version),
            (amount, cost_basis, current_price, unrealized_pnl),
        )| Position {
            ts,
            trader_id,
            venue,
            market,
            version,
            amount,
            cost_basis,
            current_price,
            unrealized_pnl,
        },
    )
}
