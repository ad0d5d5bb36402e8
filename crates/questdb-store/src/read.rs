//! Reads. Each statement is of its own moment: this server has no transactions.

mod latest;
pub(crate) mod stats;

use tradekeep_models::record::Record;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, Cursor, ListQuery, Page, RecordPage, Table, Timestamp,
    with_record_of,
};
use tradekeep_pg_common::PgRow;
use tradekeep_store_traits::sql::{answers, only_row, record};
use tradekeep_store_traits::{Failure, Inner, TickSeries};

use crate::QuestDbStore;
use crate::rows::absent;
use crate::sql::{self, Conditions, Part, Sql, Versions};

/// Rows that are read beyond a page: its last moment, its cursor's and one row more are seldom so many.
const SPARE: usize = 2;

/// How a page goes on.
#[derive(Debug, Clone, Copy)]
struct Way {
    after: Option<Timestamp>,
    newest_first: bool,
    limit: usize,
}

impl Way {
    fn of(query: &ListQuery) -> Self {
        let after = query.after.as_ref().and_then(Cursor::ts);
        Self { after, newest_first: query.newest_first, limit: query.limit }
    }
}

/// Rows of a page, in no order.
struct Behind<R> {
    rows: Vec<R>,
    /// Whether there are no others.
    is_all: bool,
}

pub(crate) async fn page(store: &QuestDbStore, query: &ListQuery) -> Inner<RecordPage> {
    query.validate().map_err(Failure::invalid)?;
    with_record_of!(query.table, R => store.list::<R>(query).await)
}

pub(crate) async fn candles(
    store: &QuestDbStore,
    query: &CandleQuery,
) -> Inner<Page<Candle, CandleCursor>> {
    query.validate().map_err(Failure::invalid)?;
    let rows = store.dialect.rows(&query.ticks());
    let found = store.ask(&sql::stats::candles(query, rows)).await?;
    Ok(query.page(answers::candles(query, found)?))
}

pub(crate) async fn series(store: &QuestDbStore) -> Inner<Vec<TickSeries>> {
    answers::series(store.ask(&sql::stats::series(&store.table(Table::Ticks))).await?)
}

impl QuestDbStore {
    async fn list<R: Record>(&self, query: &ListQuery) -> Inner<RecordPage> {
        let mut found = if self.is_looked_up(query) {
            self.latest(query).await?
        } else {
            let versions = if query.latest_only() {
                self.versions(query.table).await?
            } else {
                Versions::AllZero
            };
            let rows = self.dialect.listed(query, versions);
            let way = Way::of(query);
            self.behind(rows, way, |row: &R| query.is_behind_cursor(row)).await?.rows
        };
        found.sort_by(|a, b| query.compare(a, b));
        Ok(query.page(found).into())
    }

    /// Whether any thing of a table may have a version above 0. One that comes behind this, and is not the latest
    /// by its time, is not seen: the answer is that of a moment before.
    async fn versions(&self, table: Table) -> Inner<Versions> {
        let rows = self.ask(&sql::any_version(&self.table(table))).await?;
        Ok(if rows.is_empty() { Versions::AllZero } else { Versions::Some })
    }

    /// Enough rows for a page and one more, in no order; all up to the last moment of them.
    ///
    /// Rows of one moment come in no order, and this server compares no more than times. So rows are read from the
    /// cursor's moment on, a few more than are wanted; where the last moment of them is needed, and may be cut, it
    /// is read whole.
    async fn behind<R: Record>(
        &self,
        mut rows: Conditions<'_>,
        Way { after, newest_first, limit }: Way,
        is_behind: impl Fn(&R) -> bool,
    ) -> Inner<Behind<R>> {
        let (onward, beyond) = if newest_first { ("<=", "<") } else { (">=", ">") };
        if let Some(after) = after {
            rows.ts(onward, after.as_nanos());
        }
        let mut found: Vec<R> = Vec::new();
        loop {
            let most = limit + SPARE;
            let part = Part::First { newest_first, limit: most };
            let mut next: Vec<R> = self.records(sql::list::<R>(rows.clone(), part)).await?;
            let cut = next.last().map(Record::ts).filter(|_| next.len() == most);
            next.retain(|row| Some(row.ts()) != cut && is_behind(row));
            found.extend(next);
            let Some(last) = cut.filter(|_| found.len() <= limit) else {
                let is_all = cut.is_none();
                return Ok(Behind { rows: found, is_all });
            };
            let moment = sql::list::<R>(rows.clone(), Part::At(last.as_nanos()));
            found.extend(self.records(moment).await?.into_iter().filter(&is_behind));
            if found.len() > limit {
                return Ok(Behind { rows: found, is_all: false });
            }
            rows.ts(beyond, last.as_nanos());
        }
    }

    async fn records<R: Record>(&self, sql: Sql) -> Inner<Vec<R>> {
        self.readable().await?.map(&sql, |row| record(&row, absent)).await
    }

    pub(crate) async fn ask(&self, sql: &Sql) -> Inner<Vec<PgRow>> {
        self.readable().await?.ask(sql).await
    }

    async fn only_row(&self, sql: &Sql) -> Inner<PgRow> {
        only_row(self.ask(sql).await?)
    }
}
