//! The tables, in numbered steps.

use std::collections::HashMap;

use duckdb::Connection;
use tradekeep_models::record::Kind;
use tradekeep_store_traits::{Act, ErrorKind, Failure, Inner, Table, Trouble};

use crate::error::classify;

/// Every step, oldest first. A step that has landed is never edited.
///
/// Steps so far only add tables and columns, so a file of an earlier version gets what it lacks when it is opened
/// (`docs/adr/0007-embedded-files-are-brought-up-to-date.md`).
const STEPS: &[(u32, &str)] = &[
    (1, include_str!("../schema/0001_ticks.sql")),
    (2, include_str!("../schema/0002_records.sql")),
    (3, include_str!("../schema/0003_retention_floor.sql")),
    (4, include_str!("../schema/0004_candles.sql")),
    (5, include_str!("../schema/0005_store.sql")),
    (6, include_str!("../schema/0006_aggregated.sql")),
];

/// Sets up an empty database, brings an older one up to date, and refuses a stranger's or a newer one.
pub(crate) fn set_up(connection: &mut Connection) -> Inner<()> {
    let tables: Vec<String> = connection
        .prepare("SELECT table_name FROM duckdb_tables() WHERE NOT internal")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .map_err(classify)?;
    let latest = STEPS.last().map_or(0, |(version, _)| *version);
    let ours = tables.iter().any(|table| table == "tradekeep_schema");
    if !ours && !tables.is_empty() {
        let context = "the database holds tables of something else: name an empty folder";
        return Err(Failure::new(ErrorKind::Schema, context).with_act(Act::Halt));
    }
    let found = if ours { version(connection)? } else { 0 };
    if found > latest {
        return Err(wrong_version(found, latest));
    }
    let missing = STEPS.iter().filter(|(version, _)| *version > found);
    if found == latest {
        return Ok(());
    }
    let transaction = connection.transaction().map_err(classify)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS tradekeep_schema \
             (version INTEGER NOT NULL, applied_at TIMESTAMPTZ NOT NULL)",
        )
        .map_err(classify)?;
    for (version, sql) in missing {
        transaction.execute_batch(sql).map_err(classify)?;
        transaction
            .execute("INSERT INTO tradekeep_schema VALUES (?, now())", [version])
            .map_err(classify)?;
    }
    transaction.commit().map_err(classify)
}

/// The schema version of a database of ours.
fn version(connection: &Connection) -> Inner<u32> {
    connection
        .query_row("SELECT max(version) FROM tradekeep_schema", [], |row| row.get(0))
        .map_err(classify)
}

/// Whether the tables are those of this version, so that nothing has to be set up.
pub(crate) fn is_current(connection: &Connection) -> bool {
    let latest = STEPS.last().map_or(0, |(version, _)| *version);
    version(connection).is_ok_and(|found| found == latest)
}

/// What is not as the steps have made it, for each table of records.
pub(crate) fn troubles(connection: &Connection) -> Inner<Vec<Trouble>> {
    let mut statement = connection.prepare(COLUMNS).map_err(classify)?;
    let found = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, (row.get::<_, String>(1)?, row.get::<_, String>(2)?)))
    });
    let found: Vec<_> = found.and_then(Iterator::collect).map_err(classify)?;
    let mut troubles = Vec::new();
    for table in Table::ALL {
        let columns: HashMap<_, _> = (found.iter().filter(|(of, _)| of == table.as_str()))
            .map(|(_, (name, kind))| (name.as_str(), kind.as_str()))
            .collect();
        if columns.is_empty() {
            troubles.push(Trouble::new(
                format!("table {table} is gone"),
                "give it back its name where it was renamed, or restore a backup of the database",
            ));
            continue;
        }
        let wrong = table.columns().iter().filter_map(|column| {
            let (name, wanted) = (column.name, sql_type(column.kind));
            match columns.get(name) {
                None => Some(format!("{name} is missing")),
                Some(kind) if *kind != wanted => Some(format!("{name} is {kind}, not {wanted}")),
                Some(_) => None,
            }
        });
        let wrong: Vec<_> = wrong.collect();
        if !wrong.is_empty() {
            troubles.push(Trouble::new(
                format!("table {table} is not as it was made: {}", wrong.join(", ")),
                "undo what was changed, or restore a backup of the database",
            ));
        }
    }
    Ok(troubles)
}

const COLUMNS: &str =
    "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal";

/// The type of a column here.
const fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "VARCHAR",
        Kind::Int => "BIGINT",
        Kind::Float => "DOUBLE",
        Kind::Bool => "BOOLEAN",
        Kind::Decimal => "DECIMAL(38,18)",
        Kind::Time => "TIMESTAMP_NS",
        Kind::Uuid => "UUID",
    }
}

fn wrong_version(found: u32, latest: u32) -> Failure {
    let context = format!(
        "the database has schema version {found}, this tradekeep knows {latest}: use the tradekeep \
         that made it, or a newer one"
    );
    Failure::new(ErrorKind::Schema, context).with_act(Act::Halt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_those_of_the_model() {
        let mut connection = Connection::open_in_memory().unwrap();
        set_up(&mut connection).unwrap();
        for table in Table::ALL {
            let mut statement = connection
                .prepare(
                    "SELECT column_name, data_type, NOT is_nullable FROM duckdb_columns() \
                     WHERE table_name = ? ORDER BY column_index",
                )
                .unwrap();
            let found: Vec<(String, String, bool)> = statement
                .query_map([table.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .unwrap()
                .map(std::result::Result::unwrap)
                .collect();
            let expected: Vec<_> = table
                .columns()
                .iter()
                .map(|column| {
                    // One that came later has a default instead.
                    let required = column.required && column.name != "aggregated";
                    (column.name.to_owned(), sql_type(column.kind).to_owned(), required)
                })
                .collect();
            assert_eq!(found, expected, "{table}");
        }
    }

    #[test]
    fn what_was_done_to_tables_is_told() {
        let mut connection = Connection::open_in_memory().unwrap();
        set_up(&mut connection).unwrap();
        assert_eq!(troubles(&connection).unwrap(), []);
        connection
            .execute_batch(
                "DROP TABLE fills; ALTER TABLE orders RENAME TO orders_old; \
                 ALTER TABLE ticks RENAME COLUMN price TO cost; \
                 ALTER TABLE metrics ALTER COLUMN value TYPE VARCHAR",
            )
            .unwrap();
        let causes: Vec<_> = troubles(&connection).unwrap().into_iter().map(|t| t.cause).collect();
        assert_eq!(
            causes,
            [
                "table ticks is not as it was made: price is missing",
                "table orders is gone",
                "table fills is gone",
                "table metrics is not as it was made: value is VARCHAR, not DOUBLE",
            ]
        );
    }

    #[test]
    fn an_older_database_gets_what_it_lacks() {
        for older in 1..STEPS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            connection
                .execute_batch(
                    "CREATE TABLE tradekeep_schema (version INTEGER NOT NULL, applied_at TIMESTAMPTZ NOT NULL)",
                )
                .unwrap();
            for (version, sql) in &STEPS[..older] {
                connection.execute_batch(sql).unwrap();
                connection
                    .execute("INSERT INTO tradekeep_schema VALUES (?, now())", [version])
                    .unwrap();
            }
            connection
                .execute_batch("INSERT INTO ingest_watermark VALUES ('s', 1, 'ticks', 7)")
                .unwrap();
            set_up(&mut connection).unwrap();
            assert_eq!(version(&connection).unwrap(), STEPS[STEPS.len() - 1].0);
            let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!(count("SELECT count(*) FROM ingest_watermark"), 1);
            assert_eq!(count("SELECT count(*) FROM trades"), 0);
            assert_eq!(count("SELECT count(*) FROM retention_floor"), 0);
        }
    }

    #[test]
    fn sets_up_once_and_refuses_strangers() {
        let mut connection = Connection::open_in_memory().unwrap();
        set_up(&mut connection).unwrap();
        set_up(&mut connection).unwrap();
        connection.execute("INSERT INTO tradekeep_schema VALUES (999, now())", []).unwrap();
        let error = set_up(&mut connection).unwrap_err().to_string();
        assert!(error.contains("schema version 999"), "{error}");
        let mut stranger = Connection::open_in_memory().unwrap();
        stranger.execute_batch("CREATE TABLE cars (id INTEGER)").unwrap();
        assert_eq!(set_up(&mut stranger).unwrap_err().kind, ErrorKind::Schema);
    }
}
