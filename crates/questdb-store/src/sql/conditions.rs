//! What rows must fulfil, as this server has it.

use tradekeep_models::record::Kind;
use tradekeep_models::{ListQuery, RecordFilter, Table};
use tradekeep_store_traits::sql::{Conditions, Dialect};

/// How QuestDB writes what stores write differently, of tables whose names begin with a prefix.
#[derive(Debug)]
pub(crate) struct QuestDb {
    pub(crate) prefix: String,
}

impl Dialect for QuestDb {
    fn value(&self, place: &str, kind: Kind) -> String {
        match kind {
            Kind::Time => format!("{place}::timestamp_ns"),
            _ => place.to_owned(),
        }
    }

    fn label(&self, place: &str) -> String {
        format!("strpos(t.labels, {place}) > 0")
    }

    fn nanos(&self) -> &'static str {
        "t.ts::long"
    }

    fn table(&self, table: Table) -> String {
        format!("{}{table}", self.prefix)
    }
}

/// Whether things of a table may have a version above 0: else only times tell their states apart, which costs less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versions {
    AllZero,
    Some,
}

impl QuestDb {
    /// What passes `filter`, of a record without states.
    pub(crate) fn rows<F: RecordFilter>(&self, filter: &F) -> Conditions<'_> {
        Conditions::of(self, filter)
    }

    /// What passes `filter`; where there are states, only the latest of each thing.
    pub(crate) fn latest<F: RecordFilter>(&self, filter: &F, versions: Versions) -> Conditions<'_> {
        self.listed(&ListQuery::new(filter), versions)
    }

    /// The same of what a list asks for, with every state where it says so.
    pub(crate) fn listed(&self, query: &ListQuery, versions: Versions) -> Conditions<'_> {
        if !query.latest_only() {
            return Conditions::listed(self, query);
        }
        let subject = query.table.subject();
        let is_timed = query.table.is_timed();
        // What holds of a thing holds of all its states.
        let (of_subject, others) = query.conditions_by_subject();
        let mut things = Conditions::all(self, &self.table(query.table));
        if is_timed {
            things.within(query.range);
        }
        of_subject.into_iter().for_each(|condition| things.must(condition));
        if versions == Versions::Some {
            join_highest(&mut things, subject);
        }
        let mut rows = things;
        if !is_timed {
            let columns: Vec<_> = subject.iter().map(|name| format!("\"{name}\"")).collect();
            let columns = columns.join(", ");
            let mut latest = Conditions::all(self, "");
            // Of one version the latest time.
            latest.source = match versions {
                Versions::AllZero => {
                    format!("(SELECT * FROM {} LATEST ON ts PARTITION BY {columns})", rows.from())
                }
                Versions::Some => format!(
                    "(SELECT * FROM (SELECT t.* FROM {}) LATEST ON ts PARTITION BY {columns})",
                    rows.from()
                ),
            };
            latest.values = rows.values;
            latest.within(query.range);
            rows = latest;
        }
        others.into_iter().for_each(|condition| rows.must(condition));
        rows
    }
}

/// Only the highest version of each subject, which is looked for among those that the conditions so far
/// leave. What has no version but 0 is not in the joined table, which the server makes before it reads the rows:
/// a version that comes between the two does not count, nor does it hide the one before.
fn join_highest(rows: &mut Conditions<'_>, subject: &[&str]) {
    let columns: Vec<_> = subject.iter().map(|name| format!("t.\"{name}\"")).collect();
    let same: Vec<_> = subject.iter().map(|name| format!("n.\"{name}\" = t.\"{name}\"")).collect();
    let mut later = rows.clone();
    later.add("t.\"version\" > 0");
    rows.join = format!(
        " LEFT JOIN (SELECT {0}, max(t.\"version\") last FROM {1} GROUP BY {0}) n ON {2}",
        columns.join(", "),
        later.from(),
        same.join(" AND ")
    );
    rows.add("t.\"version\" = coalesce(n.last, 0)");
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradekeep_models::{
        Labels, MetricFilter, Name, PositionFilter, Symbol, TimeRange, Timestamp, TradeFilter,
    };

    const HOSTILE: &str = "'; drop table trades; --";

    fn server() -> QuestDb {
        QuestDb { prefix: "p_".into() }
    }

    fn range() -> TimeRange {
        TimeRange::new(Timestamp::MIN, Timestamp::MAX).unwrap()
    }

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
        let trades = TradeFilter {
            request_id: Name::new(HOSTILE).ok(),
            token: Symbol::new(HOSTILE).ok(),
            range: range(),
            ..TradeFilter::default()
        };
        let labels = Labels::default().with("a", HOSTILE).unwrap();
        let metrics = MetricFilter { labels, range: range(), name: Name::new(HOSTILE).ok() };
        let server = server();
        for rows in [server.latest(&trades, Versions::Some), server.rows(&metrics)] {
            assert!(rows.values.len() >= 4);
            assert_bound(&rows);
        }
    }

    #[test]
    fn a_condition_is_written_as_the_server_has_it() {
        let labels = Labels::default().with("a", "b").unwrap();
        let metrics = MetricFilter { labels, range: range(), name: None };
        assert_eq!(
            server().rows(&metrics).from(),
            "\"p_metrics\" t WHERE t.\"ts\" >= $1::timestamp_ns AND t.\"ts\" < $2::timestamp_ns AND \
             strpos(t.labels, $3) > 0"
        );
    }

    #[test]
    fn versions_are_looked_for_among_those_of_the_subject() {
        let positions = PositionFilter { range: range(), ..PositionFilter::default() };
        let server = server();
        let rows = server.latest(&positions, Versions::Some).join;
        assert!(rows.contains("t.\"ts\" >= $1"), "a correction has its position's time: {rows}");
        let id = Some(uuid::Uuid::from_u128(1));
        let trades = TradeFilter { id, range: range(), ..TradeFilter::default() };
        for versions in [Versions::AllZero, Versions::Some] {
            let rows = server.latest(&trades, versions);
            assert!(rows.source.contains("t.\"id\" = $1"), "{rows:?}");
            assert!(
                !rows.source.contains("t.\"ts\""),
                "a later state may be of any time: {rows:?}"
            );
            assert_bound(&rows);
        }
    }
}
