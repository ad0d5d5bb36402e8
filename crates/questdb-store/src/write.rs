//! Writing: batches over HTTP, each one request to one table; what is applied is seen over SQL.

mod conflicts;
mod keys;
mod known;
mod ledger;
mod memory;
mod sender;
mod settle;
mod shape;
mod writer;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use questdb::ingress::Buffer;
use tradekeep_models::record::Record;
use tradekeep_models::{Table, Timestamp};
use tradekeep_store_traits::{
    Ack, Act, BadRow, Batch, Delivery, ErrorKind, Failure, Inner, Stage, with_records,
};

use self::keys::Keys;
use self::ledger::{Numbers, Taken};
use self::sender::{Connection, buffer};
pub(crate) use self::writer::{Lane, Writer};
use crate::QuestDbStore;
use crate::error::not_encoded;
use crate::pool::Pool;
use crate::sql::Sql;

/// Batches of a table that may be taken and not yet applied.
const MOST_OPEN: usize = 256;

/// A batch as it is sent.
struct Prepared {
    buffer: Buffer,
    /// Not there yet where nobody has made it ahead.
    keys: Option<Keys>,
}

impl QuestDbStore {
    fn prepared(&self, batch: &Batch) -> Inner<Prepared> {
        let invalid = |rows| Failure::bad_rows(ErrorKind::InvalidInput, rows);
        BadRow::check(batch.records()).map_err(invalid)?;
        let shape = &self.writer.lane(batch.records().table()).shape;
        let unfit = with_records!(batch.records(), rows => shape.unfit(rows));
        if !unfit.is_empty() {
            return Err(invalid(unfit));
        }
        let mut buffer = buffer();
        let origin = batch.origin();
        with_records!(batch.records(), rows => shape.lines(rows, origin, &mut buffer))
            .map_err(not_encoded)?;
        Ok(Prepared { buffer, keys: None })
    }

    fn keys(&self, batch: &Batch) -> Keys {
        let shape = &self.writer.lane(batch.records().table()).shape;
        with_records!(batch.records(), rows => Keys::of(shape, rows))
    }

    /// The rows of a batch that are under the floor of their table.
    async fn expired(&self, batch: &Batch, first: i64) -> Inner<Vec<BadRow>> {
        fn under<R: Record>(rows: &[R], floor: Timestamp) -> Vec<BadRow> {
            let under = rows.iter().enumerate().filter(|(_, row)| row.ts() < floor);
            under.map(|(index, _)| BadRow::expired(index, floor)).collect()
        }
        let floor = self.known_floor(batch.records().table()).await?;
        Ok(match floor.filter(|floor| first < floor.as_nanos()) {
            Some(floor) => with_records!(batch.records(), rows => under(rows, floor)),
            None => Vec::new(),
        })
    }

    /// Waits until a table takes more: it is not suspended, and not too much is on its way to it.
    async fn room(&self, pool: &Pool, lane: &Lane) -> Inner<()> {
        if lane.suspended.load(Ordering::SeqCst) {
            self.advance(pool, &[lane.table]).await?;
        }
        let is_full = || self.writer.ledger().of(lane.table).count() >= MOST_OPEN;
        if !is_full() {
            return Ok(());
        }
        let oldest = self.writer.ledger().of(lane.table).next().map(|(token, _)| token);
        self.settled(oldest.as_slice()).await?;
        if !is_full() {
            return Ok(());
        }
        let context = "the server takes batches faster than it applies them: wait, or write less";
        Err(Failure::new(ErrorKind::Timeout, context).with_act(Act::Retry { after: None }))
    }
}

pub(crate) async fn ping(store: &QuestDbStore) -> Inner<()> {
    store.writer.check_open()?;
    let limit = store.config.connect_timeout;
    store.ready().await?.ask_within(limit, &Sql::plain("SELECT 1")).await.map(drop)
}

pub(crate) fn prepare(store: &QuestDbStore, batch: &Batch) {
    if let Ok(prepared) = store.prepared(batch) {
        batch.keep_prepared(Prepared { keys: Some(store.keys(batch)), ..prepared });
    }
}

/// Sends the records of a batch, as one request.
pub(crate) async fn batch(store: &QuestDbStore, batch: &Batch) -> Inner<Ack> {
    store.writer.check_open()?;
    let Prepared { buffer, keys } = match batch.take_prepared() {
        Some(prepared) => prepared,
        None => store.prepared(batch)?,
    };
    if batch.records().is_empty() {
        return Ok(nothing_new(store, 0));
    }
    let (first, last) = with_records!(batch.records(), rows => keys::span(rows));
    let pool = store.ready().await?;
    let lane = store.writer.lane(batch.records().table());
    let mut turn = lane.turn.lock().await;
    store.writer.check_open()?;
    lane.check_position(batch)?;
    store.check_run(pool, batch).await?;
    let expired = store.expired(batch, first).await?;
    if !expired.is_empty() {
        return Err(Failure::bad_rows(ErrorKind::Expired, expired));
    }
    store.room(pool, lane).await?;
    let newest = store.newest(pool, lane, &mut turn).await?;
    let (mut keys, mut buffer, mut batch, mut met) = (keys, buffer, batch, 0);
    let (rows, rest) = (batch.records().len(), &mut None);
    if lane.shape.is_judged {
        let known = keys.get_or_insert_with(|| store.keys(batch));
        let new = with_records!(batch.records(), rows => {
            store.new_of(pool, lane, &mut turn, (rows, known), newest).await?
        });
        if let Some(new) = new {
            batch = rest.insert(batch.select(&new));
            (buffer, keys) = (store.prepared(batch)?.buffer, None);
        }
    } else if first <= newest {
        // What is later than all that was sent meets nothing.
        let keys = keys.get_or_insert_with(|| store.keys(batch));
        met = store.count_met(pool, lane, &mut turn, keys).await?;
    }
    if batch.records().is_empty() {
        return Ok(nothing_new(store, rows));
    }

    let generation = lane.generation();
    let connection = match turn.connection.take() {
        Some(connection) if connection.generation == generation => connection,
        _ => Connection::new(&store.config, generation)?,
    };
    let was_unsure = std::mem::replace(&mut turn.unsure, true);
    let memory = std::mem::take(&mut turn.memory);
    turn.newest = Some(newest.max(last));
    let answer = connection.send(buffer)?;
    // While the server is at it.
    let keys = keys.unwrap_or_else(|| store.keys(batch));
    let sent = answer.wait().await;
    turn.unsure = was_unsure;
    if let Err(error) = sent {
        if error.kind == ErrorKind::Connection {
            // It may be another server, or an earlier state of it, when it is back.
            store.forget_set_up();
        }
        turn.unsure |= error.delivery == Delivery::Unknown;
        // One that is answered is good for the next.
        if matches!(error.act, Act::BadRows(_) | Act::Split) {
            turn.connection = Some(connection);
        }
        return Err(error);
    }
    if lane.generation() != generation {
        let context = "the table was changed while a batch was sent to it: it is sent again";
        return Err(Failure::new(ErrorKind::Transaction, context)
            .with_delivery(Delivery::Unknown)
            .with_act(Act::Retry { after: None }));
    }
    turn.connection = Some(connection);
    turn.memory = memory;
    with_records!(batch.records(), rows => turn.memory.sent(&lane.shape, rows));
    let inserted = keys.distinct() - met;
    let duplicates = (rows - inserted) as u64;
    let origin = batch.origin().filter(|_| is_counted(lane.table)).and_then(Numbers::of);
    let taken = Taken { table: lane.table, keys: Arc::new(keys), origin };
    let token = store.writer.ledger().take(taken);
    Ok(Ack::builder()
        .stage(Stage::Acked)
        .token(token)
        .inserted(inserted as u64)
        .duplicates(duplicates)
        .build())
}

/// The answer to a batch of so many rows of which none is new.
fn nothing_new(store: &QuestDbStore, rows: usize) -> Ack {
    let token = store.writer.ledger().nothing();
    let ack = Ack::builder().stage(Stage::Applied).token(token).inserted(0);
    ack.duplicates(rows as u64).build()
}

/// Whether the rows of a table are counted once they are applied.
const fn is_counted(table: Table) -> bool {
    matches!(table, Table::Trades | Table::Orders | Table::Fills)
}

pub(crate) fn no_watermark(store: &QuestDbStore) -> Inner<Option<u64>> {
    store.writer.check_open()?;
    let context = "QuestDB has no transactions over two tables, so that it keeps no watermarks: go by a \
                   cursor of your own";
    Err(Failure::new(ErrorKind::Unsupported, context))
}
