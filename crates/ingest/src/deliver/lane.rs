//! One table on its way to one sink: in order, without end, whatever the sink answers.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tradekeep_models::StreamId;
use tradekeep_store_traits::{
    Ack, Act, Batch, Delivery, ErrorKind, Result as StoreResult, Stage, StoreError, Table,
};

use super::breaker::Change;
use super::sink::{LaneState, LaneStatus, Sink};
use super::take::Taken;
use super::verdict::Verdict;
use super::work::{GivenUp, Work};
use crate::bell::Listener;
use crate::config::IngestConfig;
use crate::dead_letter::{DeadLetters, Death};
use crate::error::Result;
use crate::events::Events;
use crate::hurry::Hurry;
use crate::log::Reader;
use crate::metrics;
use crate::spool::Spool;

/// A batch that takes longer is worth a warning.
const SLOW: Duration = Duration::from_millis(50);
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
                next = self.take(&mut reader, self.config.max_batch_rows).await;
                if next.is_none() {
                    // It was there, and went bad since: the reader has told where.
                    self.state.lost(there.saturating_sub(self.state.done()));
                    continue;
                }
            }
            let Some(batch) = next.take() else { continue };
            // While a batch is on its way, the next one is read, where there is a whole one.
            // Fewer than are done where the bell for the newest has not rung yet.
            let left = self.total().saturating_sub(self.state.done() + batch.count());
            if left >= self.config.batch_rows as u64 {
                let most = self.config.max_batch_rows;
                let (spool_reader, deliver) = (&mut reader, self.deliver(&batch, seen));
                next =
                    tokio::join!(deliver, take(spool_reader, self.table(), most, &self.stream)).1;
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

    async fn take(&self, reader: &mut Option<Reader>, most: usize) -> Option<Taken> {
        take(reader, self.table(), most, &self.stream).await
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
        while let Some(taken) = self.take(&mut reader, self.config.max_batch_rows).await {
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

    /// Sends until every record is stored or a dead letter; answers how many are that, and the number
    /// of the last that is stored.
    async fn send_all(&self, taken: &Taken, places: Vec<usize>) -> (u64, Option<u64>) {
        let mut work = Work::new(places);
        let (mut kept, mut last) = (BTreeSet::new(), None);
        while let Some(mut part) = work.next() {
            // Once the sink has what comes behind them, its watermark says that it has them too: they
            // are kept first, whatever ends this process then.
            self.keep(taken, work.passed(), &mut kept).await;
            let batch = if part.places.len() == taken.seqs().len() {
                Cow::Borrowed(&taken.batch)
            } else {
                match taken.part(&part.places) {
                    Ok(batch) => Cow::Owned(batch),
                    // Numbers increase in any part of a batch in which they do.
                    Err(_) => continue,
                }
            };
            part.attempts += 1;
            let Err(error) = self.send(&batch, part.attempts).await else {
                self.is_well();
                last = batch.origin().and_then(|origin| origin.seqs.last().copied()).or(last);
                work.taken();
                continue;
            };
            match Verdict::of(&error, part.places.len()) {
                Verdict::Again if Verdict::may_be_poison(&error) && self.answers().await => {
                    if let Err(part) = work.strike(part, &error.context, Instant::now()) {
                        self.failed(&error).await;
                        work.again(part);
                    } else {
                        self.is_well();
                    }
                }
                Verdict::Again => {
                    self.failed(&error).await;
                    work.again(part);
                }
                Verdict::Halt => {
                    self.halt(&error.to_string()).await;
                    work.again(part);
                }
                Verdict::Bad(class, rows) => {
                    self.is_well();
                    work.bad(part, class, rows);
                }
                Verdict::Halves(class) => {
                    self.is_well();
                    work.halve(part, class, &error.context);
                }
            }
        }
        let given_up = work.into_given_up();
        let dead = given_up.len() as u64;
        self.keep(taken, given_up.clone(), &mut kept).await;
        // It took these after all, when they came again.
        let suspects =
            kept.into_iter().filter(|place| given_up.iter().all(|row| row.place != *place));
        self.take_back(suspects.filter_map(|place| taken.seqs().get(place).copied()).collect())
            .await;
        (dead, last)
    }

    /// Keeps those of `rows` that are not in `kept` yet.
    async fn keep(&self, taken: &Taken, rows: Vec<GivenUp>, kept: &mut BTreeSet<usize>) {
        let new = rows.iter().filter(|row| kept.insert(row.place));
        let death = |row: &GivenUp| taken.death(row.place, row.class, &row.reason, row.attempts);
        self.bury(new.map(death).collect()).await;
    }

    /// Sends one batch, and waits until the store has applied it.
    async fn send(&self, batch: &Batch, attempt: u32) -> StoreResult<()> {
        let waiting = Instant::now();
        self.sink.breaker.permit().await;
        let waited = waiting.elapsed();
        let started = Instant::now();
        let limit = self.config.write_timeout;
        let outcome = timeout(limit, self.write(batch))
            .await
            .unwrap_or_else(|_| Err(no_answer("write", limit).with_delivery(Delivery::Unknown)));
        let took = started.elapsed();
        if took + waited > SLOW {
            tracing::warn!(
                sink = self.sink.name, table = %self.table(), rows = batch.records().len(), attempt,
                store_ms = took.as_millis(), waited_ms = waited.as_millis(),
                "a flush was slow: {}",
                if waited > took { "the breaker was open" } else { "the store took its time" }
            );
        }
        outcome
    }

    async fn write(&self, batch: &Batch) -> StoreResult<()> {
        let Ack { mut stage, token, .. } = self.sink.store.write(batch).await?;
        let mut pause = Duration::from_millis(2);
        while stage < Stage::Applied {
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(100));
            stage = self.sink.store.settle(&[token]).await?.first().copied().unwrap_or(stage);
        }
        Ok(())
    }

    /// Whether the sink answers what does not concern any record.
    async fn answers(&self) -> bool {
        self.watermark().await.is_ok()
    }

    /// Keeps what is given up; the cursor does not move before that is durable.
    async fn bury(&self, deaths: Vec<Death>) {
        if deaths.is_empty() {
            return;
        }
        let (sink, died) = (Arc::clone(&self.sink), self.spool.now());
        self.note(move |dead| dead.add(sink.id.as_str(), &sink.name, died, &deaths)).await;
    }

    /// Takes back letters of records that the sink has taken after all.
    async fn take_back(&self, seqs: Vec<u64>) {
        if seqs.is_empty() {
            return;
        }
        let (sink, now) = (Arc::clone(&self.sink), self.spool.now());
        self.note(move |dead| dead.delivered(sink.id.as_str(), &seqs, now)).await;
    }

    /// Writes to the dead letters, for as long as that takes.
    async fn note(&self, write: impl Fn(&DeadLetters) -> Result<()> + Send + Sync + 'static) {
        let write = Arc::new(write);
        loop {
            let (dead, write) = (Arc::clone(&self.dead), Arc::clone(&write));
            match tokio::task::spawn_blocking(move || write(&dead)).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => {
                    tracing::error!(%error, "dead letters cannot be kept: delivery waits");
                }
                Err(error) => tracing::error!(%error, "dead letters cannot be kept"),
            }
            sleep(DISK_RETRY).await;
        }
    }

    /// The sink works.
    fn is_well(&self) {
        if self.sink.breaker.succeeded() == Some(Change::Closed) {
            self.events.breaker_closed(&self.sink.name);
        }
        if let LaneStatus::Halted { .. } = self.state.set_status(LaneStatus::Delivering) {
            self.events.resumed(&self.sink.name, self.table());
        }
    }

    /// The sink fails for a reason that may pass: waits.
    async fn failed(&self, error: &StoreError) {
        let reason = error.to_string();
        tracing::info!(sink = self.sink.name, table = %self.table(), %error, "to be sent again");
        self.state.set_status(LaneStatus::Retrying { reason: reason.clone() });
        let (wait, change) = self.sink.breaker.failed(error, self.config.probe_every);
        if change == Some(Change::Opened) {
            self.events.breaker_opened(&self.sink.name, &reason);
        }
        // An open breaker waits by itself, for all lanes.
        if !self.sink.breaker.is_open() {
            sleep(wait).await;
        }
    }

    /// The sink takes nothing before somebody mends it: says so, and waits.
    async fn halt(&self, reason: &str) {
        // It was reached: that is not what the breaker is for.
        if self.sink.breaker.succeeded() == Some(Change::Closed) {
            self.events.breaker_closed(&self.sink.name);
        }
        let halted = LaneStatus::Halted { reason: reason.to_owned() };
        if !matches!(self.state.set_status(halted), LaneStatus::Halted { .. }) {
            self.events.halted(&self.sink.name, self.table(), reason);
        }
        tokio::select! {
            () = sleep(self.config.halt_retry) => {}
            () = self.state.resume.notified() => {}
        }
    }
}

fn no_answer(op: &'static str, limit: Duration) -> StoreError {
    let context = format!("no answer for {} ms: it is asked again", limit.as_millis());
    let error = StoreError::new(ErrorKind::Timeout, "store", op, context);
    error.with_act(Act::Retry { after: None })
}

/// Reads the next batch on a thread for blocking work. A disk that fails is tried again.
async fn take(
    reader: &mut Option<Reader>,
    table: Table,
    most: usize,
    stream: &(StreamId, u64),
) -> Option<Taken> {
    loop {
        let mut own = reader.take()?;
        let stream = stream.clone();
        let read = tokio::task::spawn_blocking(move || {
            let taken = Taken::of(&mut own, table, most, &stream);
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
