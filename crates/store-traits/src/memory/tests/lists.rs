//! Random batches and lists: the store does as a vector does that is searched from end to end.

use proptest::prelude::*;
use proptest::sample::Index;
use tradekeep_models::record::{Contradiction, Record, Value};
use tradekeep_models::{Condition, Cursor, ListQuery, TimeRange, Timestamp, strategies};

use super::*;
use crate::batch_strategies::batches;

/// The duplicate window of the stores: shorter than the days that random times are on.
const WINDOW: Duration = Duration::from_secs(3_600);

/// What a batch came to: how many were new, or which conflict and in what.
type Outcome = std::result::Result<usize, Vec<(usize, String)>>;

fn values<'a, R: Record>(row: &'a R, columns: &[&str]) -> Vec<Value<'a>> {
    columns.iter().map(|column| row.named(column)).collect()
}

/// Writes as the docs of [`RecordSink`] say, row by row.
fn write<R: Record>(stored: &mut Vec<R>, batch: &[R]) -> Outcome {
    let mut new: Vec<&R> = Vec::new();
    let mut bad = Vec::new();
    for (index, row) in batch.iter().enumerate() {
        let apart = |other: &R| other.ts().as_nanos().abs_diff(row.ts().as_nanos());
        let near = |other: &&R| u128::from(apart(other)) <= WINDOW.as_nanos();
        let met: Vec<&R> = stored.iter().chain(new.iter().copied()).filter(near).collect();
        let same = |columns: &[&str], other: &&&R| values(row, columns) == values(**other, columns);
        let known: Vec<_> = met.iter().filter(|other| same(R::IDENTITY, other)).collect();
        let taken = R::UNIQUE.filter(|unique| {
            met.iter().any(|other| same(&[*unique], &other) && !same(R::SUBJECT, &other))
        });
        let agrees = |other: &&&&R| match R::CONTRADICTION {
            Contradiction::Duplicate => true,
            Contradiction::Conflict => ***other == row,
            Contradiction::ConflictIn(columns) => same(columns, other),
        };
        if known.iter().any(|other| agrees(&other)) {
            continue;
        }
        if !known.is_empty() {
            bad.push((index, R::IDENTITY.join(", ")));
        } else if let Some(column) = taken {
            bad.push((index, column.to_owned()));
        } else {
            new.push(row);
        }
    }
    if !bad.is_empty() {
        return Err(bad);
    }
    let count = new.len();
    stored.extend(new.into_iter().cloned().collect::<Vec<_>>());
    Ok(count)
}

/// Lists as the docs of [`ListQuery`] say.
fn list<R: Record>(stored: &[R], query: &ListQuery) -> Vec<R> {
    let subject = |row: &R| {
        let values = values(row, R::SUBJECT).into_iter().map(Value::into_owned);
        values.collect::<Vec<_>>()
    };
    let height = |row: &R| (row.named("version").into_owned(), row.ts());
    let is_latest = |row: &R| {
        let others = || stored.iter().filter(|other| subject(other) == subject(row));
        R::SUBJECT.is_empty() || !others().any(|other| height(other) > height(row))
    };
    let passes = |row: &&R| {
        query.range.contains(row.ts())
            && query.conditions.iter().all(|condition| condition.matches(*row))
            && query.is_behind_cursor(*row)
            && (query.history || is_latest(row))
    };
    let mut rows: Vec<_> = stored.iter().filter(passes).cloned().collect();
    rows.sort_by(|a, b| query.compare(a, b));
    rows
}

/// What is asked of each list.
#[derive(Debug, Clone)]
struct Question {
    range: TimeRange,
    /// Where the last record has a value there: only those that have it too.
    column: Index,
    limit: usize,
}

/// Asks for a list, page by page, in every way.
async fn compare<R: Record>(store: &MemoryStore, stored: &[R], question: &Question) {
    let &Question { range, limit, .. } = question;
    let column = question.column.index(R::COLUMNS.len());
    let value = stored.last().map(|row| row.value(column).into_owned());
    let like =
        |value| Condition::AnyOf { columns: vec![R::COLUMNS[column].name], values: vec![value] };
    let conditions: Vec<_> = value.filter(|value| !value.is_null()).map(like).into_iter().collect();
    for (newest_first, history) in [(false, false), (false, true), (true, false), (true, true)] {
        let cursors = stored.first().map(|row| Cursor::at(row, newest_first));
        for after in [None, cursors] {
            let conditions = conditions.clone();
            let all = ListQuery::of(R::TABLE);
            let mut query =
                ListQuery { range, conditions, limit, after, newest_first, history, ..all };
            let expected = list(stored, &query);
            let mut found = Vec::new();
            loop {
                let page = store.page(&query).await.unwrap();
                let rows = R::from_records(page.records).unwrap();
                assert!(rows.len() == limit || page.next.is_none());
                found.extend(rows);
                match page.next {
                    Some(next) => query.after = Some(next),
                    None => break,
                }
            }
            assert_eq!(found, expected, "{query:?}");
        }
    }
}

/// Every table as a vector.
struct Model(Vec<Records>);

impl Model {
    fn new() -> Self {
        Self(Table::ALL.iter().map(|table| Records::empty(*table)).collect())
    }

    fn write(&mut self, records: &Records) -> Outcome {
        with_records!(records, rows => self.write_rows(rows))
    }

    fn write_rows<R: Record>(&mut self, batch: &[R]) -> Outcome
    where
        Vec<R>: Into<Records>,
    {
        let own = self.0.iter_mut().find(|records| records.table() == R::TABLE).unwrap();
        let mut stored = R::from_records(own.clone()).unwrap();
        let outcome = write(&mut stored, batch);
        *own = stored.into();
        outcome
    }

    /// Drops a day everywhere.
    async fn drop_day(&mut self, store: &MemoryStore, ts: Timestamp) {
        for records in &mut self.0 {
            store.drop_partitions(records.table(), &[ts.day()]).await.unwrap();
            with_records!(records, rows => rows.retain(|row| row.ts().day() != ts.day()));
        }
    }

    async fn compare(&self, store: &MemoryStore, question: &Question) {
        for records in &self.0 {
            with_records!(records, rows => compare(store, rows, question).await);
        }
    }
}

fn range() -> impl Strategy<Value = TimeRange> {
    let ends = (strategies::near_timestamp(), strategies::near_timestamp());
    prop::option::of(ends).prop_map(|ends| match ends {
        None => TimeRange::ALL,
        Some((a, b)) => TimeRange::new(a.min(b), a.max(b)).unwrap(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]
    #[test]
    fn agrees_with_vectors(
        batches in batches(24, 12),
        range in range(),
        column in any::<Index>(),
        limit in 1usize..8,
        dropped in prop::option::of(strategies::near_timestamp()),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let question = Question { range, column, limit };
            let (store, mut model) = (MemoryStore::new().with_duplicate_window(WINDOW), Model::new());
            for records in batches {
                let outcome = match store.save(records.clone()).await {
                    Ok(saved) => Ok(usize::try_from(saved.inserted).unwrap()),
                    Err(StoreError { act: Act::BadRows(rows), kind: ErrorKind::Conflict, .. }) => {
                        let of = |reason: &str| reason.split(": ").next().unwrap().to_owned();
                        Err(rows.into_iter().map(|row| (row.index, of(&row.reason))).collect())
                    }
                    Err(error) => panic!("{error:?}"),
                };
                assert_eq!(outcome, model.write(&records), "{records:?}");
            }
            model.compare(&store, &question).await;
            if let Some(ts) = dropped {
                model.drop_day(&store, ts).await;
                model.compare(&store, &question).await;
            }
        });
    }
}
