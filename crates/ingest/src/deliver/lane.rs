//! A lane delivers one table to one sink: in order, without end, whatever the sink answers.

mod send;
mod settle;
mod slow;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tradekeep_models::StreamId;
use tradekeep_store_traits::{Act, ErrorKind, Position, Result as StoreResult, StoreError, Table};

use self::settle::{InFlight, MAX_IN_FLIGHT};
pub(crate) use self::slow::SlowFlushes;
use super::sink::{LaneState, Sink};
use super::spool_batch::SpoolBatch;
use crate::config::IngestConfig;
use crate::dead_letter::DeadLetters;
use crate::events::Events;
use crate::flush::FlushSignal;
use crate::log::Reader;
use crate::spool::Spool;
use crate::spool::cursors::Cursor;
use crate::throttle::Throttle;

/// Between two tries after a failure of the spool's own disk.
const DISK_RETRY: Duration = Duration::from_secs(1);

const COPIED: &str = "another copy of this spool delivers to the store too, or this one is an older copy: end this \
                      process, and `tradekeep spool new-epoch` lets it go on";

/// The store stands elsewhere than it should: the lane asks it where, and goes on from there.
#[derive(Debug)]
struct Elsewhere;

/// A lane at work. It may be dropped at any point: what it had not finished is done again.
pub(crate) struct Lane {
    pub(crate) sink: Arc<Sink>,
    pub(crate) state: Arc<LaneState>,
    pub(crate) stream: (StreamId, u64),
    pub(crate) spool: Arc<Spool>,
    pub(crate) dead: Arc<DeadLetters>,
    pub(crate) config: Arc<IngestConfig>,
    pub(crate) events: Events,
    pub(crate) flush: FlushSignal,
    pub(crate) slow: SlowFlushes,
    /// The last record that was sent, or rejected, since it began.
    pub(crate) last_sent: AtomicU64,
    /// The last record that the store is known to have.
    pub(crate) taken: AtomicU64,
    /// The last one that it has taken from this run, or may have, where no answer came. It never goes back: what
    /// the store has lost may come back with it.
    pub(crate) sent: AtomicU64,
    pub(crate) unreadable: Throttle,
    /// Whether a dead letter was told of since it began.
    pub(crate) told_dead: AtomicBool,
}

impl Lane {
    fn table(&self) -> Table {
        self.state.table
    }

    /// Delivers without end.
    pub(crate) async fn run(mut self) -> Infallible {
        loop {
            let (from, stored) = self.connect().await;
            let cursor = self.state.cursor();
            let resent =
                if from < cursor.seq { self.resend(from, cursor.seq).await } else { Ok(None) };
            if let Ok(resent) = resent {
                // Only now: records that the store had and lost must not pass for stored.
                self.state.applied(resent.unwrap_or(stored));
                let (sender, receiver) = mpsc::channel(MAX_IN_FLIGHT);
                tokio::select! {
                    Elsewhere = self.feed(&sender, stored) => {}
                    // The store has lost something: all behind the cursor is sent again.
                    () = self.settle(receiver) => {}
                }
            }
            // The batch that was being sent may have been the one that the open breaker let through.
            self.sink.breaker.release();
        }
    }

    /// Sends what is behind the cursor, until the store stands elsewhere than it should; what was sent is told
    /// to `settle` through `sender`, in order. Up to `stored` the sink has everything already.
    async fn feed(&self, sender: &mpsc::Sender<InFlight>, stored: u64) -> Elsewhere {
        let mut reader = Some(self.spool.reader(self.table(), self.state.cursor().seq));
        let mut read = self.state.done();
        let mut next = None;
        loop {
            if next.is_none() {
                let total = self.wait_for_batch(read).await;
                let last = self.spool.log.last_of(self.table().number());
                next = self.read_batch(&mut reader).await;
                if next.is_none() {
                    // The records went bad on the disk: the reader has logged where, and is past them.
                    let lost = total.saturating_sub(read);
                    read += lost;
                    let _ = sender.send(InFlight::lost(last, lost)).await;
                    continue;
                }
            }
            let Some(mut batch) = next.take() else { continue };
            if self.state.has_moved() {
                return Elsewhere;
            }
            read += batch.count();
            // While a batch is sent the next one is read, where there is a whole one.
            // The total may lack the newest of what was read: a record can be read just before it is
            // counted.
            let sent = if self.state.total().saturating_sub(read) >= self.config.batch_rows as u64 {
                let ahead = self.read_batch(&mut reader);
                let (sent, ahead) = tokio::join!(self.send_batch(&mut batch, stored), ahead);
                next = ahead;
                sent
            } else {
                self.send_batch(&mut batch, stored).await
            };
            let Ok(sent) = sent else { return Elsewhere };
            // The receiver lives as long as this future: see `run`.
            let _ = sender.send(sent).await;
        }
    }

    /// Waits for a batch behind the first `read` records: until it is full, has waited long enough, or a
    /// flush is requested. Answers how many records there are in all.
    async fn wait_for_batch(&self, read: u64) -> u64 {
        self.state.wait_for(read + 1).await;
        let full = read + self.config.batch_rows as u64;
        tokio::select! {
            () = self.state.wait_for(full) => {}
            () = sleep(self.config.batch_wait) => {}
            () = self.flush.requested() => {}
        }
        self.state.total()
    }

    /// Reads the next batch, and has the sink prepare it, on a thread for blocking work. A disk that fails
    /// is tried again.
    async fn read_batch(&self, reader: &mut Option<Reader>) -> Option<SpoolBatch> {
        let (table, most) = (self.table(), self.config.max_batch_rows);
        loop {
            let mut own = reader.take()?;
            let (sink, stream) = (Arc::clone(&self.sink), self.stream.clone());
            let read = tokio::task::spawn_blocking(move || {
                let read = SpoolBatch::read(&mut own, table, most, &stream);
                if let Ok(Some(read)) = &read {
                    sink.store.prepare(&read.batch);
                }
                (own, read)
            });
            // It does not panic, and is not cancelled while the runtime lives.
            let (own, read) = read.await.ok()?;
            *reader = Some(own);
            match read {
                Ok(read) => return read,
                Err(error) => {
                    if let Some(more) = self.unreadable.tell() {
                        tracing::error!(%error, %table, more, "the spool cannot be read: tried again");
                    }
                    sleep(DISK_RETRY).await;
                }
            }
        }
    }

    /// Asks the sink where it stands, until that is where it may go on: behind the first number; up to the
    /// second it has everything.
    async fn connect(&self) -> (u64, u64) {
        let mut told_anew = false;
        // What it may have lost stays in the spool until then.
        self.state.unknown();
        loop {
            // Also so that a sink that refuses at once is not asked in a tight loop.
            self.sink.breaker.permit().await;
            // Where it notes who asks, the other copy is not to be put behind this one.
            if !self.sink.has_watermarks(self.table()) && self.sink.is_copied() {
                self.halt(COPIED).await;
                continue;
            }
            self.state.set_moved(false);
            let (position, watermark) = match self.ask().await {
                Ok(answer) => answer,
                Err(error) => {
                    match error.act {
                        Act::Retry { .. } | Act::Probe => self.back_off(&error).await,
                        _ if error.kind == ErrorKind::Conflict => self.state.copied(),
                        _ => self.halt(&error.to_string()).await,
                    }
                    continue;
                }
            };
            let cursor = self.state.cursor();
            let before = self.state.position().unwrap_or(position);
            let is_anew = before.store == position.store && before.table != position.table;
            if is_anew && !std::mem::replace(&mut told_anew, true) {
                let reason =
                    "the table was dropped and made anew: what the spool holds of it is sent again";
                self.halt(reason).await;
                continue;
            }
            // What the spool has noted is all there is where the store keeps no watermark.
            let continues = position.continues(&before);
            let has = watermark.unwrap_or(if continues { cursor.seq } else { 0 });
            // Who made a table anew in the store that was has decided.
            if !is_anew
                && let Err(reason) = self.may_go_on(cursor, has, before.store == position.store)
            {
                self.halt(&reason).await;
                continue;
            }
            self.state.set_position(position);
            self.taken.store(has, Ordering::SeqCst);
            self.mark_healthy();
            return (has.max(cursor.floor).min(cursor.seq), has);
        }
    }

    /// Whether delivery may go on to a store that has the records up to `has`, or why an operator must look at
    /// it first.
    fn may_go_on(&self, cursor: Cursor, has: u64, is_same: bool) -> Result<(), String> {
        let table = self.table();
        let sent = self.sent.load(Ordering::SeqCst);
        if cursor.copied || (has >= self.spool.first_seq && has > sent) {
            self.state.copied();
            return Err(COPIED.to_owned());
        }
        if has < cursor.stored && !self.spool.holds_all_behind(table, has.max(cursor.floor)) {
            let what =
                if is_same { "an older copy of itself" } else { "another store than before" };
            return Err(format!(
                "the store is {what}: it has {table} up to record {has} of this spool, had them up to \
                 {}, and the spool does not hold all in between any more; put the right one back, or end \
                 this process, and `tradekeep spool new-epoch` sends this one what is held",
                cursor.stored
            ));
        }
        Ok(())
    }

    /// Which store it is, how far it has come, and its watermark where it keeps one.
    async fn ask(&self) -> StoreResult<(Position, Option<u64>)> {
        let limit = self.config.write_timeout;
        let asked = timeout(limit, self.sink.store.position(self.table(), &self.sink.run)).await;
        let position = asked.unwrap_or_else(|_| Err(no_answer("position", limit)))?;
        let watermark = if self.sink.has_watermarks(self.table()) {
            Some(self.watermark().await?.unwrap_or_default())
        } else {
            None
        };
        Ok((position, watermark))
    }

    /// Asks the sink whether it is there, whatever it thinks of a record.
    async fn ping(&self) -> StoreResult<()> {
        let limit = self.config.write_timeout;
        let asked = timeout(limit, self.sink.store.ping()).await;
        asked.unwrap_or_else(|_| Err(no_answer("ping", limit)))
    }

    /// The last record that the sink says it has.
    async fn watermark(&self) -> StoreResult<Option<u64>> {
        let (stream, epoch) = &self.stream;
        let asked = self.sink.store.watermark(stream, *epoch, self.table());
        let limit = self.config.write_timeout;
        timeout(limit, asked).await.unwrap_or_else(|_| Err(no_answer("watermark", limit)))
    }

    /// Delivers once more what the sink had: it was restored from an older copy. Answers the last record
    /// that it took.
    async fn resend(&mut self, from: u64, through: u64) -> Result<Option<u64>, Elsewhere> {
        let mut last = None;
        let mut reader = Some(self.spool.reader(self.table(), from));
        let mut warned = false;
        while let Some(mut batch) = self.read_batch(&mut reader).await {
            let behind = batch.seqs().partition_point(|seq| *seq <= through);
            // Dead letters were rejected before: they are not sent again.
            let is_dead = |seq| self.dead.has(self.sink.id.as_str(), seq);
            let rows: Vec<_> = (0..behind).filter(|row| !is_dead(batch.seqs()[*row])).collect();
            if !rows.is_empty() && !std::mem::replace(&mut warned, true) {
                self.events.resent(&self.sink.name, self.table(), from);
            }
            let sent = self.send_rows(&mut batch, rows).await?;
            // It took these before, and rejects them now.
            self.state.applied_became_dead(sent.dead);
            if !self.settle_all(&sent.tokens).await {
                reader = Some(self.spool.reader(self.table(), last.unwrap_or(from)));
                continue;
            }
            last = sent.stored.or(last);
            if batch.last >= through {
                break;
            }
        }
        Ok(last)
    }

    /// Sends a batch: each record is taken by the store, or a dead letter afterwards.
    async fn send_batch(&self, batch: &mut SpoolBatch, stored: u64) -> Result<InFlight, Elsewhere> {
        // Only what an earlier run left, or what is sent again, may be done already.
        let known = self.spool.first_seq.max(self.last_sent.load(Ordering::SeqCst) + 1);
        let (mut rows, mut dead) = (Vec::with_capacity(batch.seqs().len()), 0);
        for (row, seq) in batch.seqs().iter().enumerate() {
            if *seq < known && self.dead.has(self.sink.id.as_str(), *seq) {
                dead += 1;
            } else if *seq > stored {
                rows.push(row);
            }
        }
        self.last_sent.fetch_max(batch.last, Ordering::SeqCst);
        let started = Instant::now();
        let count = rows.len();
        let mut sent = self.send_rows(batch, rows).await?;
        self.keep_rejected(batch.undecodable.clone()).await;
        sent.dead += dead + batch.undecodable.len() as u64;
        tracing::debug!(
            sink = self.sink.name, table = %self.table(), rows = count, dead = sent.dead,
            micros = started.elapsed().as_micros(), "sent"
        );
        (sent.last, sent.count) = (batch.last, batch.count());
        Ok(sent)
    }
}

fn no_answer(op: &'static str, limit: Duration) -> StoreError {
    let context = format!("no answer for {} ms: it is asked again", limit.as_millis());
    let error = StoreError::new(ErrorKind::Timeout, "store", op, context);
    error.with_act(Act::Retry { after: None })
}
