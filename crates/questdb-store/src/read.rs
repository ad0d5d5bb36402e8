//! Reads. Each statement is of its own moment: this server has no transactions.

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
use crate::sql::{self, Conditions, Part, Sql};

/// Rows that are read beyond a page: its last moment, its cursor's and one row more are seldom so many.
const SPARE: usize = 2;

/// How a page goes on.
#[derive(Debug, Clone, Copy)]
struct Way {
    after: Option<Timestamp>,
    newest_first: bool,
    limit: usize,
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
        let rows = self.dialect.listed(query);
        let after = query.after.as_ref().and_then(Cursor::ts);
        let way = Way { after, newest_first: query.newest_first, limit: query.limit };
        let mut found = self.behind(rows, way, |row: &R| query.is_behind_cursor(row)).await?;
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
        mut rows: Conditions<'_>,
        Way { after, newest_first, limit }: Way,
        is_behind: impl Fn(&R) -> bool,
    ) -> Inner<Vec<R>> {
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
            let Some(last) = cut.filter(|_| found.len() <= limit) else { return Ok(found) };
            let moment = sql::list::<R>(rows.clone(), Part::At(last.as_nanos()));
            found.extend(self.records(moment).await?.into_iter().filter(&is_behind));
            if found.len() > limit {
                return Ok(found);
            }
            rows.ts(beyond, last.as_nanos());
        }
    }

    async fn records<R: Record>(&self, sql: Sql) -> Inner<Vec<R>> {
        self.ready().await?.map(&sql, |row| record(&row, absent)).await
    }

    pub(crate) async fn ask(&self, sql: &Sql) -> Inner<Vec<PgRow>> {
        self.ready().await?.ask(sql).await
    }

    async fn only_row(&self, sql: &Sql) -> Inner<PgRow> {
        only_row(self.ask(sql).await?)
    }
}
