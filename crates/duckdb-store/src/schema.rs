//! The tables, in numbered steps.

use duckdb::Connection;
use tradekeep_store_traits::{Act, ErrorKind, Result, StoreError};

use crate::STORE;
use crate::error::classify;

/// Every step, oldest first. A step that has landed is never edited.
const STEPS: &[(u32, &str)] = &[(1, include_str!("../schema/0001_ticks.sql"))];

const OP: &str = "open";

/// Sets up an empty database, and checks one that is not.
pub(crate) fn set_up(connection: &mut Connection) -> Result<()> {
    let duckdb = |error| classify(OP, error);
    let tables: Vec<String> = connection
        .prepare("SELECT table_name FROM duckdb_tables() WHERE NOT internal")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .map_err(duckdb)?;
    let latest = STEPS.last().map_or(0, |(version, _)| *version);
    if tables.iter().any(|table| table == "tradekeep_schema") {
        let found: u32 = connection
            .query_row("SELECT max(version) FROM tradekeep_schema", [], |row| row.get(0))
            .map_err(duckdb)?;
        return if found == latest { Ok(()) } else { Err(wrong_version(found, latest)) };
    }
    if !tables.is_empty() {
        let context = "the database holds tables of something else: name an empty folder";
        return Err(StoreError::new(ErrorKind::Schema, STORE, OP, context).with_act(Act::Halt));
    }
    let transaction = connection.transaction().map_err(duckdb)?;
    transaction
        .execute_batch(
            "CREATE TABLE tradekeep_schema (version INTEGER NOT NULL, applied_at TIMESTAMPTZ NOT NULL)",
        )
        .map_err(duckdb)?;
    for (version, sql) in STEPS {
        transaction.execute_batch(sql).map_err(duckdb)?;
        transaction
            .execute("INSERT INTO tradekeep_schema VALUES (?, now())", [version])
            .map_err(duckdb)?;
    }
    transaction.commit().map_err(duckdb)
}

/// Whether the tables are those of this version, so that nothing has to be set up.
pub(crate) fn is_current(connection: &Connection) -> bool {
    let latest = STEPS.last().map_or(0, |(version, _)| *version);
    connection
        .query_row("SELECT max(version) FROM tradekeep_schema", [], |row| row.get::<_, u32>(0))
        .is_ok_and(|found| found == latest)
}

fn wrong_version(found: u32, latest: u32) -> StoreError {
    let context = format!(
        "the database has schema version {found}, this tradekeep knows {latest}: use the tradekeep \
         that made it, or a newer one"
    );
    StoreError::new(ErrorKind::Schema, STORE, OP, context).with_act(Act::Halt)
}

#[cfg(test)]
mod tests {
    use super::*;

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
