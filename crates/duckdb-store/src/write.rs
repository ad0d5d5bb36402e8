//! Writing batches: each row once, by watermark and identity, which are checked in the rows' transaction.

mod conflicts;
mod dedup;
mod plan;
mod recent;
mod shape;
mod told;
mod writer;

use std::ops::RangeInclusive;
use std::time::Duration;

use duckdb::{Connection, Transaction};
use tradekeep_formats::arrow::records_to_batch;
use tradekeep_store_traits::{
    Act, BadRow, Batch, Delivery, ErrorKind, Failure, Inner, Origin, Table, check_watermark,
};

use self::plan::Plan;
use self::shape::Shape;
pub(crate) use self::writer::Writer;
use crate::error::{classify, conversion};
use crate::session::{Session, WriteCache};
use crate::watermark::{move_watermark, watermark};
use crate::{floor, sql};

/// A batch made ready, outside the writer's thread.
pub(crate) struct Prepared(Plan);

/// Where a batch comes from, and the watermark that it goes on from.
pub(crate) struct Source {
    origin: Option<Origin>,
    expected: Option<RangeInclusive<u64>>,
}

impl Source {
    pub(crate) fn of(batch: &Batch) -> Self {
        Self { origin: batch.origin().cloned(), expected: batch.expected_watermark().cloned() }
    }
}

/// What a write did.
pub(crate) struct Written {
    pub(crate) inserted: usize,
    pub(crate) duplicates: usize,
}

/// Makes `batch` ready to be written.
pub(crate) fn prepare(batch: &Batch) -> Inner<Prepared> {
    let records = batch.records();
    BadRow::check(records).map_err(|rows| Failure::bad_rows(ErrorKind::InvalidInput, rows))?;
    let rows = records_to_batch(records).map_err(conversion)?;
    Ok(Prepared(Plan::new(Shape::of_table(records.table()), rows)?))
}

/// Writes what is new of `prepared`, and moves its watermark, in one transaction. `window` is the duplicate window.
pub(crate) fn write(
    session: &mut Session,
    Prepared(plan): Prepared,
    source: Source,
    window: Duration,
) -> Inner<Written> {
    let written = transact(&mut session.connection, &mut session.cache, plan, source, window);
    if written.is_err() {
        session.cache = WriteCache::default();
    }
    written
}

fn transact(
    connection: &mut Connection,
    cache: &mut WriteCache,
    mut plan: Plan,
    Source { origin, expected }: Source,
    window: Duration,
) -> Inner<Written> {
    let (all, table) = (plan.rows.num_rows(), plan.shape.table);
    let mut replayed = 0;
    let transaction = connection.transaction().map_err(classify)?;
    if let Some(origin) = origin {
        let key = (origin.stream.clone(), origin.epoch, table);
        let seen = match cache.watermarks.get(&key) {
            Some(seen) => Some(*seen),
            None => watermark(&transaction, &key)?,
        };
        check_watermark(expected.as_ref(), seen)?;
        replayed = origin.replayed(seen);
        if replayed > 0 {
            plan = plan.skip(replayed)?;
        }
        if let Some(last) = origin.seqs.last().filter(|_| replayed < all) {
            move_watermark(&transaction, &key, *last)?;
            cache.watermarks.insert(key, *last);
        }
    }
    let inserted = match plan.rows.num_rows() {
        0 => 0,
        _ => append(&transaction, cache, plan, window).map_err(|error| shifted(error, replayed))?,
    };
    // A commit that failed may be found complete when the database is opened again.
    transaction.commit().map_err(|error| classify(error).with_delivery(Delivery::Unknown))?;
    Ok(Written { inserted, duplicates: all - inserted })
}

/// `error` with bad rows numbered from the start of the batch, which the replayed rows are part of.
fn shifted(mut error: Failure, replayed: usize) -> Failure {
    if let Act::BadRows(rows) = &mut error.act {
        rows.iter_mut().for_each(|row| row.index += replayed);
    }
    error
}

/// Appends the rows of `plan` that are not stored yet, and answers how many they are.
fn append(
    transaction: &Transaction<'_>,
    cache: &mut WriteCache,
    mut plan: Plan,
    window: Duration,
) -> Inner<usize> {
    let table = plan.shape.table;
    let floors = match &mut cache.floors {
        Some(floors) => floors,
        unread => unread.insert(floor::floors(transaction)?),
    };
    if let Some(floor) = floors.get(&table).filter(|floor| plan.span.0 < floor.as_nanos()) {
        let expired = plan.before(floor.as_nanos());
        let expired = expired.map(|index| BadRow::expired(index, *floor)).collect();
        return Err(Failure::bad_rows(ErrorKind::Expired, expired));
    }
    let newest = match cache.newest.get(&table) {
        Some(newest) => *newest,
        None => newest(transaction, table)?,
    };
    let bad = match plan.shape.alike.clone() {
        Some(alike) => told::resolve(&mut plan, &alike, transaction, newest)?,
        None => conflicts::resolve(&mut plan, transaction, &mut cache.recent, newest, window)?,
    };
    if !bad.is_empty() {
        return Err(Failure::bad_rows(ErrorKind::Conflict, bad));
    }
    cache.newest.insert(table, newest.max(plan.span.1));
    let (shape, rows) = plan.new_rows()?;
    let inserted = rows.num_rows();
    recent::remember(&shape, &rows, &mut cache.recent);
    if inserted > 0 {
        let mut appender = transaction.appender(table.as_str()).map_err(classify)?;
        appender.append_record_batch(rows).map_err(classify)?;
        appender.flush().map_err(classify)?;
    }
    Ok(inserted)
}

/// The latest ts of `table`; the earliest there is when it is empty.
fn newest(transaction: &Transaction<'_>, table: Table) -> Inner<i64> {
    transaction
        .query_row(&sql::newest(table), [], |row| row.get::<_, Option<i64>>(0))
        .map(|newest| newest.unwrap_or(i64::MIN))
        .map_err(classify)
}
