//! Reads. Each statement is of its own moment: this server has no transactions.

mod measurements;
mod numbers;
pub(crate) mod ticks;

use async_trait::async_trait;
use tokio_postgres::Row;
use tradekeep_models::record::Record;
use tradekeep_models::{Cursor, ListQuery, RecordPage, Timestamp, with_record_of};
use tradekeep_store_traits::{ErrorKind, RecordSource, Result, StoreError};

use crate::rows::record;
use crate::sql::{self, Conditions, Part, Sql};
use crate::{QuestDbStore, STORE};

/// Rows that are read beyond a page: its last moment, its cursor's and one row more are seldom so many.
const SPARE: usize = 2;

/// How a page goes on.
#[derive(Debug, Clone, Copy)]
struct Way {
    after: Option<Timestamp>,
    newest_first: bool,
    limit: usize,
}

#[async_trait]
impl RecordSource for QuestDbStore {
    async fn page(&self, query: &ListQuery) -> Result<RecordPage> {
        let op = query.table.as_str();
        query.validate().map_err(|error| StoreError::invalid(STORE, op, &error))?;
        with_record_of!(query.table, R => self.list::<R>(query).await)
    }
}

impl QuestDbStore {
    async fn list<R: Record>(&self, query: &ListQuery) -> Result<RecordPage> {
        let table = self.table(query.table);
        let rows = if query.highest_only() {
            Conditions::highest(query, &table)
        } else {
            Conditions::listed(query, &table)
        };
        let after = query.after.as_ref().and_then(Cursor::ts);
        let way = Way { after, newest_first: query.newest_first, limit: query.limit };
        let is_behind = |row: &R| query.is_behind_cursor(row);
        let mut found = self.behind(query.table.as_str(), rows, way, is_behind).await?;
        found.sort_by(|a, b| query.compare(a, b));
        Ok(query.page(found).into())
    }

    /// Enough rows for a page and one more, in no order.
    ///
    /// Rows of one moment come in no order, and this server compares no more than times. So rows are read from the
    /// cursor's moment on, a few more than are wanted; where the last moment of them is needed, and may be cut, it
    /// is read whole.
    async fn behind<R: Record>(
        &self,
        op: &'static str,
        mut rows: Conditions,
        Way { after, newest_first, limit }: Way,
        is_behind: impl Fn(&R) -> bool,
    ) -> Result<Vec<R>> {
        if let Some(after) = after {
            rows.onward(after.as_nanos(), newest_first);
        }
        let mut found: Vec<R> = Vec::new();
        loop {
            let most = limit + SPARE;
            let part = Part::First { newest_first, limit: most };
            let mut next: Vec<R> = self.records(op, sql::list::<R>(rows.clone(), part)).await?;
            let cut = next.last().map(Record::ts).filter(|_| next.len() == most);
            next.retain(|row| Some(row.ts()) != cut && is_behind(row));
            found.extend(next);
            let Some(last) = cut.filter(|_| found.len() <= limit) else { return Ok(found) };
            let moment = sql::list::<R>(rows.clone(), Part::At(last.as_nanos()));
            found.extend(self.records(op, moment).await?.into_iter().filter(&is_behind));
            if found.len() > limit {
                return Ok(found);
            }
            rows.beyond(last.as_nanos(), newest_first);
        }
    }

    async fn records<R: Record>(&self, op: &'static str, sql: Sql) -> Result<Vec<R>> {
        self.ready().await?.map(op, &sql, |row| record(op, &row)).await
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
