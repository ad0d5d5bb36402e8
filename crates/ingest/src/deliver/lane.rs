//! One table on its way to one sink: in order, without end, whatever the sink answers.

mod send;
mod slow;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tradekeep_models::StreamId;
use tradekeep_store_traits::{Act, ErrorKind, Result as StoreResult, StoreError, Table};

pub(crate) use self::slow::SlowFlushes;
use super::sink::{LaneState, Sink};
use super::take::Taken;
use crate::bell::Listener;
use crate::codec;
use crate::config::IngestConfig;
use crate::dead_letter::DeadLetters;
use crate::events::Events;
use crate::hurry::Hurry;
use crate::log::Reader;
use crate::metrics;
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
        let mut reader = Some(self.spool.reader(self.table(), cursor.seq));
        let mut next = None;
        loop {
            if next.is_none() {
                let there = self.wait().await;
                let last = self.spool.log.last_of(codec::kind(self.table()));
                next = self.take(&mut reader).await;
                if next.is_none() {
                    // It was there, and went bad since: the reader has told where, and is past it.
                    self.state.lost(last, there.saturating_sub(self.state.done()));
                    continue;
                }
            }
            let Some(batch) = next.take() else { continue };
            // While a batch is on its way, the next one is read, where there is a whole one.
            // Fewer than are done where the bell for the newest has not rung yet.
            let left = self.total().saturating_sub(self.state.done() + batch.count());
            if left >= self.config.batch_rows as u64 {
                let ahead = self.take(&mut reader);
                next = tokio::join!(self.deliver(&batch, seen), ahead).1;
            } else {
                self.deliver(&batch, seen).await;
            }
        }
    }

    /// All records so far, as they were counted when it began and since.
    fn total(&self) -> u64 {
        self.held + self.bell.count()
    }

    /// Waits until a batch may leave; answers how many records there are in all.
    async fn wait(&self) -> u64 {
        let heard = |records: u64| records.saturating_sub(self.held);
        let done = self.state.done();
        self.bell.wait_for(heard(done + 1)).await;
        let full = heard(done + self.config.batch_rows as u64);
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
        loop {
            // Not only for its sake: who is refused at once would go round here without a pause.
            self.sink.breaker.permit().await;
            let watermark = match self.watermark().await {
                Ok(watermark) => watermark.unwrap_or_default(),
                // It keeps none: what the spool has noted is all there is.
                Err(error) if error.kind == ErrorKind::Unsupported => {
                    self.is_well();
                    return (cursor.seq, cursor.seq);
                }
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
            let (dead, taken_last) = self.send_all(&taken, places).await;
            // It took them before, and does not any more.
            self.state.died_after_all(dead);
            last = taken_last.or(last);
            if taken.last >= through {
                break;
            }
        }
        last
    }

    /// Delivers a batch, and moves the cursor once all of it is stored or a dead letter.
    async fn deliver(&self, taken: &Taken, seen: u64) {
        let (mut places, mut dead) = (Vec::with_capacity(taken.seqs().len()), 0);
        for (place, seq) in taken.seqs().iter().enumerate() {
            // Only what an earlier run left may be done already.
            if *seq < self.spool.first_seq && self.dead.has(self.sink.id.as_str(), *seq) {
                dead += 1;
            } else if *seq > seen {
                places.push(place);
            }
        }
        let started = Instant::now();
        let rows = places.len();
        let (given_up, last) = self.send_all(taken, places).await;
        dead += given_up + taken.undecodable.len() as u64;
        self.bury(taken.undecodable.clone()).await;
        if let Some(last) = last {
            self.state.applied(last);
        }
        self.state.advance(taken.last, taken.count() - dead, dead);
        metrics::flushed(&self.sink.id, self.table(), started.elapsed());
        tracing::debug!(
            sink = self.sink.name, table = %self.table(), rows, dead,
            micros = started.elapsed().as_micros(), "flushed"
        );
    }
}

fn no_answer(op: &'static str, limit: Duration) -> StoreError {
    let context = format!("no answer for {} ms: it is asked again", limit.as_millis());
    let error = StoreError::new(ErrorKind::Timeout, "store", op, context);
    error.with_act(Act::Retry { after: None })
}
