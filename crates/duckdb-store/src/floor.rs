//! Retention floors: the time before which a table takes no row.

use duckdb::Connection;
use tradekeep_models::Timestamp;
use tradekeep_store_traits::sql::Sql;
use tradekeep_store_traits::sql::answers::{self, Floors};
use tradekeep_store_traits::{Delivery, Inner, Table};

use crate::error::classify;
use crate::read::ask;
use crate::sql;

/// All floors.
pub(crate) fn floors(connection: &Connection) -> Inner<Floors> {
    answers::floors(ask(connection, Sql::plain(sql::FLOORS))?)
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
