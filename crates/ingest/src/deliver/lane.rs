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
use tradekeep_store_traits::{Act, ErrorKind, Result as StoreResult, StoreError, Table};

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

/// Between two tries after a failure of the spool's own disk.
const DISK_RETRY: Duration = Duration::from_secs(1);

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
    /// Whether a dead letter was told of since it began.
    pub(crate) told_dead: AtomicBool,
}

impl Lane {
    fn table(&self) -> Table {
        self.state.table
    }

    /// Delivers without end.
    pub(crate) async fn run(mut self) -> Infallible {
        let (from, stored) = self.connect().await;
        let cursor = self.state.cursor();
        let resent = if from < cursor.seq { self.resend(from, cursor.seq).await } else { None };
        // Only now: records that the store had and lost must not pass for stored.
        self.state.applied(resent.unwrap_or(stored));
        loop {
            let (sender, receiver) = mpsc::channel(MAX_IN_FLIGHT);
            tokio::select! {
                never = self.feed(&sender, stored) => match never {},
                // The store has lost something: all behind the cursor is sent again.
                () = self.settle(receiver) => {}
            }
            // The batch that was being sent may have been the one that the open breaker let through.
            self.sink.breaker.release();
        }
    }

    /// Sends what is behind the cursor, without end; what was sent is told to `settle` through `sender`, in
    /// order. Up to `stored` the sink has everything already.
    async fn feed(&self, sender: &mpsc::Sender<InFlight>, stored: u64) -> Infallible {
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
            let Some(batch) = next.take() else { continue };
            read += batch.count();
            // While a batch is sent the next one is read, where there is a whole one.
            // The total may lack the newest of what was read: a record can be read just before it is
            // counted.
            let sent = if self.state.total().saturating_sub(read) >= self.config.batch_rows as u64 {
                let ahead = self.read_batch(&mut reader);
                let (sent, ahead) = tokio::join!(self.send_batch(&batch, stored), ahead);
                next = ahead;
                sent
            } else {
                self.send_batch(&batch, stored).await
            };
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
                    tracing::error!(%error, %table, "the spool cannot be read: tried again");
                    sleep(DISK_RETRY).await;
                }
            }
        }
    }

    /// Asks the sink where it stands: delivery goes on behind the first number; up to the second it
    /// has everything.
    async fn connect(&self) -> (u64, u64) {
        let cursor = self.state.cursor();
        let has_watermarks = self.sink.store.capabilities(self.table()).watermarks;
        loop {
            // Also so that a sink that refuses at once is not asked in a tight loop.
            self.sink.breaker.permit().await;
            let asked = if has_watermarks {
                self.watermark().await.map(Some)
            } else {
                self.ping().await.map(|()| None)
            };
            let watermark = match asked {
                Ok(Some(watermark)) => watermark.unwrap_or_default(),
                Ok(None) => {
                    // What the spool has noted is all there is.
                    self.mark_healthy();
                    return (cursor.seq, cursor.seq);
                }
                Err(error) => {
                    self.back_off(&error).await;
                    continue;
                }
            };
            if watermark >= self.spool.first_seq {
                let reason = format!(
                    "the store has record {watermark} of this spool, which never gave out that \
                     number: this spool is an older copy; `tradekeep spool new-epoch` lets it go on"
                );
                self.halt(&reason).await;
                continue;
            }
            self.mark_healthy();
            return (watermark.max(cursor.floor).min(cursor.seq), watermark);
        }
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
    async fn resend(&mut self, from: u64, through: u64) -> Option<u64> {
        let mut last = None;
        let mut reader = Some(self.spool.reader(self.table(), from));
        let mut warned = false;
        while let Some(batch) = self.read_batch(&mut reader).await {
            let behind = batch.seqs().partition_point(|seq| *seq <= through);
            // Dead letters were rejected before: they are not sent again.
            let is_dead = |seq| self.dead.has(self.sink.id.as_str(), seq);
            let rows: Vec<_> = (0..behind).filter(|row| !is_dead(batch.seqs()[*row])).collect();
            if !rows.is_empty() && !std::mem::replace(&mut warned, true) {
                tracing::warn!(
                    sink = self.sink.name, table = %self.table(), from, through,
                    "the store has lost what it had: what the spool holds of it is sent again"
                );
            }
            let sent = self.send_rows(&batch, rows).await;
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
        last
    }

    /// Sends a batch: each record is taken by the store, or a dead letter afterwards.
    async fn send_batch(&self, batch: &SpoolBatch, stored: u64) -> InFlight {
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
        let mut sent = self.send_rows(batch, rows).await;
        self.keep_rejected(batch.undecodable.clone()).await;
        sent.dead += dead + batch.undecodable.len() as u64;
        tracing::debug!(
            sink = self.sink.name, table = %self.table(), rows = count, dead = sent.dead,
            micros = started.elapsed().as_micros(), "sent"
        );
        (sent.last, sent.count) = (batch.last, batch.count());
        sent
    }
}

fn no_answer(op: &'static str, limit: Duration) -> StoreError {
    let context = format!("no answer for {} ms: it is asked again", limit.as_millis());
    let error = StoreError::new(ErrorKind::Timeout, "store", op, context);
    error.with_act(Act::Retry { after: None })
}
