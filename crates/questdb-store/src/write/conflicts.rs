//! Records whose content counts: the server replaces what has the same keys, and knows nothing of a fill that is
//! told with another time. So what a batch may meet is looked up first, and `judge` says what each record is to it.

use std::collections::HashSet;

use tradekeep_models::Timestamp;
use tradekeep_models::record::{Record, Value};
use tradekeep_pg_common::PgRow;
use tradekeep_store_traits::sql::record;
use tradekeep_store_traits::{Act, ErrorKind, Failure, Inner, Stage, judge};

use super::keys::Keys;
use super::known::stored;
use super::writer::{Lane, Turn};
use crate::pool::Pool;
use crate::rows::absent;
use crate::sql::{Sql, sink};
use crate::{QuestDbStore, wal};

impl QuestDbStore {
    /// The places of the rows of a batch that are new; nothing where all are.
    pub(super) async fn new_of<R: Record>(
        &self,
        pool: &Pool,
        lane: &Lane,
        turn: &mut Turn,
        (rows, keys): (&[R], &Keys),
        newest: i64,
    ) -> Inner<Option<Vec<usize>>> {
        let window = self.config.duplicate_window;
        let reach = i64::try_from(window.as_nanos()).unwrap_or(i64::MAX);
        let (first, last) = (keys.first().saturating_sub(reach), keys.last().saturating_add(reach));
        let mut met: Vec<R> = Vec::new();
        let is_sought = lane.shape.sought.is_some() && first <= newest;
        if is_sought || keys.first() <= newest {
            self.arrived(pool, lane, turn, keys).await?;
        }
        if keys.first() <= newest {
            met.extend(self.at_their_times::<R>(pool, lane, keys).await?);
        }
        if is_sought {
            let values = self.may_be_stored(pool, lane, turn, rows, (first, reach)).await?;
            met.extend(within(pool, lane, &values, (first, last)).await?);
        }
        if met.is_empty() && !keys.meet_each_other() {
            return Ok(None);
        }
        let verdicts = judge(rows, &met, window);
        if !verdicts.conflicts.is_empty() {
            return Err(Failure::bad_rows(ErrorKind::Conflict, verdicts.conflicts));
        }
        Ok((verdicts.new.len() < rows.len()).then_some(verdicts.new))
    }

    /// Waits until what was sent before and may be met can be read.
    async fn arrived(&self, pool: &Pool, lane: &Lane, turn: &mut Turn, keys: &Keys) -> Inner<()> {
        let near: Vec<_> = {
            let ledger = self.writer.ledger();
            let near = ledger.of(lane.table).filter(|(_, taken)| taken.keys.meet(keys));
            near.map(|(token, _)| token).collect()
        };
        if self.settled(&near).await?.iter().any(|stage| *stage < Stage::Applied) {
            let context =
                "a batch that this one may contradict is not applied yet: it is sent later";
            return Err(
                Failure::new(ErrorKind::Timeout, context).with_act(Act::Retry { after: None })
            );
        }
        if turn.unsure {
            wal::settled(pool, lane.shape.name(), self.patience()).await?;
            turn.unsure = false;
        }
        Ok(())
    }

    /// The stored rows that have the keys of rows of the batch.
    async fn at_their_times<R: Record>(
        &self,
        pool: &Pool,
        lane: &Lane,
        keys: &Keys,
    ) -> Inner<Vec<R>> {
        let numbers: HashSet<u64> = stored(pool, &lane.shape, keys).await?;
        let mut met = Vec::new();
        if numbers.is_empty() {
            return Ok(met);
        }
        for span in keys.spans() {
            let rows: Vec<R> = records(pool, &sink::rows::<R>(lane.shape.name(), *span)).await?;
            met.extend(rows.into_iter().filter(|row| numbers.contains(&lane.shape.number(row))));
        }
        Ok(met)
    }
}

/// The stored rows between two moments that have one of these values in the column that is sought.
async fn within<R: Record>(
    pool: &Pool,
    lane: &Lane,
    values: &[Value<'_>],
    (first, last): (i64, i64),
) -> Inner<Vec<R>> {
    let Some(sought) = lane.shape.sought else { return Ok(Vec::new()) };
    let span = (first.max(0), last.min(Timestamp::MAX.as_nanos()));
    let mut met = Vec::new();
    for values in values.chunks(sink::MOST_VALUES) {
        let column = lane.shape.column(sought).name;
        met.extend(
            records(pool, &sink::with_values::<R>(lane.shape.name(), span, column, values)).await?,
        );
    }
    Ok(met)
}

async fn records<R: Record>(pool: &Pool, sql: &Sql) -> Inner<Vec<R>> {
    pool.map(sql, |row: PgRow| record(&row, absent)).await
}
