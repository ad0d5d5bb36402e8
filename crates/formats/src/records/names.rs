//! What files call the columns of records, and what a row is told apart by.

use tradekeep_models::Table;

/// How the value of a field becomes that of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// It is the value.
    Same,
    /// It counts milliseconds, which may have a fraction; the column counts nanoseconds.
    Millis,
    /// It is the value of a label that is called as the field.
    Label,
    /// The same, and between 0 and 100.
    Percentile,
}

/// Another name of a column.
#[derive(Debug)]
struct Alias {
    table: Table,
    name: &'static str,
    column: &'static str,
    how: How,
}

const fn alias(table: Table, name: &'static str, column: &'static str) -> Alias {
    Alias { table, name, column, how: How::Same }
}

const fn with(how: How, alias: Alias) -> Alias {
    Alias { how, ..alias }
}

/// The names that other systems' tables give these columns. In every table `timestamp` is also `ts`.
const ALIASES: [Alias; 39] = [
    alias(Table::Trades, "amount", "base_amount"),
    alias(Table::Trades, "price", "executed_price"),
    alias(Table::Trades, "slippage", "actual_slippage"),
    alias(Table::Trades, "fee", "transaction_fee"),
    alias(Table::Trades, "transfer_fee", "transfer_fees"),
    with(How::Millis, alias(Table::Trades, "latency_ms", "latency_ns")),
    alias(Table::Orders, "id", "order_id"),
    alias(Table::Orders, "size", "quantity"),
    alias(Table::Fills, "id", "fill_id"),
    alias(Table::Fills, "size", "quantity"),
    alias(Table::Fills, "amount", "quantity"),
    alias(Table::Fills, "executed", "quantity"),
    alias(Table::Fills, "exec_qty", "quantity"),
    alias(Table::Fills, "exec_price", "price"),
    alias(Table::Fills, "exec_time", "ts"),
    alias(Table::Fills, "created_at", "ts"),
    alias(Table::Fills, "exec_id", "venue_fill_id"),
    alias(Table::Fills, "trade_id", "venue_fill_id"),
    alias(Table::Fills, "exec_fee", "fee"),
    alias(Table::Fills, "commission", "fee"),
    alias(Table::Fills, "commission_asset", "fee_currency"),
    alias(Table::Fills, "fee_coin", "fee_currency"),
    alias(Table::Fills, "symbol", "market"),
    alias(Table::Fills, "pair", "market"),
    alias(Table::Fills, "product", "market"),
    alias(Table::Fills, "order", "order_id"),
    alias(Table::Positions, "token", "market"),
    alias(Table::Metrics, "metric_name", "name"),
    alias(Table::Metrics, "metric_type", "name"),
    alias(Table::Metrics, "tags", "labels"),
    with(How::Label, alias(Table::Metrics, "operation", "labels")),
    with(How::Label, alias(Table::Metrics, "symbol", "labels")),
    with(How::Percentile, alias(Table::Metrics, "percentile", "labels")),
    with(How::Millis, alias(Table::Latencies, "latency_ms", "latency_ns")),
    alias(Table::MevEvents, "priority_fee", "priority_fee_lamports"),
    alias(Table::Candles, "open_ts", "ts"),
    alias(Table::Candles, "open_time", "ts"),
    alias(Table::Candles, "quote_volume", "notional"),
    alias(Table::Candles, "trades", "count"),
];

/// The columns whose values name a series of rows that is in time order, where a file has several of
/// them one after the other. Of what they do not name there is one series.
const SERIES: [(Table, &[&str]); 5] = [
    (Table::Trades, &["trader_id", "base_token", "quote_token"]),
    (Table::Fills, &["venue", "market"]),
    (Table::Metrics, &["name"]),
    (Table::Latencies, &["service", "operation"]),
    (Table::MevEvents, &["token_pair"]),
];

/// The columns that name a series of `table`.
pub(crate) fn series(table: Table) -> &'static [&'static str] {
    SERIES.iter().find(|(of, _)| *of == table).map_or(&[], |(_, columns)| columns)
}

/// A name that a file may use, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldName {
    pub(crate) name: &'static str,
    /// The place of its column.
    pub(crate) place: usize,
    pub(crate) how: How,
}

impl FieldName {
    /// Whether it adds to its column rather than being all of it.
    pub(crate) const fn is_label(&self) -> bool {
        matches!(self.how, How::Label | How::Percentile)
    }
}

/// Every name that a file of `table` may use: first its columns in their order, then their aliases,
/// labels last.
pub(crate) fn fields(table: Table) -> Vec<FieldName> {
    let columns = table.columns();
    let own = (0..).zip(columns).map(|(place, column)| FieldName {
        name: column.name,
        place,
        how: How::Same,
    });
    let of_all = alias(table, "timestamp", "ts");
    let aliases = ALIASES.iter().chain([&of_all]).filter(|alias| alias.table == table);
    let others = aliases.filter_map(|alias| {
        let place = columns.iter().position(|column| column.name == alias.column)?;
        Some(FieldName { name: alias.name, place, how: alias.how })
    });
    let mut fields: Vec<_> = own.chain(others).collect();
    fields.sort_by_key(FieldName::is_label);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_lead_to_columns_and_to_one_each() {
        for alias in &ALIASES {
            let columns = alias.table.columns();
            assert!(columns.iter().any(|column| column.name == alias.column), "{alias:?}");
        }
        for (table, columns) in SERIES {
            for name in columns {
                assert!(table.columns().iter().any(|column| column.name == *name), "{name}");
            }
        }
        for table in Table::ALL {
            let fields = fields(*table);
            let names: BTreeSet<_> = fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), fields.len(), "{table}");
            assert!(fields.is_sorted_by_key(FieldName::is_label));
        }
    }

    #[test]
    fn the_documentation_has_every_alias() {
        let readme = include_str!("../../README.md");
        for Alias { table, name, column, how } in &ALIASES {
            let row = format!("| `{table}` | ");
            let row = readme.lines().find(|line| line.starts_with(&row)).unwrap_or_default();
            let text = match how {
                How::Label | How::Percentile => format!("`{name}` (a label)"),
                _ => format!("`{name}` = `{column}`"),
            };
            assert!(row.contains(&text), "{table}: {text}");
        }
    }
}
