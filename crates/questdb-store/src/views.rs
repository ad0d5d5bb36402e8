//! Materialized views of candles: as an option, by name, and as old as their last refresh.

use tradekeep_models::{Buckets, Candle, CandleCursor, CandleQuery, Interval, Page, Table};
use tradekeep_store_traits::sql::answers;
use tradekeep_store_traits::{ErrorKind, Failure, Inner, Trouble};

use crate::pool::Pool;
use crate::sql::{Conditions, Sql, bucket};
use crate::{QuestDbConfig, QuestDbStore};

const DAY: i64 = 86_400_000_000_000;

/// Whether the server's buckets of `interval` begin when ours do: they do where so many make a day.
pub(crate) fn fits(interval: Interval) -> bool {
    matches!(interval.buckets(), Buckets::Nanos { width, offset: 0 } if DAY % width == 0)
}

/// The name of the view that has candles of `interval`.
fn name(config: &QuestDbConfig, interval: Interval) -> String {
    config.table(&format!("candles_{interval}"))
}

/// What makes the views of `config` where they are not there.
pub(crate) fn create_sql(config: &QuestDbConfig) -> Vec<String> {
    let ticks = config.table(Table::Ticks.as_str());
    let create = |interval: &Interval| {
        format!(
            "CREATE MATERIALIZED VIEW IF NOT EXISTS \"{}\" AS (SELECT ts, venue, symbol, \
             first(price) open, max(price) high, min(price) low, last(price) close, \
             sum(quantity) volume, sum(notional) notional, count() ticks \
             FROM \"{ticks}\" SAMPLE BY {interval}) PARTITION BY DAY",
            name(config, *interval)
        )
    };
    config.candle_views.iter().map(create).collect()
}

/// What drops them.
pub(crate) fn drop_sql(config: &QuestDbConfig) -> Vec<String> {
    let drop = |interval: &Interval| {
        format!("DROP MATERIALIZED VIEW IF EXISTS \"{}\"", name(config, *interval))
    };
    config.candle_views.iter().map(drop).collect()
}

/// What makes them anew out of the ticks that are there: a day that is dropped leaves them invalid.
pub(crate) fn refresh_sql(config: &QuestDbConfig) -> Vec<String> {
    let refresh = |interval: &Interval| {
        format!("REFRESH MATERIALIZED VIEW \"{}\" FULL", name(config, *interval))
    };
    config.candle_views.iter().map(refresh).collect()
}

/// The views that are not refreshed any more.
pub(crate) async fn troubles(pool: &Pool, config: &QuestDbConfig) -> Inner<Vec<Trouble>> {
    let names: Vec<String> =
        config.candle_views.iter().map(|interval| name(config, *interval)).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let sql = Sql::plain("SELECT view_name, view_status FROM materialized_views()");
    let rows = pool.ask_within(config.connect_timeout, &sql).await?;
    let mut found = Vec::new();
    for row in &rows {
        let (view, status): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        if names.contains(&view) && status.as_deref() == Some("invalid") {
            found.push(Trouble::new(
                format!("the view {view} is not refreshed any more: its candles are old"),
                format!("REFRESH MATERIALIZED VIEW \"{view}\" FULL"),
            ));
        }
    }
    Ok(found)
}

/// A page of candles as a view has them.
fn page_sql(query: &CandleQuery, mut rows: Conditions<'_>) -> Sql {
    let limit = rows.limit(query.limit + 1);
    let text = format!(
        "SELECT {}, t.open, t.high, t.low, t.close, t.volume, t.notional, t.ticks FROM {} \
         ORDER BY t.ts LIMIT {limit}",
        bucket(query.interval),
        rows.from()
    );
    rows.sql(text)
}

/// A page of candles out of the view of their interval, which has to be one of `config`.
pub(crate) async fn candles(
    store: &QuestDbStore,
    query: &CandleQuery,
) -> Inner<Page<Candle, CandleCursor>> {
    query.validate().map_err(Failure::invalid)?;
    if !store.config.candle_views.contains(&query.interval) {
        let context = format!(
            "this store has no view of {} candles: open it with candle_views={}",
            query.interval, query.interval
        );
        return Err(Failure::new(ErrorKind::Unsupported, context));
    }
    let mut rows = store.dialect.rows(&query.ticks());
    rows.source = format!("\"{}\"", name(&store.config, query.interval));
    let found = store.ask(&page_sql(query, rows)).await?;
    Ok(query.page(answers::candles(query, found)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_makes_a_day_begins_where_ours_does() {
        for (text, expected) in [
            ("1s", true),
            ("1m", true),
            ("90m", true),
            ("1d", true),
            ("7m", false),
            ("2d", false),
            ("1w", false),
            ("1M", false),
        ] {
            assert_eq!(fits(text.parse().unwrap()), expected, "{text}");
        }
    }
}
