//! The columns of every kind and version of record, in the order their values are written.
//!
//! Spools on disks are of these layouts: nothing here changes once it is released. When the columns of
//! a record change, its table gets a version more at the end of its list, and that version a golden
//! file.

use tradekeep_models::Table;
use tradekeep_models::record::{Column, Kind};

/// Columns, by name and type.
pub(super) type Layout = &'static [(&'static str, Kind)];

/// The layout of a version of `table`, where it is known.
pub(super) fn layout(table: Table, version: u16) -> Option<Layout> {
    versions(table).get(usize::from(version).checked_sub(1)?).copied()
}

/// The layout of the newest version of `table`.
pub(super) const fn newest(table: Table) -> Layout {
    match versions(table) {
        [.., newest] => newest,
        [] => &[],
    }
}

/// Whether a layout has these columns, by name and in their order.
pub(super) const fn names(layout: Layout, columns: &[Column]) -> bool {
    if layout.len() != columns.len() {
        return false;
    }
    let mut at = 0;
    while at < layout.len() {
        // No `==` of texts in a constant yet.
        let (mut one, mut other) = (layout[at].0.as_bytes(), columns[at].name.as_bytes());
        while let ([a, rest @ ..], [b, more @ ..]) = (one, other) {
            if *a != *b {
                return false;
            }
            (one, other) = (rest, more);
        }
        if !(one.is_empty() && other.is_empty()) {
            return false;
        }
        at += 1;
    }
    true
}

/// The layouts of `table`, from version 1 on.
pub(super) const fn versions(table: Table) -> &'static [Layout] {
    match table {
        Table::Ticks => &[TICKS_1, TICKS_2],
        Table::Trades => &[TRADES_1],
        Table::Orders => &[ORDERS_1],
        Table::Fills => &[FILLS_1],
        Table::Positions => &[POSITIONS_1],
        Table::Metrics => &[METRICS_1],
        Table::Latencies => &[LATENCIES_1],
        Table::MevEvents => &[MEV_EVENTS_1],
        Table::SystemEvents => &[SYSTEM_EVENTS_1],
        Table::NodeHealth => &[NODE_HEALTH_1],
        Table::Candles => &[CANDLES_1],
    }
}

const TICKS_1: Layout = &[
    ("venue", Kind::Text),
    ("symbol", Kind::Text),
    ("ts", Kind::Time),
    ("key", Kind::Int),
    ("sequence", Kind::Int),
    ("trade_id", Kind::Text),
    ("received_ts", Kind::Time),
    ("price", Kind::Decimal),
    ("quantity", Kind::Decimal),
    ("notional", Kind::Decimal),
    ("side", Kind::Text),
];

const TICKS_2: Layout = &[
    ("venue", Kind::Text),
    ("symbol", Kind::Text),
    ("ts", Kind::Time),
    ("key", Kind::Int),
    ("sequence", Kind::Int),
    ("trade_id", Kind::Text),
    ("received_ts", Kind::Time),
    ("price", Kind::Decimal),
    ("quantity", Kind::Decimal),
    ("notional", Kind::Decimal),
    ("side", Kind::Text),
    ("aggregated", Kind::Bool),
];

const TRADES_1: Layout = &[
    ("ts", Kind::Time),
    ("id", Kind::Text),
    ("version", Kind::Int),
    ("trader_id", Kind::Text),
    ("mode", Kind::Text),
    ("action", Kind::Text),
    ("base_token", Kind::Text),
    ("quote_token", Kind::Text),
    ("base_amount", Kind::Decimal),
    ("quote_amount", Kind::Decimal),
    ("executed_price", Kind::Decimal),
    ("transaction_fee", Kind::Int),
    ("priority_fee", Kind::Int),
    ("transfer_fees", Kind::Decimal),
    ("expected_slippage", Kind::Decimal),
    ("actual_slippage", Kind::Decimal),
    ("mev_status", Kind::Text),
    ("mev_protected", Kind::Bool),
    ("tx_signature", Kind::Text),
    ("status", Kind::Text),
    ("request_id", Kind::Text),
    ("source_service", Kind::Text),
    ("latency_ns", Kind::Int),
    ("metadata", Kind::Text),
];

const ORDERS_1: Layout = &[
    ("ts", Kind::Time),
    ("order_id", Kind::Text),
    ("version", Kind::Int),
    ("trader_id", Kind::Text),
    ("venue", Kind::Text),
    ("market", Kind::Text),
    ("side", Kind::Text),
    ("order_type", Kind::Text),
    ("price", Kind::Decimal),
    ("quantity", Kind::Decimal),
    ("status", Kind::Text),
    ("client_order_id", Kind::Text),
    ("venue_order_id", Kind::Text),
    ("time_in_force", Kind::Text),
];

const FILLS_1: Layout = &[
    ("ts", Kind::Time),
    ("fill_id", Kind::Text),
    ("order_id", Kind::Text),
    ("trader_id", Kind::Text),
    ("venue", Kind::Text),
    ("market", Kind::Text),
    ("side", Kind::Text),
    ("price", Kind::Decimal),
    ("quantity", Kind::Decimal),
    ("notional", Kind::Decimal),
    ("fee", Kind::Decimal),
    ("fee_currency", Kind::Text),
    ("venue_fill_id", Kind::Text),
];

const POSITIONS_1: Layout = &[
    ("ts", Kind::Time),
    ("trader_id", Kind::Text),
    ("venue", Kind::Text),
    ("market", Kind::Text),
    ("version", Kind::Int),
    ("amount", Kind::Decimal),
    ("cost_basis", Kind::Decimal),
    ("current_price", Kind::Decimal),
    ("unrealized_pnl", Kind::Decimal),
];

const METRICS_1: Layout = &[
    ("ts", Kind::Time),
    ("stream", Kind::Text),
    ("seq", Kind::Int),
    ("name", Kind::Text),
    ("value", Kind::Float),
    ("labels", Kind::Text),
];

const LATENCIES_1: Layout = &[
    ("ts", Kind::Time),
    ("stream", Kind::Text),
    ("seq", Kind::Int),
    ("service", Kind::Text),
    ("operation", Kind::Text),
    ("latency_ns", Kind::Int),
    ("success", Kind::Bool),
    ("error_type", Kind::Text),
];

const MEV_EVENTS_1: Layout = &[
    ("ts", Kind::Time),
    ("stream", Kind::Text),
    ("seq", Kind::Int),
    ("trade_id", Kind::Text),
    ("trader_id", Kind::Text),
    ("token_pair", Kind::Text),
    ("trade_size", Kind::Decimal),
    ("sandwich_probability", Kind::Float),
    ("estimated_loss_bps", Kind::Int),
    ("actual_loss_bps", Kind::Int),
    ("protection_used", Kind::Bool),
    ("priority_fee_lamports", Kind::Int),
    ("avoided", Kind::Bool),
];

const SYSTEM_EVENTS_1: Layout = &[
    ("ts", Kind::Time),
    ("stream", Kind::Text),
    ("seq", Kind::Int),
    ("severity", Kind::Text),
    ("event_type", Kind::Text),
    ("source", Kind::Text),
    ("message", Kind::Text),
    ("data", Kind::Text),
];

const NODE_HEALTH_1: Layout = &[
    ("ts", Kind::Time),
    ("node", Kind::Text),
    ("latency_ms", Kind::Int),
    ("error_rate", Kind::Decimal),
    ("circuit_breaker_status", Kind::Text),
    ("last_failure", Kind::Time),
];

const CANDLES_1: Layout = &[
    ("ts", Kind::Time),
    ("venue", Kind::Text),
    ("symbol", Kind::Text),
    ("interval", Kind::Text),
    ("source", Kind::Text),
    ("version", Kind::Int),
    ("open", Kind::Decimal),
    ("high", Kind::Decimal),
    ("low", Kind::Decimal),
    ("close", Kind::Decimal),
    ("volume", Kind::Decimal),
    ("notional", Kind::Decimal),
    ("count", Kind::Int),
    ("vwap", Kind::Decimal),
];
