//! What rows must fulfil, as SQL.

use duckdb::types::Value;
use tradekeep_models::{Condition, Labels, ListQuery, RecordFilter, Table, TimeRange, record};

/// Conditions on rows, with their values.
#[derive(Default)]
pub(super) struct Conditions {
    /// `WHERE …`, or nothing.
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    /// What `filter` asks for; where there are `versions`, also that a row is the highest of its
    /// subject. The table has to be called `t`.
    pub(super) fn of<F: RecordFilter>(filter: &F, versions: bool) -> Self {
        Self::listed(&ListQuery::new(filter), versions)
    }

    /// The same of what a list asks for.
    pub(super) fn listed(query: &ListQuery, versions: bool) -> Self {
        let mut conditions = Self::default();
        conditions.within(query.range);
        for condition in &query.conditions {
            match condition {
                Condition::AnyOf { columns, values } => conditions.any_of(columns, values),
                Condition::Label { name, value } => {
                    conditions.add("contains(labels, ?)", [Labels::pair(name, value).into()]);
                }
            }
        }
        if versions && query.highest_only() {
            conditions.add(&highest(query.table), []);
        }
        conditions
    }

    pub(super) fn add<const N: usize>(&mut self, condition: &str, values: [Value; N]) {
        self.text.push_str(if self.text.is_empty() { "WHERE " } else { " AND " });
        self.text.push_str(condition);
        self.values.extend(values);
    }

    fn any_of(&mut self, columns: &[&str], values: &[record::Value<'_>]) {
        let places: Vec<_> = values.iter().map(place_of).collect();
        let each = |column: &&str| match places.as_slice() {
            [place] => format!("{column} = {place}"),
            places => format!("{column} IN ({})", places.join(", ")),
        };
        let each: Vec<_> = columns.iter().map(each).collect();
        match each.as_slice() {
            [one] => self.add(one, []),
            several => self.add(&format!("({})", several.join(" OR ")), []),
        }
        for _ in columns {
            self.values.extend(values.iter().map(bound));
        }
    }

    /// Times bind as integers: the driver would cut a timestamp to microseconds without a word.
    pub(super) fn within(&mut self, range: TimeRange) {
        if let Some(from) = range.from() {
            self.add("ts >= make_timestamp_ns(?)", [from.as_nanos().into()]);
        }
        if let Some(to) = range.to() {
            self.add("ts < make_timestamp_ns(?)", [to.as_nanos().into()]);
        }
    }

    /// The values for a text that has the conditions twice.
    pub(super) fn twice(&self) -> Vec<Value> {
        [self.values.as_slice(), self.values.as_slice()].concat()
    }
}

/// That no other row of its subject has a higher version.
fn highest(table: Table) -> String {
    let same = table.subject().iter().map(|column| format!("n.{column} = t.{column}"));
    let same = same.collect::<Vec<_>>().join(" AND ");
    format!(
        "NOT EXISTS (SELECT 1 FROM {table} n \
         WHERE n.version > 0 AND n.version > t.version AND {same})"
    )
}

/// A value as the driver binds it; a time as its nanoseconds.
pub(super) fn bound(value: &record::Value<'_>) -> Value {
    match value {
        record::Value::Null => Value::Null,
        record::Value::Text(text) => Value::Text(text.to_string()),
        record::Value::Int(number) => Value::BigInt(*number),
        record::Value::Float(number) => Value::Double(*number),
        record::Value::Bool(truth) => Value::Boolean(*truth),
        record::Value::Decimal(decimal) => Value::Text(decimal.to_string()),
        record::Value::Time(time) => Value::BigInt(time.as_nanos()),
        record::Value::Uuid(id) => Value::Text(id.to_string()),
    }
}

/// Where a value goes in the text.
pub(super) const fn place_of(value: &record::Value<'_>) -> &'static str {
    match value {
        record::Value::Time(_) => "make_timestamp_ns(?)",
        record::Value::Decimal(_) => "?::DECIMAL(38,18)",
        record::Value::Uuid(_) => "?::UUID",
        _ => "?",
    }
}
