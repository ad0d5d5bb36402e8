//! Writing: batches over HTTP, each one request to one table; what is applied is seen over SQL.

mod keys;
mod known;
mod ledger;
mod sender;
mod settle;
mod shape;
mod writer;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use questdb::ingress::Buffer;
use tradekeep_models::record::Record;
use tradekeep_models::{StreamId, Table, Timestamp};
use tradekeep_store_traits::{
    Ack, Act, BadRow, Batch, Capabilities, Delivery, ErrorKind, RecordSink, Result, Stage,
    StoreError, Token, with_records,
};

use self::keys::Keys;
use self::ledger::{Numbers, Taken};
use self::sender::{Connection, buffer};
pub(crate) use self::writer::{Lane, Writer};
use crate::error::not_encoded;
use crate::pool::Pool;
use crate::{QuestDbStore, STORE};

const OP: &str = "write";

/// Batches of a table that may be taken and not yet applied.
const MOST_OPEN: usize = 256;

/// A batch as it is sent.
struct Prepared {
    buffer: Buffer,
    /// Not there yet where nobody has made it ahead.
    keys: Option<Keys>,
}

impl QuestDbStore {
    fn prepared(&self, batch: &Batch) -> Result<Prepared> {
        let invalid = |rows| StoreError::bad_rows(ErrorKind::InvalidInput, STORE, OP, rows);
        BadRow::check(batch.records()).map_err(invalid)?;
        let shape = &self.writer.lane(batch.records().table()).shape;
        let unfit = with_records!(batch.records(), rows => shape.unfit(rows));
        if !unfit.is_empty() {
            return Err(invalid(unfit));
        }
        let mut buffer = buffer();
        let origin = batch.origin();
        with_records!(batch.records(), rows => shape.lines(rows, origin, &mut buffer))
            .map_err(|error| not_encoded(OP, error))?;
        Ok(Prepared { buffer, keys: None })
    }

    fn keys(&self, batch: &Batch) -> Keys {
        let shape = &self.writer.lane(batch.records().table()).shape;
        with_records!(batch.records(), rows => Keys::of(shape, rows))
    }

    /// The rows of a batch that are under the floor of their table.
    async fn expired(&self, batch: &Batch, first: i64) -> Result<Vec<BadRow>> {
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
    async fn room(&self, pool: &Pool, lane: &Lane) -> Result<()> {
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
        Err(StoreError::new(ErrorKind::Timeout, STORE, OP, context)
            .with_act(Act::Retry { after: None }))
    }
}

#[async_trait]
impl RecordSink for QuestDbStore {
    fn capabilities(&self, _: Table) -> Capabilities {
        // A row with the keys of another replaces it, and no transaction is over two tables.
        Capabilities::all().without_conflicts().without_watermarks().without_log()
    }

    async fn ping(&self) -> Result<()> {
        const OP: &str = "ping";
        self.writer.check_open(OP)?;
        let limit = self.config.connect_timeout();
        self.ready().await?.query_within(limit, OP, "SELECT 1").await.map(drop)
    }

    fn prepare(&self, batch: &Batch) {
        if let Ok(prepared) = self.prepared(batch) {
            batch.keep_prepared(Prepared { keys: Some(self.keys(batch)), ..prepared });
        }
    }

    async fn write(&self, batch: &Batch) -> Result<Ack> {
        self.writer.check_open(OP)?;
        let Prepared { buffer, keys } = match batch.take_prepared() {
            Some(prepared) => prepared,
            None => self.prepared(batch)?,
        };
        if batch.records().is_empty() {
            let token = self.writer.ledger().nothing();
            return Ok(Ack { stage: Stage::Applied, token, inserted: 0, duplicates: 0 });
        }
        let (first, last) = with_records!(batch.records(), rows => keys::span(rows));
        let pool = self.ready().await?;
        let lane = self.writer.lane(batch.records().table());
        let mut turn = lane.turn.lock().await;
        self.writer.check_open(OP)?;
        let expired = self.expired(batch, first).await?;
        if !expired.is_empty() {
            return Err(StoreError::bad_rows(ErrorKind::Expired, STORE, OP, expired));
        }
        self.room(pool, lane).await?;
        let newest = self.newest(pool, lane, &mut turn).await?;
        let (mut keys, mut met) = (keys, 0);
        // What is later than all that was sent meets nothing.
        if first <= newest {
            let keys = keys.get_or_insert_with(|| self.keys(batch));
            met = self.count_met(pool, lane, &mut turn, keys).await?;
        }

        let generation = lane.generation();
        let connection = match turn.connection.take() {
            Some(connection) if connection.generation == generation => connection,
            _ => Connection::new(OP, &self.config, generation)?,
        };
        let was_unsure = std::mem::replace(&mut turn.unsure, true);
        turn.newest = Some(newest.max(last));
        let answer = connection.send(OP, buffer)?;
        // While the server is at it.
        let keys = keys.unwrap_or_else(|| self.keys(batch));
        let sent = answer.wait(OP).await;
        turn.unsure = was_unsure;
        if let Err(error) = sent {
            turn.unsure |= error.delivery == Delivery::Unknown;
            // One that is answered is good for the next.
            if matches!(error.act, Act::BadRows(_) | Act::Split) {
                turn.connection = Some(connection);
            }
            return Err(error);
        }
        if lane.generation() != generation {
            let context = "the table was changed while a batch was sent to it: it is sent again";
            return Err(StoreError::new(ErrorKind::Transaction, STORE, OP, context)
                .with_delivery(Delivery::Unknown)
                .with_act(Act::Retry { after: None }));
        }
        turn.connection = Some(connection);
        let inserted = keys.distinct() - met;
        let duplicates = (keys.rows() - inserted) as u64;
        let origin = batch.origin().filter(|_| is_counted(lane.table)).and_then(Numbers::of);
        let taken = Taken { table: lane.table, keys: Arc::new(keys), origin };
        let token = self.writer.ledger().take(taken);
        Ok(Ack { stage: Stage::Acked, token, inserted: inserted as u64, duplicates })
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        self.writer.check_open("settle")?;
        self.settled(tokens).await
    }

    async fn watermark(&self, _: &StreamId, _: u64, _: Table) -> Result<Option<u64>> {
        const OP: &str = "watermark";
        self.writer.check_open(OP)?;
        Err(no_watermarks(OP))
    }

    async fn durable_watermark(&self, _: &StreamId, _: u64, _: Table) -> Result<Option<u64>> {
        const OP: &str = "durable_watermark";
        self.writer.check_open(OP)?;
        Err(no_watermarks(OP))
    }

    async fn checkpoint(&self) -> Result<()> {
        self.writer.check_open("checkpoint")
    }

    async fn close(&self) -> Result<()> {
        self.writer.close().await;
        self.pool.close();
        Ok(())
    }
}

/// Whether the rows of a table are counted once they are applied.
const fn is_counted(table: Table) -> bool {
    matches!(table, Table::Trades | Table::Orders | Table::Fills)
}

fn no_watermarks(op: &'static str) -> StoreError {
    let context = "QuestDB has no transactions over two tables, so that it keeps no watermarks: go by a \
                   cursor of your own";
    StoreError::new(ErrorKind::Unsupported, STORE, op, context)
}
