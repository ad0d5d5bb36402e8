//! What rows must fulfil, as SQL.

use tradekeep_models::{TickFilter, TimeRange};

use super::Bind;

/// A table, conditions on its rows, and their values.
#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    table: String,
    conditions: Vec<String>,
    pub(crate) values: Vec<Bind>,
}

impl Conditions {
    /// All rows of `table`, which is called `t` in the text.
    fn of(table: &str) -> Self {
        Self { table: table.to_owned(), conditions: Vec::new(), values: Vec::new() }
    }

    pub(crate) fn of_ticks(filter: &TickFilter, table: &str) -> Self {
        let mut rows = Self::of(table);
        if let Some(venue) = &filter.venue {
            rows.equals("venue", venue.as_str());
        }
        if let Some(symbol) = &filter.symbol {
            rows.equals("symbol", symbol.as_str());
        }
        rows.within(filter.range);
        rows
    }

    /// What follows `FROM`.
    pub(crate) fn from(&self) -> String {
        let table = &self.table;
        let conditions = self.conditions.join(" AND ");
        let all = if conditions.is_empty() { "" } else { " WHERE " };
        format!("\"{table}\" t{all}{conditions}")
    }

    fn add(&mut self, condition: impl Into<String>) {
        self.conditions.push(condition.into());
    }

    fn bind(&mut self, value: Bind) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn equals(&mut self, column: &str, text: &str) {
        let place = self.bind(Bind::Text(text.to_owned()));
        self.add(format!("t.\"{column}\" = {place}"));
    }

    fn within(&mut self, range: TimeRange) {
        if let Some(from) = range.from() {
            let place = self.bind(Bind::Int(from.as_nanos()));
            self.add(format!("t.ts >= {place}::timestamp_ns"));
        }
        if let Some(to) = range.to() {
            let place = self.bind(Bind::Int(to.as_nanos()));
            self.add(format!("t.ts < {place}::timestamp_ns"));
        }
    }

    pub(crate) fn at(&mut self, ts: i64) {
        let place = self.bind(Bind::Int(ts));
        self.add(format!("t.ts = {place}::timestamp_ns"));
    }

    /// Only what comes after `ts`.
    pub(crate) fn after(&mut self, ts: i64) {
        let place = self.bind(Bind::Int(ts));
        self.add(format!("t.ts > {place}::timestamp_ns"));
    }
}
