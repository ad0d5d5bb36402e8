//! Which dead letters are meant.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tradekeep_models::Timestamp;
use tradekeep_store_traits::Table;

use super::{Class, DeadLetter, DeadState};
use crate::text;

/// Which dead letters are meant: those to which all of it applies, all of them where nothing is set.
///
/// ```
/// use tradekeep_ingest::{Class, DeadLetterFilter};
///
/// let conflicts = DeadLetterFilter { class: Some(Class::Conflict), ..Default::default() };
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeadLetterFilter {
    /// Those with one of these ids; with any where there are none.
    pub ids: BTreeSet<u64>,
    /// Those given up for this reason.
    #[serde(with = "text::maybe", skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// Those of this table.
    #[serde(with = "text::maybe", skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
    /// Those of this sink, by its id or its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sink: Option<String>,
    /// Those given up at this time or later.
    #[serde(with = "text::maybe", skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Those given up before this time.
    #[serde(with = "text::maybe", skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Those that wait for a decision, and not those that were replayed or resolved.
    pub open: bool,
    /// So many at most, the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl DeadLetterFilter {
    /// One letter.
    #[must_use]
    pub fn id(id: u64) -> Self {
        Self::ids([id])
    }

    /// Letters by their ids.
    #[must_use]
    pub fn ids(ids: impl IntoIterator<Item = u64>) -> Self {
        Self { ids: ids.into_iter().collect(), ..Self::default() }
    }

    /// Whether `letter` is one of them, however many they are.
    #[must_use]
    pub fn is_match(&self, letter: &DeadLetter) -> bool {
        (self.ids.is_empty() || self.ids.contains(&letter.id))
            && self.class.is_none_or(|class| class == letter.class)
            && (self.table.is_none() || self.table == letter.table)
            && (self.sink.as_ref())
                .is_none_or(|sink| *sink == letter.sink || *sink == letter.sink_name)
            && self.since.is_none_or(|since| since <= letter.died)
            && self.until.is_none_or(|until| letter.died < until)
            && (!self.open || letter.state == DeadState::Open)
    }

    /// How many at most.
    pub(crate) fn most(&self) -> u64 {
        self.limit.unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> DeadLetter {
        DeadLetter {
            id: 3,
            state: DeadState::Open,
            sink: "memory-1".into(),
            sink_name: "memory://".into(),
            seq: 9,
            accepted: Timestamp::MIN,
            died: "2024-08-08T10:00:00Z".parse().unwrap(),
            table: Some(Table::Trades),
            class: Class::Conflict,
            reason: String::new(),
            attempts: 1,
            record: None,
        }
    }

    #[test]
    fn every_part_must_apply() {
        let all = DeadLetterFilter::default;
        let at = |text: &str| Some(text.parse().unwrap());
        let yes = [
            all(),
            DeadLetterFilter::ids([1, 3]),
            DeadLetterFilter { class: Some(Class::Conflict), ..all() },
            DeadLetterFilter { table: Some(Table::Trades), ..all() },
            DeadLetterFilter { sink: Some("memory-1".into()), ..all() },
            DeadLetterFilter { sink: Some("memory://".into()), ..all() },
            DeadLetterFilter { since: at("2024-08-08T10:00:00Z"), ..all() },
            DeadLetterFilter { until: at("2024-08-08T10:00:01Z"), ..all() },
            DeadLetterFilter { open: true, ..all() },
        ];
        let no = [
            DeadLetterFilter::id(4),
            DeadLetterFilter { class: Some(Class::Invalid), ..all() },
            DeadLetterFilter { table: Some(Table::Ticks), ..all() },
            DeadLetterFilter { sink: Some("other".into()), ..all() },
            DeadLetterFilter { since: at("2024-08-08T10:00:00.000000001Z"), ..all() },
            DeadLetterFilter { until: at("2024-08-08T10:00:00Z"), ..all() },
            DeadLetterFilter { ids: [3].into(), table: Some(Table::Ticks), ..all() },
        ];
        assert!(yes.iter().all(|filter| filter.is_match(&letter())));
        assert!(no.iter().all(|filter| !filter.is_match(&letter())));
        let replayed = DeadLetter { state: DeadState::Replayed { seq: 10 }, ..letter() };
        assert!(!yes[8].is_match(&replayed) && yes[0].is_match(&replayed));
        for filter in yes.iter().chain(&no) {
            let text = serde_json::to_string(filter).unwrap();
            assert_eq!(serde_json::from_str::<DeadLetterFilter>(&text).unwrap(), *filter, "{text}");
        }
    }

    #[test]
    fn what_is_unknown_is_refused() {
        for text in [r#"{"idz":[1]}"#, r#"{"class":"bad"}"#, r#"{"ids":[-1]}"#, r#"{"ids":1}"#] {
            assert!(serde_json::from_str::<DeadLetterFilter>(text).is_err(), "{text}");
        }
    }
}
