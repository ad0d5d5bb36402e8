//! Retention floors: the time before which a table takes no row.

use std::collections::BTreeMap;

use duckdb::Connection;
use tradekeep_models::Timestamp;
use tradekeep_store_traits::{Delivery, ErrorKind, Failure, Inner, Table};

use crate::error::classify;
use crate::sql;

/// The floor of each table that has one.
pub(crate) type Floors = BTreeMap<Table, Timestamp>;

/// All floors.
pub(crate) fn floors(connection: &Connection) -> Inner<Floors> {
    let mut statement = connection.prepare(sql::FLOORS).map_err(classify)?;
    let mut rows = statement.query([]).map_err(classify)?;
    let mut floors = Floors::new();
    while let Some(row) = rows.next().map_err(classify)? {
        let (name, nanos): (String, i64) =
            (row.get(0).map_err(classify)?, row.get(1).map_err(classify)?);
        let broken = || {
            let context = "a row of retention_floor is not of this tradekeep: restore a backup";
            Failure::new(ErrorKind::Deserialization, context)
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
) -> Inner<()> {
    let transaction = connection.transaction().map_err(classify)?;
    match floor {
        None => transaction.execute(sql::NO_FLOOR, [table.as_str()]).map(drop).map_err(classify)?,
        Some(floor) => {
            let values = (floor.as_nanos(), table.as_str());
            if transaction.execute(sql::MOVE_FLOOR, values).map_err(classify)? == 0 {
                transaction.execute(sql::FIRST_FLOOR, values).map_err(classify)?;
            }
        }
    }
    transaction.commit().map_err(|error| classify(error).with_delivery(Delivery::Unknown))
}
