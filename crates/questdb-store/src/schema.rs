//! The tables, in numbered steps: made, brought up to date, and compared with what is on the server.

pub(crate) mod definition;
mod verify;

use std::time::{Duration, Instant};

use tradekeep_models::Table;
use tradekeep_store_traits::{Act, ErrorKind, Failure, Inner, Trouble};

use self::definition::{Definition, Statement, parse, tables};
use crate::pool::Pool;
use crate::sql::{Bind, Sql};
use crate::{QuestDbConfig, views};

/// Every step, oldest first. A step that has landed is never edited, and only adds: a table, or a column
/// that rows stored before have no value in.
const STEPS: &[&str] = &[
    include_str!("../schema/0001_ticks.sql"),
    include_str!("../schema/0002_records.sql"),
    include_str!("../schema/0003_retention_floor.sql"),
    include_str!("../schema/0004_candles.sql"),
    include_str!("../schema/0005_store.sql"),
    include_str!("../schema/0006_runs.sql"),
    include_str!("../schema/0007_aggregated.sql"),
];

/// Which steps were taken, a row each time. No step makes it.
pub(crate) const SCHEMA_TABLE: &str = "tradekeep_schema";

/// The retention floors, a row each change.
pub(crate) const FLOOR_TABLE: &str = "retention_floor";

/// The id of the store.
pub(crate) const STORE_TABLE: &str = "tradekeep_store";

/// The runs of spools that wrote to the store.
pub(crate) const RUNS_TABLE: &str = "tradekeep_runs";

/// Every table of a store, those that hold no records last.
pub(crate) fn all_tables() -> impl Iterator<Item = &'static str> {
    let records = Table::ALL.iter().map(|table| table.as_str());
    records.chain([FLOOR_TABLE, STORE_TABLE, RUNS_TABLE, SCHEMA_TABLE])
}

/// The tables as they are once every step is taken.
pub(crate) fn definitions() -> Inner<Vec<Definition>> {
    tables(STEPS).map_err(|statement| broken(&statement))
}

/// How long a row may take until it is seen. It takes 2 ms, 12 at most, on a server that keeps up.
const VISIBLE: Duration = Duration::from_secs(30);

/// Makes the tables on a server that has none of them, brings older ones up to date where the
/// configuration lets it, and refuses a stranger's and newer ones.
///
/// There are no transactions here: what is cut short is done again by the next who connects. Several may
/// do it at once.
pub(crate) async fn set_up(pool: &Pool, config: &QuestDbConfig) -> Inner<()> {
    set_up_steps(pool, config, STEPS).await
}

async fn set_up_steps(pool: &Pool, config: &QuestDbConfig, steps: &[&'static str]) -> Inner<()> {
    let wanted = tables(steps).map_err(|statement| broken(&statement))?;
    let latest = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let found = match found(pool, config).await? {
        Some(found) => found,
        None => {
            let names: Vec<_> = wanted.iter().map(|wanted| config.table(wanted.table)).collect();
            match stranger(pool, &names).await? {
                // Whoever makes them at this moment begins with the table of versions.
                Some(name) => found(pool, config).await?.ok_or_else(|| taken(&name))?,
                None => 0,
            }
        }
    };
    if found > latest {
        let context = format!(
            "the tables have schema version {found}, this tradekeep knows {latest}: use the tradekeep \
             that made them, or a newer one"
        );
        return Err(halt(context));
    }
    if found > 0 && found < latest && !config.auto_migrate {
        let context = format!(
            "the tables have schema version {found}, this tradekeep has {latest}: open them once with \
             auto_migrate=true, which only adds what they lack"
        );
        return Err(halt(context));
    }
    if found < latest {
        let done = usize::try_from(found).unwrap_or_default();
        pool.change(&[versions(config)]).await?;
        for step in &steps[done.min(steps.len())..] {
            let parsed = parse(step).map_err(|statement| broken(&statement))?;
            let (adds, creates): (Vec<_>, Vec<_>) =
                parsed.iter().partition(|part| matches!(part, Statement::Add { .. }));
            let text = |part: &&Statement| part.sql(|table| config.table(table));
            pool.change(&creates.iter().map(text).collect::<Vec<_>>()).await?;
            for part in adds {
                add(pool, config, part).await?;
            }
        }
    }
    verify::all(pool, config, &wanted).await?;
    let views = views::create_sql(config);
    if !views.is_empty() {
        pool.change(&views).await?;
    }
    if found < latest { stamp(pool, config, latest).await } else { Ok(()) }
}

/// Adds a column, where it is not there.
///
/// `IF NOT EXISTS` is no help: of a table with a log the server refuses a change that changes nothing, and then of the
/// one who adds it second, at the same moment, as well (tried on 9.3.4).
async fn add(pool: &Pool, config: &QuestDbConfig, statement: &Statement) -> Inner<()> {
    let Statement::Add { table, column } = statement else { return Ok(()) };
    let columns = format!("table_columns('{}')", config.table(table));
    let text = format!("SELECT count() FROM {columns} WHERE \"column\" = $1");
    let there = Sql { text, values: vec![Bind::Text(column.name.to_owned())] };
    if number(pool, &there).await? > 0 {
        return Ok(());
    }
    let added = pool.change(&[statement.sql(|table| config.table(table))]).await;
    // What another one adds at this moment is there soon.
    let patience = if added.is_err() { VISIBLE / 10 } else { VISIBLE };
    if seen(pool, &there, 1, patience).await? {
        return Ok(());
    }
    added.and_then(|()| Err(unseen(&format!("column {} of {table}", column.name))))
}

/// Whether there are tables of ours.
pub(crate) async fn exists(pool: &Pool, config: &QuestDbConfig) -> Inner<bool> {
    found(pool, config).await.map(|found| found.is_some())
}

/// What of the tables is not as every step has made it; a server that has none yet is fine.
pub(crate) async fn troubles(pool: &Pool, config: &QuestDbConfig) -> Inner<Vec<Trouble>> {
    match found(pool, config).await? {
        Some(_) => verify::troubles(pool, config, &definitions()?).await,
        None => Ok(Vec::new()),
    }
}

/// Makes the table of versions. It is made before any other, so that what is cut short is known as ours.
fn versions(config: &QuestDbConfig) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS \"{}\" (version LONG, applied_at TIMESTAMP) \
         TIMESTAMP(applied_at) PARTITION BY YEAR WAL DEDUP UPSERT KEYS(applied_at, version)",
        config.table(SCHEMA_TABLE)
    )
}

/// The version of the tables; nothing where they are not ours, 0 where making them was cut short.
async fn found(pool: &Pool, config: &QuestDbConfig) -> Inner<Option<i64>> {
    let table = config.table(SCHEMA_TABLE);
    let text = "SELECT count() FROM tables() WHERE table_name = $1".into();
    let there = Sql { text, values: vec![Bind::Text(table.clone())] };
    if number(pool, &there).await? == 0 {
        return Ok(None);
    }
    number(pool, &latest(&table)).await.map(Some)
}

/// The latest version in a table of versions.
fn latest(table: &str) -> Sql {
    Sql::plain(format!("SELECT max(version) FROM \"{table}\""))
}

/// The number that a statement answers with; 0 where it is none.
async fn number(pool: &Pool, sql: &Sql) -> Inner<i64> {
    let rows = pool.ask(sql).await?;
    let number: Option<Option<i64>> = rows.first().map(|row| row.get(0)).transpose()?;
    Ok(number.flatten().unwrap_or_default())
}

/// The first of `names` that a table has.
async fn stranger(pool: &Pool, names: &[String]) -> Inner<Option<String>> {
    for row in pool.ask(&Sql::plain("SELECT table_name FROM tables()")).await? {
        let name: String = row.get(0)?;
        if names.contains(&name) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn taken(name: &str) -> Failure {
    halt(format!(
        "there is a table {name} that tradekeep did not make: rename or drop it, or choose another \
         table_prefix"
    ))
}

/// Writes down that the tables have `version`, and waits until that is seen.
async fn stamp(pool: &Pool, config: &QuestDbConfig, version: i64) -> Inner<()> {
    let table = config.table(SCHEMA_TABLE);
    let sql = format!("INSERT INTO \"{table}\" VALUES ({version}, now())");
    pool.change(&[sql]).await?;
    if seen(pool, &latest(&table), version, VISIBLE).await? {
        return Ok(());
    }
    Err(unseen(&format!("a row of {table}")))
}

/// Waits until a statement answers with `wanted` or more; answers whether it does, in the end.
async fn seen(pool: &Pool, sql: &Sql, wanted: i64, patience: Duration) -> Inner<bool> {
    let since = Instant::now();
    while number(pool, sql).await? < wanted {
        if since.elapsed() > patience {
            return Ok(false);
        }
        // Nothing tells when it is.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(true)
}

fn unseen(what: &str) -> Failure {
    let context = format!(
        "{what} is accepted and not seen after {VISIBLE:?}: look at wal_tables(), and resume the table where it is \
         suspended"
    );
    Failure::new(ErrorKind::Timeout, context).with_act(Act::Probe)
}

/// Drops the tables of `config`, and no other.
pub(crate) async fn drop_all(pool: &Pool, config: &QuestDbConfig) -> Inner<()> {
    let drop = |name| format!("DROP TABLE IF EXISTS \"{}\"", config.table(name));
    let mut statements = views::drop_sql(config);
    statements.extend(all_tables().map(drop));
    pool.change(&statements).await
}

fn broken(statement: &str) -> Failure {
    let context = format!("a statement of the schema is not understood: {statement}");
    Failure::new(ErrorKind::Migration, context)
}

fn halt(context: impl Into<String>) -> Failure {
    Failure::new(ErrorKind::Schema, context).with_act(Act::Halt)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tradekeep_models::Table;
    use tradekeep_models::record::{Column, Kind};

    use super::*;

    /// Where a row came from, in every table.
    const ORIGIN: [(&str, &str); 2] = [("ingest_stream", "SYMBOL"), ("ingest_seq", "LONG")];

    fn fits(column: &Column, kind: &str) -> bool {
        match column.kind {
            Kind::Text => matches!(kind, "SYMBOL" | "VARCHAR"),
            Kind::Uuid => kind == "UUID",
            Kind::Int => kind == "LONG",
            Kind::Float => kind == "DOUBLE",
            Kind::Decimal => kind == "DECIMAL(38,18)",
            Kind::Time => kind == "TIMESTAMP_NS",
            // A missing BOOLEAN is stored as false.
            Kind::Bool if column.required => kind == "BOOLEAN",
            Kind::Bool => kind == "SYMBOL",
        }
    }

    /// The tables that hold records.
    fn of_records(tables: &[Definition]) -> impl Iterator<Item = (&Definition, Table)> {
        tables.iter().filter_map(|definition| Some((definition, definition.table.parse().ok()?)))
    }

    #[test]
    fn tables_are_those_of_the_model() {
        let tables = tables(STEPS).unwrap();
        let names = tables.iter().map(|definition| definition.table);
        let names: BTreeSet<_> = names.chain([SCHEMA_TABLE]).collect();
        assert_eq!(names, all_tables().collect());
        for (definition, table) in of_records(&tables) {
            // A column that came later stands behind those.
            let (origin, found): (Vec<_>, Vec<_>) = definition
                .columns
                .iter()
                .partition(|column| ORIGIN.iter().any(|(name, _)| *name == column.name));
            assert_eq!(found.len(), table.columns().len(), "{table}");
            for (column, expected) in found.iter().zip(table.columns()) {
                assert_eq!(column.name, expected.name, "{table}");
                assert!(fits(expected, column.kind), "{table}.{}: {}", column.name, column.kind);
                assert!(!column.indexed || column.kind == "SYMBOL", "{table}.{}", column.name);
            }
            let origin: Vec<_> = origin.iter().map(|column| (column.name, column.kind)).collect();
            assert_eq!(origin, ORIGIN, "{table}");
        }
    }

    /// A row that is sent again has to replace itself, and no other.
    #[test]
    fn keys_are_the_time_and_the_identity() {
        for (definition, table) in of_records(&tables(STEPS).unwrap()) {
            assert_eq!(definition.designated, "ts");
            let identity = table.identity().iter().copied().filter(|name| *name != "ts");
            let expected: Vec<_> = std::iter::once("ts").chain(identity).collect();
            assert_eq!(definition.keys, expected, "{table}");
            let hourly = matches!(table, Table::Positions | Table::Latencies);
            assert_eq!(definition.partition, if hourly { "HOUR" } else { "DAY" }, "{table}");
        }
    }
}
