//! Candles and series.

use async_trait::async_trait;
use tokio_postgres::Row;
use tradekeep_models::{Candle, CandleCursor, CandleQuery, InvalidInput, Page, Timestamp, vwap};
use tradekeep_store_traits::{ErrorKind, Result, StoreError, Table, TickSeries, TickStore};

use crate::rows::Cells;
use crate::sql;
use crate::{QuestDbStore, STORE};

#[async_trait]
impl TickStore for QuestDbStore {
    async fn candle_page(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        const OP: &str = "candles";
        query.validate().map_err(|error| StoreError::invalid(STORE, OP, &error))?;
        let sql = sql::ticks::candles(query, &self.table(Table::Ticks));
        let found = self.ask(OP, &sql).await?;
        let candle = |row: &Row| candle(OP, query, row);
        Ok(query.page(found.iter().map(candle).collect::<Result<_>>()?))
    }

    async fn series(&self) -> Result<Vec<TickSeries>> {
        const OP: &str = "series";
        let series = |row: &Row| -> Result<TickSeries> {
            let row = Cells::of(OP, row);
            let broken = |error: InvalidInput| row.broken(&error.to_string());
            let time = |column| Timestamp::from_nanos(row.int(column)?).map_err(broken);
            Ok(TickSeries {
                venue: row.named(0)?,
                symbol: row.named(1)?,
                count: row.count(2)?,
                first_ts: time(3)?,
                last_ts: time(4)?,
            })
        };
        let found = self.ask(OP, &sql::ticks::series(&self.table(Table::Ticks))).await?;
        let mut all: Vec<_> = found.iter().map(series).collect::<Result<_>>()?;
        // A SYMBOL's own order is that of its arrival.
        all.sort_by(|a, b| (&a.venue, &a.symbol).cmp(&(&b.venue, &b.symbol)));
        Ok(all)
    }
}

/// The candle of a row whose columns are those of `sql::ticks::candles`.
pub(crate) fn candle(op: &'static str, query: &CandleQuery, row: &Row) -> Result<Candle> {
    let row = Cells::of(op, row);
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
        vwap: vwap(notional, volume)
            .map_err(|error| StoreError::new(ErrorKind::Query, STORE, op, error.to_string()))?,
    })
}
