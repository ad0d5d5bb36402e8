//! What rows must fulfil, as SQL.

use tradekeep_models::record::Value;
use tradekeep_models::{CandleQuery, Condition, Labels, ListQuery, RecordFilter, TimeRange};

use super::Bind;

/// A table, conditions on its rows, and their values.
#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    table: String,
    /// What the table is joined with.
    join: String,
    conditions: Vec<String>,
    pub(crate) values: Vec<Bind>,
}

impl Conditions {
    /// All rows of `table`, which is called `t` in the text.
    fn all(table: &str) -> Self {
        let (table, join) = (table.to_owned(), String::new());
        Self { table, join, conditions: Vec::new(), values: Vec::new() }
    }

    /// The ticks, or the rows of a view, that candles are made of.
    pub(crate) fn of_candles(query: &CandleQuery, table: &str) -> Self {
        Self::of(&query.ticks(), table)
    }

    /// What passes `filter`, of every version.
    pub(crate) fn of<F: RecordFilter>(filter: &F, table: &str) -> Self {
        Self::listed(&ListQuery::new(filter), table)
    }

    /// What passes `filter` and is the highest version of what it is of.
    pub(crate) fn of_highest<F: RecordFilter>(filter: &F, table: &str) -> Self {
        Self::highest(&ListQuery::new(filter), table)
    }

    /// What a list asks for, of every version.
    pub(crate) fn listed(query: &ListQuery, table: &str) -> Self {
        let mut rows = Self::all(table);
        rows.within(query.range);
        for condition in &query.conditions {
            rows.must(condition);
        }
        rows
    }

    /// What a list asks for and is the highest version of what it is of; there are versions.
    pub(crate) fn highest(query: &ListQuery, table: &str) -> Self {
        let mut rows = Self::all(table);
        let subject = query.table.subject();
        // What holds of the subject holds of all its versions.
        if subject.contains(&"ts") {
            rows.within(query.range);
        }
        let of_subject = |condition: &&Condition| match condition {
            Condition::AnyOf { columns, .. } => columns.iter().all(|name| subject.contains(name)),
            Condition::Label { .. } => false,
        };
        let (first, rest): (Vec<_>, Vec<_>) = query.conditions.iter().partition(of_subject);
        for condition in first {
            rows.must(condition);
        }
        rows.join_highest(subject);
        if !subject.contains(&"ts") {
            rows.within(query.range);
        }
        for condition in rest {
            rows.must(condition);
        }
        rows
    }

    /// What follows `FROM`.
    pub(crate) fn from(&self) -> String {
        let (table, join) = (&self.table, &self.join);
        let conditions = self.conditions.join(" AND ");
        let all = if conditions.is_empty() { "" } else { " WHERE " };
        format!("\"{table}\" t{join}{all}{conditions}")
    }

    pub(crate) fn add(&mut self, condition: impl Into<String>) {
        self.conditions.push(condition.into());
    }

    pub(crate) fn bind(&mut self, value: Bind) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// A number of rows, bound too: each text is prepared once a connection, and kept.
    pub(crate) fn limit(&mut self, rows: usize) -> String {
        self.bind(Bind::Int(i64::try_from(rows).unwrap_or(i64::MAX)))
    }

    fn must(&mut self, condition: &Condition) {
        match condition {
            Condition::AnyOf { columns, values } => {
                let mut each = Vec::new();
                for value in values {
                    let place = self.bind(match value {
                        Value::Int(number) => Bind::Int(*number),
                        value => Bind::Text(value.to_string()),
                    });
                    each.extend(columns.iter().map(|name| format!("t.\"{name}\" = {place}")));
                }
                self.add(match each.as_slice() {
                    [one] => one.clone(),
                    each => format!("({})", each.join(" OR ")),
                });
            }
            Condition::Label { name, value } => {
                let place = self.bind(Bind::Text(Labels::pair(name, value)));
                self.add(format!("strpos(t.labels, {place}) > 0"));
            }
        }
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

    /// Only what is of `ts` or comes after it, or before it.
    pub(crate) fn onward(&mut self, ts: i64, newest_first: bool) {
        let place = self.bind(Bind::Int(ts));
        let than = if newest_first { "<=" } else { ">=" };
        self.add(format!("t.ts {than} {place}::timestamp_ns"));
    }

    /// Only what comes after `ts`, or before it.
    pub(crate) fn beyond(&mut self, ts: i64, newest_first: bool) {
        let place = self.bind(Bind::Int(ts));
        let than = if newest_first { '<' } else { '>' };
        self.add(format!("t.ts {than} {place}::timestamp_ns"));
    }

    /// Only the highest version of each subject, which is looked for among those that the conditions so
    /// far leave. What has no version but 0 is not in the joined table, which the server makes before it reads
    /// the rows: a version that comes between the two does not count, nor does it hide the one before.
    fn join_highest(&mut self, subject: &[&str]) {
        let columns: Vec<_> = subject.iter().map(|name| format!("t.\"{name}\"")).collect();
        let same: Vec<_> =
            subject.iter().map(|name| format!("n.\"{name}\" = t.\"{name}\"")).collect();
        let mut later = self.clone();
        later.add("t.\"version\" > 0");
        self.join = format!(
            " LEFT JOIN (SELECT {0}, max(t.\"version\") last FROM {1} GROUP BY {0}) n ON {2}",
            columns.join(", "),
            later.from(),
            same.join(" AND ")
        );
        self.add("t.\"version\" = coalesce(n.last, 0)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradekeep_models::{MetricFilter, Name, PositionFilter, Symbol, Timestamp, TradeFilter};

    const HOSTILE: &str = "'; drop table trades; --";

    fn range() -> TimeRange {
        TimeRange::new(Timestamp::MIN, Timestamp::MAX).unwrap()
    }

    /// Every place has a value, and every value a place.
    fn assert_bound(rows: &Conditions) {
        let text = rows.from();
        assert!(!text.contains("drop"), "{text}");
        for place in 1..=rows.values.len() {
            assert!(text.contains(&format!("${place}")), "{text}");
        }
        assert!(!text.contains(&format!("${}", rows.values.len() + 1)), "{text}");
    }

    #[test]
    fn values_are_bound_never_written() {
        let trades = TradeFilter {
            request_id: Name::new(HOSTILE).ok(),
            token: Symbol::new(HOSTILE).ok(),
            range: range(),
            ..TradeFilter::default()
        };
        let labels = Labels::default().with("a", HOSTILE).unwrap();
        let metrics = MetricFilter { labels, range: range(), name: Name::new(HOSTILE).ok() };
        for rows in [
            Conditions::of(&trades, "trades"),
            Conditions::of_highest(&trades, "trades"),
            Conditions::of(&metrics, "metrics"),
        ] {
            assert!(rows.values.len() >= 4);
            assert_bound(&rows);
        }
    }

    #[test]
    fn versions_are_looked_for_among_those_of_the_subject() {
        let looked_for = |rows: &Conditions| rows.join.split("WHERE").nth(1).unwrap().to_owned();
        let positions = PositionFilter { range: range(), ..PositionFilter::default() };
        let rows = looked_for(&Conditions::of_highest(&positions, "positions"));
        assert!(rows.contains("t.ts >= $1"), "a correction has its position's time: {rows}");
        let id = Some(uuid::Uuid::from_u128(1));
        let trades = TradeFilter { id, range: range(), ..TradeFilter::default() };
        let rows = looked_for(&Conditions::of_highest(&trades, "trades"));
        assert!(rows.contains("t.\"id\" = $1"), "{rows}");
        assert!(!rows.contains("t.ts"), "a later version may be of any time: {rows}");
    }
}
