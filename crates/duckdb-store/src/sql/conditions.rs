//! What rows must fulfil, as SQL.

use duckdb::types::Value;
use tradekeep_models::record::{self, Record};
use tradekeep_models::{Condition, Labels, RecordFilter, TickFilter, TimeRange};

/// Conditions on rows, with their values.
#[derive(Default)]
pub(super) struct Conditions {
    /// `WHERE …`, or nothing.
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    pub(super) fn of_ticks(filter: &TickFilter) -> Self {
        let mut conditions = Self::default();
        if let Some(venue) = &filter.venue {
            conditions.add("venue = ?", [venue.to_string().into()]);
        }
        if let Some(symbol) = &filter.symbol {
            conditions.add("symbol = ?", [symbol.to_string().into()]);
        }
        conditions.within(filter.range);
        conditions
    }

    /// What `filter` asks for; where there are `versions`, also that a row is the highest of its
    /// subject. The table has to be called `t`.
    pub(super) fn of<F: RecordFilter>(filter: &F, versions: bool) -> Self {
        let mut conditions = Self::default();
        conditions.within(filter.range());
        for condition in filter.conditions() {
            match condition {
                Condition::AnyOf { columns, values } => conditions.any_of(&columns, &values),
                Condition::Label { name, value } => {
                    conditions.add("contains(labels, ?)", [Labels::pair(&name, &value).into()]);
                }
            }
        }
        if versions && !F::Record::SUBJECT.is_empty() {
            conditions.add(&highest::<F::Record>(), []);
        }
        conditions
    }

    pub(super) fn add<const N: usize>(&mut self, condition: &str, values: [Value; N]) {
        self.text.push_str(if self.text.is_empty() { "WHERE " } else { " AND " });
        self.text.push_str(condition);
        self.values.extend(values);
    }

    fn any_of(&mut self, columns: &[&str], values: &[record::Value<'_>]) {
        let each = |column: &&str| {
            let places: Vec<_> = values.iter().map(|value| place_of(column, value)).collect();
            format!("{column} IN ({})", places.join(", "))
        };
        let each: Vec<_> = columns.iter().map(each).collect();
        self.add(&format!("({})", each.join(" OR ")), []);
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
fn highest<R: Record>() -> String {
    let same: Vec<_> = R::SUBJECT.iter().map(|column| format!("n.{column} = t.{column}")).collect();
    format!(
        "NOT EXISTS (SELECT 1 FROM {} n WHERE n.version > 0 AND n.version > t.version AND {})",
        R::TABLE,
        same.join(" AND ")
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
    }
}

/// Columns whose text is a UUID, which DuckDB keeps in 16 bytes.
pub(crate) const UUIDS: [&str; 4] = ["id", "order_id", "fill_id", "trade_id"];

/// Where a value goes in the text, to be compared with this column of a record other than a tick.
pub(super) fn place_of(column: &str, value: &record::Value<'_>) -> &'static str {
    match value {
        record::Value::Time(_) => "make_timestamp_ns(?)",
        record::Value::Decimal(_) => "?::DECIMAL(38,18)",
        record::Value::Text(_) if UUIDS.contains(&column) => "?::UUID",
        _ => "?",
    }
}
