//! Watermarks: how far a stream has been applied to a table.

use duckdb::{Connection, Transaction};
use tradekeep_models::StreamId;
use tradekeep_store_traits::{ErrorKind, Failure, Inner, Table};
use uuid::Uuid;

use crate::error::classify;
use crate::sql;

/// A stream, its epoch and a table: what has a watermark.
pub(crate) type WatermarkKey = (StreamId, u64, Table);

/// How far a stream has been applied to a table.
pub(crate) fn watermark(connection: &Connection, key: &WatermarkKey) -> Inner<Option<u64>> {
    let (stream, epoch, table) = key;
    let mut statement = connection.prepare(sql::WATERMARK).map_err(classify)?;
    let mut found = statement.query((stream.as_str(), epoch, table.as_str())).map_err(classify)?;
    found.next().map_err(classify)?.map(|row| row.get(0)).transpose().map_err(classify)
}

/// The store's own id.
pub(crate) fn store_id(connection: &Connection) -> Inner<Uuid> {
    let found = connection.query_row(sql::STORE_ID, [], |row| row.get::<_, String>(0));
    found.map_err(classify)?.parse().map_err(|error| {
        let context = "the store's id is none: restore a backup of the database";
        Failure::new(ErrorKind::Deserialization, context).with_source(error)
    })
}

/// Moves the watermark of `key` to `last`.
pub(crate) fn move_watermark(
    transaction: &Transaction<'_>,
    key: &WatermarkKey,
    last: u64,
) -> Inner<()> {
    let (stream, epoch, table) = key;
    let values = (last, stream.as_str(), epoch, table.as_str());
    if transaction.execute(sql::MOVE_WATERMARK, values).map_err(classify)? == 0 {
        transaction.execute(sql::FIRST_WATERMARK, values).map_err(classify)?;
    }
    Ok(())
}
