//! Sending: a batch until all of it is stored or kept as dead letters, and what is done about each answer.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tradekeep_store_traits::{
    Ack, Batch, Delivery, Result as StoreResult, Stage, StoreError, Token,
};

use super::settle::Sent;
use super::slow::SLOW;
use super::{DISK_RETRY, Lane, no_answer};
use crate::dead_letter::{DeadLetters, Death};
use crate::deliver::breaker::Change;
use crate::deliver::sink::LaneStatus;
use crate::deliver::take::Taken;
use crate::deliver::verdict::Verdict;
use crate::deliver::work::{GivenUp, Work};
use crate::error::Result;

impl Lane {
    /// Sends until the store has taken every record, or it is a dead letter.
    pub(super) async fn send_all(&self, taken: &Taken, places: Vec<usize>) -> Sent {
        let mut work = Work::new(places);
        let (mut kept, mut sent) = (BTreeSet::new(), Sent::new());
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
            let error = match self.send(&batch, part.attempts).await {
                Ok(token) => {
                    self.is_well();
                    let last = batch.origin().and_then(|origin| origin.seqs.last().copied());
                    sent.stored = last.or(sent.stored);
                    sent.tokens.extend(token);
                    work.taken();
                    continue;
                }
                Err(error) => error,
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
        sent.dead = given_up.len() as u64;
        self.keep(taken, given_up.clone(), &mut kept).await;
        // It took these after all, when they came again.
        let suspects =
            kept.into_iter().filter(|place| given_up.iter().all(|row| row.place != *place));
        self.take_back(suspects.filter_map(|place| taken.seqs().get(place).copied()).collect())
            .await;
        sent
    }

    /// Keeps those of `rows` that are not in `kept` yet.
    async fn keep(&self, taken: &Taken, rows: Vec<GivenUp>, kept: &mut BTreeSet<usize>) {
        let new = rows.iter().filter(|row| kept.insert(row.place));
        let death = |row: &GivenUp| taken.death(row.place, row.class, &row.reason, row.attempts);
        self.bury(new.map(death).collect()).await;
    }

    /// Sends one batch; answers its token where the store has taken it and not yet applied.
    async fn send(&self, batch: &Batch, attempt: u32) -> StoreResult<Option<Token>> {
        let waiting = Instant::now();
        self.sink.breaker.permit().await;
        let waited = waiting.elapsed();
        let started = Instant::now();
        let limit = self.config.write_timeout;
        let outcome = timeout(limit, self.sink.store.write(batch))
            .await
            .unwrap_or_else(|_| Err(no_answer("write", limit).with_delivery(Delivery::Unknown)));
        let took = started.elapsed();
        if took + waited > SLOW {
            self.tell_slow(batch.records().len(), attempt, took, waited);
        }
        let Ack { stage, token, .. } = outcome?;
        Ok((stage < Stage::Applied).then_some(token))
    }

    /// A flush was slow: says so, with its cause.
    fn tell_slow(&self, rows: usize, attempt: u32, took: Duration, waited: Duration) {
        let (sink, table) = (&self.sink.name, self.table());
        let (store_ms, waited_ms) = (took.as_millis(), waited.as_millis());
        let cause = if waited > took { "the breaker was open" } else { "the store took its time" };
        match self.slow.warning(took + waited) {
            Some(others) => tracing::warn!(
                sink, %table, rows, attempt, store_ms, waited_ms, "a flush was slow: {cause}{others}"
            ),
            None => tracing::debug!(
                sink, %table, rows, attempt, store_ms, waited_ms, "a flush was slow: {cause}"
            ),
        }
    }

    /// Whether the sink is there, whatever it thinks of a record.
    async fn answers(&self) -> bool {
        let ping = timeout(self.config.write_timeout, self.sink.store.ping());
        ping.await.is_ok_and(|answer| answer.is_ok())
    }

    /// Keeps what is given up; the cursor does not move before that is durable.
    pub(super) async fn bury(&self, deaths: Vec<Death>) {
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

    /// The sink was reached, whatever it said.
    fn is_reached(&self) {
        if self.sink.breaker.succeeded() == Some(Change::Closed) {
            self.events.breaker_closed(&self.sink.name);
        }
    }

    /// The sink works.
    pub(super) fn is_well(&self) {
        self.is_reached();
        if let LaneStatus::Halted { .. } = self.state.set_status(LaneStatus::Delivering) {
            self.events.resumed(&self.sink.name, self.table());
        }
    }

    /// The sink fails for a reason that may pass: waits.
    pub(super) async fn failed(&self, error: &StoreError) {
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
    pub(super) async fn halt(&self, reason: &str) {
        // That is not what the breaker is for, and other tables may be refused for what it is.
        self.sink.breaker.answered();
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
