//! What rows must fulfil, as SQL.

use std::fmt;

use tradekeep_models::record::{Kind, Value};
use tradekeep_models::{
    Condition, Labels, ListQuery, RecordFilter, Table, TimeRange, TimeUnit, Told,
};

use super::{Bind, Sql};

/// How a store writes what stores write differently.
pub trait Dialect: Send + Sync {
    /// What the text has for a value of this kind that is bound as `place`: `$1::UUID`.
    fn value(&self, place: &str, kind: Kind) -> String;

    /// That the labels of the row `t` have the pair that is bound as `place`.
    fn label(&self, place: &str) -> String;

    /// The time of the row `t`, in nanoseconds.
    fn nanos(&self) -> &'static str;

    /// The name that `table` has on the server.
    fn table(&self, table: Table) -> String {
        table.as_str().to_owned()
    }
}

/// A table, conditions on its rows, and their values. In the text the table is called `t`.
#[derive(Clone)]
pub struct Conditions<'d> {
    dialect: &'d dyn Dialect,
    /// What it is read from: its name in quotes, or a query in brackets.
    pub source: String,
    /// What the table is joined with.
    pub join: String,
    conditions: Vec<String>,
    /// The value of each `$n`.
    pub values: Vec<Bind>,
}

impl fmt::Debug for Conditions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conditions").field("from", &self.from()).finish_non_exhaustive()
    }
}

impl<'d> Conditions<'d> {
    /// All rows of what is called `table`.
    #[must_use]
    pub fn all(dialect: &'d dyn Dialect, table: &str) -> Self {
        let (join, conditions, values) = (String::new(), Vec::new(), Vec::new());
        Self { dialect, source: format!("\"{table}\""), join, conditions, values }
    }

    /// What passes `filter`, in every state.
    #[must_use]
    pub fn of<F: RecordFilter>(dialect: &'d dyn Dialect, filter: &F) -> Self {
        Self::listed(dialect, &ListQuery::new(filter))
    }

    /// What a list asks for, in every state.
    #[must_use]
    pub fn listed(dialect: &'d dyn Dialect, query: &ListQuery) -> Self {
        let mut rows = Self::all(dialect, &dialect.table(query.table));
        rows.within(query.range);
        query.conditions.iter().for_each(|condition| rows.must(condition));
        rows
    }

    /// One more condition, whose values are bound.
    pub fn add(&mut self, condition: impl Into<String>) {
        self.conditions.push(condition.into());
    }

    /// The place of one more value: `$1`.
    pub fn bind(&mut self, value: Bind) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// What the text has for one more value, which is not absent.
    pub fn value(&mut self, value: &Value<'_>) -> String {
        let place = self.bind(match value {
            Value::Int(number) => Bind::Int(*number),
            Value::Time(time) => Bind::Int(time.as_nanos()),
            value => Bind::Text(value.to_string()),
        });
        self.dialect.value(&place, value.kind().unwrap_or(Kind::Text))
    }

    /// What the text has for one more moment, in nanoseconds.
    pub fn time(&mut self, nanos: i64) -> String {
        let place = self.bind(Bind::Int(nanos));
        self.dialect.value(&place, Kind::Time)
    }

    /// A number of rows, bound too: each text is then prepared once a connection, and kept.
    pub fn limit(&mut self, rows: usize) -> String {
        self.bind(Bind::Int(i64::try_from(rows).unwrap_or(i64::MAX)))
    }

    /// Only what fulfils `condition`.
    pub fn must(&mut self, condition: &Condition) {
        match condition {
            Condition::AnyOf { columns, values } => {
                let mut each = Vec::new();
                for value in values {
                    let value = self.value(value);
                    each.extend(columns.iter().map(|name| format!("t.\"{name}\" = {value}")));
                }
                self.add(match each.as_slice() {
                    [one] => one.clone(),
                    each => format!("({})", each.join(" OR ")),
                });
            }
            Condition::Label { name, value } => {
                let place = self.bind(Bind::Text(Labels::pair(name, value)));
                self.add(self.dialect.label(&place));
            }
            Condition::Unlike(told) => self.add(unlike(*told, self.dialect.nanos())),
        }
    }

    /// Only what is in a range of time.
    pub fn within(&mut self, range: TimeRange) {
        for (end, than) in [(range.from(), ">="), (range.to(), "<")] {
            if let Some(end) = end {
                self.ts(than, end.as_nanos());
            }
        }
    }

    /// Only what has a time that is so to another: `ts(">=", nanos)`.
    pub fn ts(&mut self, than: &str, nanos: i64) {
        let time = self.time(nanos);
        self.add(format!("t.\"ts\" {than} {time}"));
    }

    /// What follows `FROM`.
    #[must_use]
    pub fn from(&self) -> String {
        let (source, join, conditions) = (&self.source, &self.join, self.conditions.join(" AND "));
        let all = if conditions.is_empty() { "" } else { " WHERE " };
        format!("{source} t{join}{all}{conditions}")
    }

    /// The statement `text`, with the values of these conditions: it has [`from`](Self::from) in it.
    #[must_use]
    pub fn sql(self, text: String) -> Sql {
        Sql { text, values: self.values }
    }
}

/// What [`Told::is_unlike`] says, of a row whose time is so in nanoseconds.
fn unlike(Told { unit, aggregated }: Told, nanos: &str) -> String {
    let finer = (unit < TimeUnit::Nanos).then(|| format!("{nanos} % {} <> 0", unit.nanos()));
    let coarser =
        (unit > TimeUnit::Seconds).then(|| format!("{nanos} % {} = 0", unit.nanos() * 1_000));
    let other = format!("t.\"aggregated\" = {}", !aggregated);
    let any: Vec<_> = finer.into_iter().chain(coarser).chain([other]).collect();
    format!("({})", any.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradekeep_models::{
        MetricFilter, MevFilter, Name, Severity, Symbol, SystemEventFilter, Timestamp, TradeFilter,
    };
    use uuid::Uuid;

    struct Plain;

    impl Dialect for Plain {
        fn value(&self, place: &str, kind: Kind) -> String {
            match kind {
                Kind::Text => place.to_owned(),
                kind => format!("{place}::{kind}"),
            }
        }

        fn label(&self, place: &str) -> String {
            format!("has(t.labels, {place})")
        }

        fn nanos(&self) -> &'static str {
            "t.nanos"
        }
    }

    const HOSTILE: &str = "'; drop table trades; --";

    /// Every place has a value, and every value a place.
    fn assert_bound(rows: &Conditions<'_>) {
        let text = rows.from();
        assert!(!text.contains("drop"), "{text}");
        for place in 1..=rows.values.len() {
            assert!(text.contains(&format!("${place}")), "{text}");
        }
        assert!(!text.contains(&format!("${}", rows.values.len() + 1)), "{text}");
    }

    #[test]
    fn values_are_bound_never_written() {
        let range = TimeRange::new(Timestamp::MIN, Timestamp::MAX).unwrap();
        let trades = TradeFilter {
            request_id: Name::new(HOSTILE).ok(),
            token: Symbol::new(HOSTILE).ok(),
            range,
            ..TradeFilter::default()
        };
        let labels = Labels::default().with("a", HOSTILE).unwrap();
        let metrics = MetricFilter { labels, range, name: Name::new(HOSTILE).ok() };
        for rows in [Conditions::of(&Plain, &trades), Conditions::of(&Plain, &metrics)] {
            assert!(rows.values.len() >= 4);
            assert_bound(&rows);
        }
    }

    #[test]
    fn each_kind_is_written_as_the_dialect_says() {
        let id = Uuid::from_u128(1);
        let filter = MevFilter {
            trade_id: Some(id),
            range: TimeRange::new(Timestamp::MIN, None).unwrap(),
            ..MevFilter::default()
        };
        let rows = Conditions::of(&Plain, &filter);
        assert_eq!(
            rows.from(),
            "\"mev_events\" t WHERE t.\"ts\" >= $1::time AND t.\"trade_id\" = $2::uuid"
        );
        assert_eq!(rows.values, [Bind::Int(0), Bind::Text(id.to_string())]);

        let filter =
            SystemEventFilter { at_least: Some(Severity::Error), ..SystemEventFilter::default() };
        let rows = Conditions::of(&Plain, &filter);
        assert_eq!(
            rows.from(),
            "\"system_events\" t WHERE (t.\"severity\" = $1 OR t.\"severity\" = $2)"
        );
    }
}
