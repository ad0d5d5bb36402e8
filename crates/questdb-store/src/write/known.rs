//! Which rows of a batch are stored, or on their way, already.

use std::collections::HashSet;

use tradekeep_models::record::Value;
use tradekeep_pg_common::PgRow;
use tradekeep_store_traits::Inner;
use tradekeep_store_traits::sql::Row as _;

use super::keys::{Keys, number};
use super::shape::Shape;
use super::writer::{Lane, Turn};
use crate::pool::Pool;
use crate::rows::absent;
use crate::sql::sink;
use crate::{QuestDbStore, wal};

impl QuestDbStore {
    /// The latest time of what is stored or was sent; before every one where that is nothing.
    pub(super) async fn newest(&self, pool: &Pool, lane: &Lane, turn: &mut Turn) -> Inner<i64> {
        let newest = match turn.newest {
            Some(newest) => newest,
            None => newest(pool, lane.shape.name()).await?,
        };
        turn.newest = Some(newest);
        Ok(newest)
    }

    /// How many of the batch's identities are stored, or on their way.
    pub(super) async fn count_met(
        &self,
        pool: &Pool,
        lane: &Lane,
        turn: &mut Turn,
        keys: &Keys,
    ) -> Inner<usize> {
        // What is on its way may be seen below, or not yet.
        let mut met: HashSet<u64> = HashSet::new();
        for (_, taken) in self.writer.ledger().of(lane.table) {
            met.extend(taken.keys.shared(keys));
        }
        if turn.unsure {
            wal::settled(pool, lane.shape.name(), self.patience()).await?;
            turn.unsure = false;
        }
        met.extend(stored(pool, &lane.shape, keys).await?);
        Ok(met.len())
    }
}

/// The identities of a batch that are stored.
pub(super) async fn stored(pool: &Pool, shape: &Shape, keys: &Keys) -> Inner<HashSet<u64>> {
    let mut met = HashSet::new();
    for span in keys.spans() {
        let sql = sink::keys(shape.name(), shape.key_columns(), *span);
        for row in pool.ask(&sql).await? {
            let number = number_of(shape, &row)?;
            if keys.has(number) {
                met.insert(number);
            }
        }
    }
    Ok(met)
}

/// The number of a stored row's identity.
fn number_of(shape: &Shape, row: &PgRow) -> Inner<u64> {
    let mut values = Vec::with_capacity(shape.keys.len());
    for (place, column) in shape.key_columns().enumerate() {
        values.push(match row.value(place, column.kind)? {
            Value::Null => absent(column.kind),
            value => value,
        });
    }
    Ok(number(values.into_iter()))
}

/// The latest time of a table; before every one where it is empty.
async fn newest(pool: &Pool, table: &str) -> Inner<i64> {
    // An empty one has no row to answer.
    let rows = pool.ask(&sink::newest(table)).await?;
    let newest = rows.first().map(|row| row.maybe_int(0)).transpose()?;
    Ok(newest.flatten().unwrap_or(i64::MIN))
}
