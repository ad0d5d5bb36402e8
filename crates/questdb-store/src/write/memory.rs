//! What the sink remembers of a table that is searched within the duplicate window, as long as nobody else writes to
//! it.

use tradekeep_models::record::{Record, Value};
use tradekeep_store_traits::sql::Row as _;
use tradekeep_store_traits::{Inner, RecentValues};

use super::shape::Shape;
use super::writer::{Lane, Turn};
use crate::pool::Pool;
use crate::rows::absent;
use crate::sql::sink;
use crate::{QuestDbStore, wal};

/// What is remembered, and until when it is true.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Transactions that the table's log had when we last looked, and those that we have added since; nothing where
    /// somebody else's may be among them.
    transactions: Option<i64>,
    values: Option<RecentValues>,
}

impl Memory {
    /// Adds what the server has taken, in one transaction.
    pub(super) fn sent<R: Record>(&mut self, shape: &Shape, rows: &[R]) {
        self.transactions = self.transactions.map(|transactions| transactions + 1);
        let (Some(values), Some(sought)) = (&mut self.values, shape.sought) else { return };
        for row in rows {
            values.insert(row.value(sought), shape.owner.map(|owner| row.value(owner)));
        }
    }
}

impl QuestDbStore {
    /// The values of `rows` in the column that is sought which may be stored with a time from `first` on, by
    /// something else than what has them here.
    pub(super) async fn may_be_stored<'a, R: Record>(
        &self,
        pool: &Pool,
        lane: &Lane,
        turn: &mut Turn,
        rows: &'a [R],
        (first, reach): (i64, i64),
    ) -> Inner<Vec<Value<'a>>> {
        let Some(sought) = lane.shape.sought else { return Ok(Vec::new()) };
        self.recall(pool, lane, turn, (first, reach)).await?;
        let may_meet = |row: &&R| {
            let owner = lane.shape.owner.map(|owner| row.value(owner));
            let values = turn.memory.values.as_ref();
            values.is_none_or(|values| values.may_meet(row.value(sought), owner))
        };
        Ok(rows.iter().filter(may_meet).map(|row| row.value(sought)).collect())
    }

    /// Sees to it that what is remembered is true, or nothing is. It takes a moment to read a table: that is done
    /// where nobody else has written to it between two batches.
    async fn recall(
        &self,
        pool: &Pool,
        lane: &Lane,
        turn: &mut Turn,
        (first, reach): (i64, i64),
    ) -> Inner<()> {
        let name = lane.shape.name();
        let taken = wal::last_taken(pool, name, self.config.connect_timeout).await?;
        let alone = turn.memory.transactions == Some(taken);
        if !alone {
            turn.memory = Memory { transactions: Some(taken), values: None };
        } else if !turn.memory.values.as_ref().is_some_and(|values| values.covers(first)) {
            turn.memory.values = None;
            wal::settled(pool, name, self.patience()).await?;
            turn.memory.values = read(pool, &lane.shape, first.saturating_sub(reach)).await?;
        }
        Ok(())
    }
}

/// What is stored: of the whole table where that is little, else with a time from `first` on; nothing where that is
/// too much too.
async fn read(pool: &Pool, shape: &Shape, first: i64) -> Inner<Option<RecentValues>> {
    let Some(sought) = shape.sought else { return Ok(None) };
    let few = async |first: i64| {
        let rows = pool.ask(&sink::count(shape.name(), first)).await?;
        let count = rows.first().map(|row| row.count(0)).transpose()?.unwrap_or_default();
        Ok(count <= RecentValues::MOST as u64)
    };
    let from = if few(0).await? { 0 } else { first };
    if from > 0 && !few(from).await? {
        return Ok(None);
    }
    let columns = [Some(sought), shape.owner].map(|index| index.map(|index| shape.column(index)));
    let mut values = RecentValues::new(from);
    let sql = sink::since(shape.name(), columns.into_iter().flatten(), from);
    pool.map(&sql, |row| {
        let value = |place: usize| -> Inner<Option<Value<'_>>> {
            let Some(column) = columns[place] else { return Ok(None) };
            Ok(Some(match row.value(place, column.kind)? {
                Value::Null => absent(column.kind),
                value => value,
            }))
        };
        values.insert(value(0)?.unwrap_or(Value::Null), value(1)?);
        Ok(())
    })
    .await?;
    Ok(Some(values))
}
