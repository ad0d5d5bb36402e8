//! One table on its way to one sink: in order, without end, whatever the sink answers.

mod send;
mod settle;
mod slow;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tradekeep_models::StreamId;
use tradekeep_store_traits::{Act, ErrorKind, Result as StoreResult, StoreError, Table};

use self::settle::{Sent, WINDOW};
pub(crate) use self::slow::SlowFlushes;
use super::sink::{LaneState, Sink};
use super::take::Taken;
use crate::bell::Listener;
use crate::config::IngestConfig;
use crate::dead_letter::DeadLetters;
use crate::events::Events;
use crate::hurry::Hurry;
use crate::log::Reader;
use crate::spool::Spool;

/// Between two tries of what only the spool's own disk can refuse.
const DISK_RETRY: Duration = Duration::from_secs(1);

/// What a lane works with. It ends by being dropped, at any point: what it had not finished is done
/// again.
pub(crate) struct Lane {
    pub(crate) sink: Arc<Sink>,
    pub(crate) state: Arc<LaneState>,
    pub(crate) stream: (StreamId, u64),
    pub(crate) spool: Arc<Spool>,
    pub(crate) dead: Arc<DeadLetters>,
    pub(crate) config: Arc<IngestConfig>,
    pub(crate) events: Events,
    pub(crate) bell: Listener,
    pub(crate) hurry: Hurry,
    /// Records held for it when it began.
    pub(crate) held: u64,
    pub(crate) slow: SlowFlushes,
    /// The last record that was sent, or given up, since it began.
    pub(crate) tried: AtomicU64,
}

impl Lane {
    fn table(&self) -> Table {
        self.state.table
    }

    /// Delivers without end.
    pub(crate) async fn run(mut self) -> Infallible {
        let (from, seen) = self.connect().await;
        let cursor = self.state.cursor();
        let again = if from < cursor.seq { self.again(from, cursor.seq).await } else { None };
        // Not before: what the store had and lost must not be taken for what it has.
        self.state.applied(again.unwrap_or(seen));
        loop {
            let (sent, sending) = mpsc::channel(WINDOW);
            tokio::select! {
                never = self.feed(&sent, seen) => match never {},
                // What was sent since the cursor is sent again.
                () = self.settle(sending) => {}
            }
            // What was being sent may have been the one that tries.
            self.sink.breaker.answered();
        }
    }

    /// Sends what is behind the cursor, without end; what is sent goes to `sent`, in its order.
    async fn feed(&self, sent: &mpsc::Sender<Sent>, seen: u64) -> Infallible {
        let mut reader = Some(self.spool.reader(self.table(), self.state.cursor().seq));
        let mut read = self.state.done();
        let mut next = None;
        loop {
            if next.is_none() {
                let there = self.wait(read).await;
                let last = self.spool.log.last_of(self.table().number());
                next = self.take(&mut reader).await;
                if next.is_none() {
                    // It was there, and went bad since: the reader has told where, and is past it.
                    let lost = there.saturating_sub(read);
                    read += lost;
                    let _ = sent.send(Sent::lost(last, lost)).await;
                    continue;
                }
            }
            let Some(batch) = next.take() else { continue };
            read += batch.count();
            // While a batch is on its way, the next one is read, where there is a whole one.
            // Fewer than were read where the bell for the newest has not rung yet.
            let gone = if self.total().saturating_sub(read) >= self.config.batch_rows as u64 {
                let ahead = self.take(&mut reader);
                let (gone, ahead) = tokio::join!(self.send_taken(&batch, seen), ahead);
                next = ahead;
                gone
            } else {
                self.send_taken(&batch, seen).await
            };
            // Who settles outlives it.
            let _ = sent.send(gone).await;
        }
    }

    /// All records so far, as they were counted when it began and since.
    fn total(&self) -> u64 {
        self.held + self.bell.count()
    }

    /// Waits until a batch may leave behind the first `read` records; answers how many there are in all.
    async fn wait(&self, read: u64) -> u64 {
        let heard = |records: u64| records.saturating_sub(self.held);
        self.bell.wait_for(heard(read + 1)).await;
        let full = heard(read + self.config.batch_rows as u64);
        tokio::select! {
            () = self.bell.wait_for(full) => {}
            () = sleep(self.config.batch_wait) => {}
            () = self.hurry.wait() => {}
        }
        self.total()
    }

    /// Reads the next batch, and has the sink prepare it, on a thread for blocking work. A disk that fails
    /// is tried again.
    async fn take(&self, reader: &mut Option<Reader>) -> Option<Taken> {
        let (table, most) = (self.table(), self.config.max_batch_rows);
        loop {
            let mut own = reader.take()?;
            let (sink, stream) = (Arc::clone(&self.sink), self.stream.clone());
            let read = tokio::task::spawn_blocking(move || {
                let taken = Taken::of(&mut own, table, most, &stream);
                if let Ok(Some(taken)) = &taken {
                    sink.store.prepare(&taken.batch);
                }
                (own, taken)
            });
            // It neither panics nor is it called off while the runtime lives.
            let (own, taken) = read.await.ok()?;
            *reader = Some(own);
            match taken {
                Ok(taken) => return taken,
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
        if !self.sink.store.capabilities(self.table()).watermarks {
            // What the spool has noted is all there is.
            return (cursor.seq, cursor.seq);
        }
        loop {
            // Not only for its sake: who is refused at once would go round here without a pause.
            self.sink.breaker.permit().await;
            let watermark = match self.watermark().await {
                Ok(watermark) => watermark.unwrap_or_default(),
                Err(error) => {
                    self.failed(&error).await;
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
            self.is_well();
            return (watermark.max(cursor.floor).min(cursor.seq), watermark);
        }
    }

    /// The last record that the sink says it has.
    async fn watermark(&self) -> StoreResult<Option<u64>> {
        let (stream, epoch) = &self.stream;
        let asked = self.sink.store.watermark(stream, *epoch, self.table());
        let limit = self.config.write_timeout;
        timeout(limit, asked).await.unwrap_or_else(|_| Err(no_answer("watermark", limit)))
    }

    /// Delivers once more what the sink had: it was brought back older than it was. Answers the last
    /// record that it took.
    async fn again(&mut self, from: u64, through: u64) -> Option<u64> {
        let mut last = None;
        let mut reader = Some(self.spool.reader(self.table(), from));
        let mut told = false;
        while let Some(taken) = self.take(&mut reader).await {
            let behind = taken.seqs().partition_point(|seq| *seq <= through);
            if behind > 0 && !std::mem::replace(&mut told, true) {
                tracing::warn!(
                    sink = self.sink.name, table = %self.table(), from, through,
                    "the store has lost what it had: what the spool holds of it is sent again"
                );
            }
            // Dead letters were refused, and are kept already.
            let is_dead = |seq| self.dead.has(self.sink.id.as_str(), seq);
            let places = (0..behind).filter(|place| !is_dead(taken.seqs()[*place])).collect();
            let sent = self.send_all(&taken, places).await;
            // It took them before, and does not any more.
            self.state.died_after_all(sent.dead);
            if !self.settle_all(&sent.tokens).await {
                reader = Some(self.spool.reader(self.table(), last.unwrap_or(from)));
                continue;
            }
            last = sent.stored.or(last);
            if taken.last >= through {
                break;
            }
        }
        last
    }

    /// Sends a batch: all of it is taken by the store or a dead letter afterwards.
    async fn send_taken(&self, taken: &Taken, seen: u64) -> Sent {
        // Only what an earlier run left, or what is sent again, may be done already.
        let known = self.spool.first_seq.max(self.tried.load(Ordering::SeqCst) + 1);
        let (mut places, mut dead) = (Vec::with_capacity(taken.seqs().len()), 0);
        for (place, seq) in taken.seqs().iter().enumerate() {
            if *seq < known && self.dead.has(self.sink.id.as_str(), *seq) {
                dead += 1;
            } else if *seq > seen {
                places.push(place);
            }
        }
        self.tried.fetch_max(taken.last, Ordering::SeqCst);
        let started = Instant::now();
        let rows = places.len();
        let mut sent = self.send_all(taken, places).await;
        self.bury(taken.undecodable.clone()).await;
        sent.dead += dead + taken.undecodable.len() as u64;
        tracing::debug!(
            sink = self.sink.name, table = %self.table(), rows, dead = sent.dead,
            micros = started.elapsed().as_micros(), "sent"
        );
        (sent.last, sent.count) = (taken.last, taken.count());
        sent
    }
}

fn no_answer(op: &'static str, limit: Duration) -> StoreError {
    let context = format!("no answer for {} ms: it is asked again", limit.as_millis());
    let error = StoreError::new(ErrorKind::Timeout, "store", op, context);
    error.with_act(Act::Retry { after: None })
}
