//! Reads. Each statement is of its own moment: this server has no transactions.

mod lists;
mod measurements;
mod numbers;
mod ticks;

use tokio_postgres::Row;
use tradekeep_models::record::{Record, Value};
use tradekeep_models::{Cursor, ListQuery, Page, RecordFilter, Timestamp};
use tradekeep_store_traits::{ErrorKind, Result, StoreError};

use crate::rows::record;
use crate::sql::{self, Conditions, Part, Sql};
use crate::{QuestDbStore, STORE};

/// How a page goes on.
#[derive(Debug, Clone, Copy)]
struct Way {
    after: Option<Timestamp>,
    newest_first: bool,
    limit: usize,
}

impl QuestDbStore {
    /// A page of any record but ticks.
    async fn list<F: RecordFilter>(
        &self,
        op: &'static str,
        query: &ListQuery<F>,
    ) -> Result<Page<F::Record, Cursor>> {
        query.validate().map_err(|error| StoreError::invalid(STORE, op, &error))?;
        let table = self.table(F::Record::TABLE);
        let rows = if query.history {
            Conditions::of(&query.filter, &table)
        } else {
            Conditions::of_highest(&query.filter, &table)
        };
        let after = query.after.as_ref().and_then(|cursor| match cursor.values().first() {
            Some(Value::Time(ts)) => Some(*ts),
            _ => None,
        });
        let way = Way { after, newest_first: query.newest_first, limit: query.limit };
        let is_behind = |row: &F::Record| query.is_behind_cursor(row);
        let mut found = self.behind(op, &rows, way, is_behind).await?;
        found.sort_by(|a, b| query.compare(a, b));
        Ok(query.page(found))
    }

    /// Enough rows for a page and one more: of the cursor's moment those that are behind it, then what
    /// comes after.
    async fn behind<R: Record>(
        &self,
        op: &'static str,
        rows: &Conditions,
        way: Way,
        is_behind: impl Fn(&R) -> bool,
    ) -> Result<Vec<R>> {
        let Some(after) = way.after else { return self.moments(op, rows, way).await };
        let mut found = self.at(op, rows, after).await?;
        found.retain(is_behind);
        if found.len() <= way.limit {
            let mut beyond = rows.clone();
            beyond.beyond(after.as_nanos(), way.newest_first);
            let rest = Way { limit: way.limit - found.len(), ..way };
            found.extend(self.moments(op, &beyond, rest).await?);
        }
        Ok(found)
    }

    /// Up to one row more than the limit of what `rows` says, in order of time, the last moment of them
    /// whole: rows of one moment come in no order, and this server compares no more than times.
    async fn moments<R: Record>(
        &self,
        op: &'static str,
        rows: &Conditions,
        Way { newest_first, limit, .. }: Way,
    ) -> Result<Vec<R>> {
        let part = Part::First { newest_first, limit: limit + 1 };
        let mut found: Vec<R> = self.records(op, sql::list::<R>(rows.clone(), part)).await?;
        if found.len() > limit
            && let Some(last) = found.last().map(Record::ts)
        {
            found.retain(|row| row.ts() != last);
            found.extend(self.at(op, rows, last).await?);
        }
        Ok(found)
    }

    /// All rows of a moment, in no order.
    async fn at<R: Record>(
        &self,
        op: &'static str,
        rows: &Conditions,
        ts: Timestamp,
    ) -> Result<Vec<R>> {
        self.records(op, sql::list::<R>(rows.clone(), Part::At(ts.as_nanos()))).await
    }

    async fn records<R: Record>(&self, op: &'static str, sql: Sql) -> Result<Vec<R>> {
        self.ask(op, &sql).await?.iter().map(|row| record(op, row)).collect()
    }

    async fn ask(&self, op: &'static str, sql: &Sql) -> Result<Vec<Row>> {
        self.ready().await?.ask(op, sql).await
    }

    async fn only_row(&self, op: &'static str, sql: &Sql) -> Result<Row> {
        self.ask(op, sql).await?.pop().ok_or_else(|| {
            StoreError::new(ErrorKind::Deserialization, STORE, op, "there is no row")
        })
    }
}
