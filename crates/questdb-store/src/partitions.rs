//! Days of tables. This server keeps a table in partitions of a day, or of an hour.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use tradekeep_models::Day;
use tradekeep_pg_common::PgRow;
use tradekeep_store_traits::sql::Row as _;
use tradekeep_store_traits::{Act, ErrorKind, Failure, Inner, Partition, Table};

use crate::pool::Pool;
use crate::sql::Sql;
use crate::{QuestDbStore, views, wal};

/// A partition as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// What it is dropped by: `2024-08-08`, of an hour `2024-08-08T15`.
    name: String,
    day: Day,
    rows: u64,
    pub(crate) bytes: u64,
}

impl Part {
    fn read(row: &PgRow) -> Inner<Self> {
        let (name, unit) = (row.text(0)?, row.text(1)?);
        let (name, day) = named(&name, &unit).ok_or_else(|| {
            row.broken("a partition has a name that is neither a day nor an hour")
        })?;
        Ok(Self { name, day, rows: row.count(2)?, bytes: row.count(3)? })
    }
}

/// The name of a partition without what tells apart the parts that the server has split it in, and its
/// day.
fn named(name: &str, unit: &str) -> Option<(String, Day)> {
    let length = if unit == "HOUR" { "1970-01-01T00".len() } else { "1970-01-01".len() };
    let day = name.get(.."1970-01-01".len())?.parse().ok()?;
    Some((name.get(..length)?.to_owned(), day))
}

/// What a table on the server, `table`, is kept in, oldest first.
pub(crate) async fn parts(pool: &Pool, table: &str) -> Inner<Vec<Part>> {
    let sql = format!(
        "SELECT p.name, p.\"partitionBy\", p.\"numRows\", p.\"diskSize\" \
         FROM table_partitions('{table}') p WHERE p.attached AND p.\"numRows\" > 0"
    );
    pool.ask(&Sql::plain(sql)).await?.iter().map(Part::read).collect()
}

fn days(parts: Vec<Part>) -> Vec<Partition> {
    let mut days: BTreeMap<Day, Partition> = BTreeMap::new();
    for Part { day, rows, bytes, .. } in parts {
        let sum = days.entry(day).or_insert(Partition::builder().day(day).rows(0).bytes(0).build());
        sum.rows += rows;
        sum.bytes += bytes;
    }
    days.into_values().collect()
}

/// What drops these partitions of `table`. Every one has to be there: at the first that is not, the server
/// stops, having dropped those before it, and says nothing.
fn drop_sql(table: &str, names: &BTreeSet<String>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("ALTER TABLE \"{table}\" DROP PARTITION LIST {}", names.join(", "))
}

impl QuestDbStore {
    /// Drops the partitions of `doomed` that are there, and again those that are still there then: somebody
    /// else may have dropped one of them meanwhile.
    async fn drop_parts(&self, table: &str, mut doomed: BTreeSet<String>) -> Inner<()> {
        let pool = self.ready().await?;
        let (since, patience) = (Instant::now(), self.patience());
        while !doomed.is_empty() {
            pool.change(&[drop_sql(table, &doomed)]).await.map_err(wal::in_doubt)?;
            wal::settled(pool, table, patience).await.map_err(wal::taken)?;
            let left = parts(pool, table).await.map_err(wal::taken)?;
            let left: BTreeSet<String> = left.into_iter().map(|part| part.name).collect();
            doomed = doomed.intersection(&left).cloned().collect();
            if !doomed.is_empty() && since.elapsed() > patience {
                let context = format!(
                    "days of table {table} are written to while they are dropped: raise the \
                     retention floor first, and ask again"
                );
                return Err(wal::taken(
                    Failure::new(ErrorKind::Conflict, context).with_act(Act::Retry { after: None }),
                ));
            }
        }
        Ok(())
    }
}

/// The days of `table`.
pub(crate) async fn of(store: &QuestDbStore, table: Table) -> Inner<Vec<Partition>> {
    Ok(days(parts(store.readable().await?, &store.table(table)).await?))
}

/// Drops days of `table`, and answers their rows.
pub(crate) async fn drop_days(store: &QuestDbStore, table: Table, days: &[Day]) -> Inner<u64> {
    let (pool, lane) = (store.ready().await?, store.writer.lane(table));
    // Nothing is on its way meanwhile, and what is connected is of before.
    let mut turn = lane.turn.lock().await;
    turn.connection = None;
    let table = lane.shape.name();
    // What was acknowledged before this was asked for goes, or stays, as if it had been applied then.
    wal::settled(pool, table, store.patience()).await?;
    let mut doomed = parts(pool, table).await?;
    doomed.retain(|part| days.contains(&part.day));
    let rows = doomed.iter().map(|part| part.rows).sum();
    let names = doomed.into_iter().map(|part| part.name).collect();
    store.drop_parts(table, names).await?;
    let views = views::refresh_sql(&store.config);
    if lane.table == Table::Ticks && rows > 0 && !views.is_empty() {
        pool.change(&views).await.map_err(wal::taken)?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, unit: &str, rows: u64) -> Part {
        let (name, day) = named(name, unit).unwrap();
        Part { name, day, rows, bytes: rows * 10 }
    }

    #[test]
    fn names_are_days_and_hours() {
        let day = "2024-08-08".parse().unwrap();
        for (name, unit, expected) in [
            ("2024-08-08", "DAY", "2024-08-08"),
            ("2024-08-08T153000-000001", "DAY", "2024-08-08"),
            ("2024-08-08T15", "HOUR", "2024-08-08T15"),
            ("2024-08-08T153000-000001", "HOUR", "2024-08-08T15"),
        ] {
            assert_eq!(named(name, unit), Some((expected.to_owned(), day)), "{name}");
        }
        assert_eq!(named("default", "NONE"), None);
        assert_eq!(named("2024-08-08", "HOUR"), None);
    }

    #[test]
    fn hours_are_summed_to_days_and_dropped_by_the_hour() {
        let parts = vec![
            part("2024-08-08T15", "HOUR", 1),
            part("2024-08-08T153000-000001", "HOUR", 2),
            part("2024-08-08T16", "HOUR", 3),
            part("2024-08-09T00", "HOUR", 4),
        ];
        let names = parts.iter().map(|part| part.name.clone()).collect();
        let found: Vec<_> = days(parts).iter().map(|day| (day.rows, day.bytes)).collect();
        assert_eq!(found, [(6, 60), (4, 40)]);
        let expected = "ALTER TABLE \"t\" DROP PARTITION LIST '2024-08-08T15', '2024-08-08T16', \
                        '2024-08-09T00'";
        assert_eq!(drop_sql("t", &names), expected);
    }
}
