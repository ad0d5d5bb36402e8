//! Retention floors: the time before which a table takes no row.

use std::collections::BTreeMap;

use duckdb::Connection;
use tradekeep_models::Timestamp;
use tradekeep_store_traits::{Delivery, ErrorKind, Result, StoreError, Table};

use crate::error::classify;
use crate::{STORE, sql};

/// The floor of each table that has one.
pub(crate) type Floors = BTreeMap<Table, Timestamp>;

/// All floors.
pub(crate) fn floors(op: &'static str, connection: &Connection) -> Result<Floors> {
    let duckdb = |error| classify(op, error);
    let mut statement = connection.prepare(sql::FLOORS).map_err(duckdb)?;
    let mut rows = statement.query([]).map_err(duckdb)?;
    let mut floors = Floors::new();
    while let Some(row) = rows.next().map_err(duckdb)? {
        let (name, nanos): (String, i64) =
            (row.get(0).map_err(duckdb)?, row.get(1).map_err(duckdb)?);
        let broken = || {
            let context = "a row of retention_floor is not of this tradekeep: restore a backup";
            StoreError::new(ErrorKind::Deserialization, STORE, op, context)
        };
        let floor = Timestamp::from_nanos(nanos).map_err(|_| broken())?;
        floors.insert(name.parse().map_err(|_| broken())?, floor);
    }
    Ok(floors)
}

/// Sets the floor of `table`, or takes it away.
pub(crate) fn set(
    connection: &mut Connection,
    table: Table,
    floor: Option<Timestamp>,
) -> Result<()> {
    let duckdb = |error| classify("set_floor", error);
    let transaction = connection.transaction().map_err(duckdb)?;
    match floor {
        None => transaction.execute(sql::NO_FLOOR, [table.as_str()]).map(drop).map_err(duckdb)?,
        Some(floor) => {
            let values = (floor.as_nanos(), table.as_str());
            if transaction.execute(sql::MOVE_FLOOR, values).map_err(duckdb)? == 0 {
                transaction.execute(sql::FIRST_FLOOR, values).map_err(duckdb)?;
            }
        }
    }
    transaction.commit().map_err(|error| duckdb(error).with_delivery(Delivery::Unknown))
}
