//! Batches in: once, by watermark and identity, in the rows' own transaction.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use duckdb::{Connection, ToSql, Transaction};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use tradekeep_models::StreamId;
use tradekeep_store_traits::{Batch, Delivery, Origin, Records, Result, Table};

use crate::error::{classify, conversion};
use crate::writer::Session;
use crate::{rows, sql};

const OP: &str = "write";

/// Symbols up to which the search for stored identities names them; past that it reads all.
const NAMED_SYMBOLS: usize = 16;

/// A batch made ready, outside the writer's thread.
pub(crate) struct Prepared {
    plan: Plan,
    origin: Option<Origin>,
    table: Table,
}

/// What the writer knows about the tables. It is an optimisation, never the guard itself: what is
/// not known is read in the transaction, and a failure forgets everything.
#[derive(Default)]
pub(crate) struct Known {
    /// No stored row is later than this.
    newest: HashMap<Table, i64>,
    /// Watermarks as committed.
    watermarks: HashMap<Position, u64>,
}

/// A stream, its epoch and a table: what has a watermark.
type Position = (StreamId, u64, Table);

/// What a write did.
pub(crate) struct Written {
    pub(crate) inserted: usize,
    pub(crate) duplicates: usize,
}

/// Rows, and which of them are the first of their identity in the batch.
struct Plan {
    rows: RecordBatch,
    /// Each (venue, symbol) of the batch, numbered.
    series: HashMap<(String, String), u32>,
    /// The first row of each (series, ts, key).
    first: HashMap<(u32, i64, i64), usize>,
    keep: Vec<bool>,
    /// Earliest and latest ts.
    span: (i64, i64),
}

/// Makes `batch` ready to be written.
pub(crate) fn prepare(batch: &Batch) -> Result<Prepared> {
    let Records::Ticks(ticks) = batch.records();
    let rows = tradekeep_formats::arrow::ticks_to_batch(ticks).map_err(|e| conversion(OP, e))?;
    let table = batch.records().table();
    Ok(Prepared { plan: Plan::new(rows)?, origin: batch.origin().cloned(), table })
}

impl Plan {
    fn new(rows: RecordBatch) -> Result<Self> {
        let mut plan = Self {
            series: HashMap::new(),
            first: HashMap::with_capacity(rows.num_rows()),
            keep: Vec::with_capacity(rows.num_rows()),
            span: (i64::MAX, i64::MIN),
            rows: rows.clone(),
        };
        let identity = rows.project(&[0, 1, 2, 3]).map_err(|error| conversion(OP, error))?;
        let mut last: Option<(&str, &str, u32)> = None;
        let identity_rows = rows::identities(&identity)?;
        for (row, id) in identity_rows.enumerate() {
            let series = match last {
                Some((venue, symbol, series)) if (venue, symbol) == (id.venue, id.symbol) => series,
                _ => {
                    let next = u32::try_from(plan.series.len()).unwrap_or(u32::MAX);
                    let name = (id.venue.to_owned(), id.symbol.to_owned());
                    *plan.series.entry(name).or_insert(next)
                }
            };
            last = Some((id.venue, id.symbol, series));
            let entry = plan.first.entry((series, id.ts, id.key));
            plan.keep.push(matches!(entry, Entry::Vacant(_)));
            entry.or_insert(row);
            plan.span = (plan.span.0.min(id.ts), plan.span.1.max(id.ts));
        }
        Ok(plan)
    }

    /// Strikes out the rows that `transaction` sees stored already.
    fn strike_stored(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        let mut symbols: Vec<&String> = self.series.keys().map(|(_, symbol)| symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        if symbols.len() > NAMED_SYMBOLS {
            symbols.clear();
        }
        let mut values: Vec<&dyn ToSql> = vec![&self.span.0, &self.span.1];
        values.extend(symbols.iter().map(|symbol| *symbol as &dyn ToSql));
        let duckdb = |error| classify(OP, error);
        let mut statement = transaction.prepare(&sql::identities(symbols.len())).map_err(duckdb)?;
        // Streamed: what is stored in the batch's span may be far more than the batch.
        drop(statement.stream_arrow(values.as_slice()).map_err(duckdb)?);
        while let Some(stored) = statement.step().map_err(duckdb)? {
            strike(&self.series, &self.first, &mut self.keep, &RecordBatch::from(stored))?;
        }
        Ok(())
    }

    /// The rows that are new.
    fn new_rows(self) -> Result<RecordBatch> {
        if self.keep.iter().all(|keep| *keep) {
            return Ok(self.rows);
        }
        filter_record_batch(&self.rows, &BooleanArray::from(self.keep))
            .map_err(|error| conversion(OP, error))
    }
}

fn strike(
    series: &HashMap<(String, String), u32>,
    first: &HashMap<(u32, i64, i64), usize>,
    keep: &mut [bool],
    stored: &RecordBatch,
) -> Result<()> {
    let mut last: Option<(&str, &str, Option<u32>)> = None;
    for id in rows::identities(stored)? {
        let number = match last {
            Some((venue, symbol, number)) if (venue, symbol) == (id.venue, id.symbol) => number,
            _ => series.get(&(id.venue.to_owned(), id.symbol.to_owned())).copied(),
        };
        last = Some((id.venue, id.symbol, number));
        let row = number.and_then(|number| first.get(&(number, id.ts, id.key)));
        if let Some(slot) = row.and_then(|row| keep.get_mut(*row)) {
            *slot = false;
        }
    }
    Ok(())
}

/// Writes what is new of `prepared`, and moves its watermark, in one transaction.
pub(crate) fn write(session: &mut Session, prepared: Prepared) -> Result<Written> {
    let written = transact(&mut session.connection, &mut session.known, prepared);
    if written.is_err() {
        session.known = Known::default();
    }
    written
}

fn transact(connection: &mut Connection, known: &mut Known, prepared: Prepared) -> Result<Written> {
    let duckdb = |error| classify(OP, error);
    let Prepared { mut plan, origin, table } = prepared;
    let all = plan.rows.num_rows();
    let transaction = connection.transaction().map_err(duckdb)?;
    if let Some(origin) = origin {
        let position = (origin.stream.clone(), origin.epoch, table);
        let seen = match known.watermarks.get(&position) {
            Some(seen) => Some(*seen),
            None => watermark(&transaction, &position)?,
        };
        let replayed = origin.replayed(seen);
        if replayed > 0 {
            plan = Plan::new(plan.rows.slice(replayed, all - replayed))?;
        }
        if let Some(last) = origin.seqs.last().filter(|_| replayed < all) {
            move_watermark(&transaction, &position, *last)?;
            known.watermarks.insert(position, *last);
        }
    }
    let inserted =
        if plan.rows.num_rows() == 0 { 0 } else { append(&transaction, known, table, plan)? };
    // A commit that failed half-way may be found whole when the database is opened again.
    transaction.commit().map_err(|error| duckdb(error).with_delivery(Delivery::Unknown))?;
    Ok(Written { inserted, duplicates: all - inserted })
}

/// Appends the rows of `plan` that are not stored yet, and answers how many they are.
fn append(
    transaction: &Transaction<'_>,
    known: &mut Known,
    table: Table,
    mut plan: Plan,
) -> Result<usize> {
    let duckdb = |error| classify(OP, error);
    let newest = match known.newest.get(&table) {
        Some(newest) => *newest,
        None => newest(transaction, table)?,
    };
    if plan.span.0 <= newest {
        plan.strike_stored(transaction)?;
    }
    known.newest.insert(table, newest.max(plan.span.1));
    let rows = plan.new_rows()?;
    let inserted = rows.num_rows();
    if inserted > 0 {
        let mut appender = transaction.appender(table.as_str()).map_err(duckdb)?;
        appender.append_record_batch(rows).map_err(duckdb)?;
        appender.flush().map_err(duckdb)?;
    }
    Ok(inserted)
}

/// The latest ts of `table`; the earliest there is when it is empty.
fn newest(transaction: &Transaction<'_>, table: Table) -> Result<i64> {
    transaction
        .query_row(&sql::newest(table), [], |row| row.get::<_, Option<i64>>(0))
        .map(|newest| newest.unwrap_or(i64::MIN))
        .map_err(|error| classify(OP, error))
}

/// How far a stream has been applied to a table.
pub(crate) fn watermark(connection: &Connection, position: &Position) -> Result<Option<u64>> {
    let duckdb = |error| classify("watermark", error);
    let (stream, epoch, table) = position;
    let mut statement = connection.prepare(sql::WATERMARK).map_err(duckdb)?;
    let mut found = statement.query((stream.as_str(), epoch, table.as_str())).map_err(duckdb)?;
    found.next().map_err(duckdb)?.map(|row| row.get(0)).transpose().map_err(duckdb)
}

fn move_watermark(transaction: &Transaction<'_>, position: &Position, last: u64) -> Result<()> {
    let duckdb = |error| classify(OP, error);
    let (stream, epoch, table) = position;
    let values = (last, stream.as_str(), epoch, table.as_str());
    if transaction.execute(sql::MOVE_WATERMARK, values).map_err(duckdb)? == 0 {
        transaction.execute(sql::FIRST_WATERMARK, values).map_err(duckdb)?;
    }
    Ok(())
}
