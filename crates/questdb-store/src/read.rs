//! Reads. Each statement is of its own moment: this server has no transactions.

use async_trait::async_trait;
use tokio_postgres::Row;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, InvalidInput, Page, Symbol, Tick, TickCursor, TickKey,
    TickQuery, Timestamp, Venue, vwap,
};
use tradekeep_store_traits::{ErrorKind, Result, StoreError, Table, TickSeries, TickStore};

use crate::rows::{Cells, record};
use crate::sql::{self, Conditions, Part, Sql};
use crate::{QuestDbStore, STORE};

impl QuestDbStore {
    /// Up to one tick more than `limit` of what `rows` says, in order of time, the last moment of them whole:
    /// ticks of one moment come in no order, and this server compares no more than times.
    async fn moments(&self, rows: &Conditions, limit: usize) -> Result<Vec<Tick>> {
        let mut found =
            self.records(sql::list::<Tick>(rows.clone(), Part::First(limit + 1))).await?;
        if found.len() > limit
            && let Some(last) = found.last().map(Tick::ts)
        {
            found.retain(|tick| tick.ts() != last);
            found.extend(self.at(rows, last).await?);
        }
        Ok(found)
    }

    /// All ticks of a moment, in no order.
    async fn at(&self, rows: &Conditions, ts: Timestamp) -> Result<Vec<Tick>> {
        self.records(sql::list::<Tick>(rows.clone(), Part::At(ts.as_nanos()))).await
    }

    async fn records(&self, sql: Sql) -> Result<Vec<Tick>> {
        let rows = self.ready().await?.ask("ticks", &sql).await?;
        rows.iter().map(|row| record("ticks", row)).collect()
    }
}

#[async_trait]
impl TickStore for QuestDbStore {
    async fn ticks(&self, query: &TickQuery) -> Result<Page<Tick, TickCursor>> {
        query.validate().map_err(|error| StoreError::invalid(STORE, "ticks", &error))?;
        let mut rows = Conditions::of_ticks(&query.filter, &self.table(Table::Ticks));
        let mut found = Vec::new();
        if let Some(cursor) = &query.after {
            found = self.at(&rows, cursor.ts).await?;
            found.retain(|tick| place(tick) > place_of(cursor));
            rows.after(cursor.ts.as_nanos());
        }
        if found.len() <= query.limit {
            found.extend(self.moments(&rows, query.limit - found.len()).await?);
        }
        found.sort_by(|a, b| place(a).cmp(&place(b)));
        Ok(query.page(found))
    }

    async fn candles(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        const OP: &str = "candles";
        query.validate().map_err(|error| StoreError::invalid(STORE, OP, &error))?;
        let sql = sql::ticks::candles(query, &self.table(Table::Ticks));
        let candle = |row: &Row| -> Result<Candle> {
            let row = Cells::of(OP, row);
            let price = |column| row.decimal(column).map(Some);
            let (volume, notional) = (row.decimal(5)?, row.decimal(6)?);
            Ok(Candle {
                venue: query.venue.clone(),
                symbol: query.symbol.clone(),
                interval: query.interval,
                open_ts: query.interval.start(row.int(0)?).unwrap_or(Timestamp::MIN),
                open: price(1)?,
                high: price(2)?,
                low: price(3)?,
                close: price(4)?,
                volume,
                notional,
                count: row.count(7)?,
                vwap: vwap(notional, volume).map_err(|error| {
                    StoreError::new(ErrorKind::Query, STORE, OP, error.to_string())
                })?,
            })
        };
        let found = self.ready().await?.ask(OP, &sql).await?;
        Ok(query.page(found.iter().map(candle).collect::<Result<_>>()?))
    }

    async fn series(&self) -> Result<Vec<TickSeries>> {
        const OP: &str = "series";
        let series = |row: &Row| -> Result<TickSeries> {
            let row = Cells::of(OP, row);
            let broken = |error: InvalidInput| row.broken(&error.to_string());
            let time = |column| Timestamp::from_nanos(row.int(column)?).map_err(broken);
            Ok(TickSeries {
                venue: Venue::new(row.text(0)?).map_err(broken)?,
                symbol: Symbol::new(row.text(1)?).map_err(broken)?,
                count: row.count(2)?,
                first_ts: time(3)?,
                last_ts: time(4)?,
            })
        };
        let found =
            self.ready().await?.ask(OP, &sql::ticks::series(&self.table(Table::Ticks))).await?;
        let mut all: Vec<_> = found.iter().map(series).collect::<Result<_>>()?;
        // A SYMBOL's own order is that of its arrival.
        all.sort_by(|a, b| (&a.venue, &a.symbol).cmp(&(&b.venue, &b.symbol)));
        Ok(all)
    }
}

/// What ticks are ordered by.
type Place<'a> = (Timestamp, i64, TickKey, &'a str, &'a str);

fn place(tick: &Tick) -> Place<'_> {
    (tick.ts(), tick.sequence(), tick.key(), tick.venue().as_str(), tick.symbol().as_str())
}

fn place_of(cursor: &TickCursor) -> Place<'_> {
    let TickCursor { ts, sequence, key, venue, symbol } = cursor;
    (*ts, *sequence, *key, venue.as_str(), symbol.as_str())
}
